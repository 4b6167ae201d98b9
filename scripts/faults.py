"""Makes each kind of call meet each fault, and writes docs/faults.md."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.faults import table  # noqa: E402
from tests.faults.matrix import FAULTS  # noqa: E402
from xai_dual.emulator import serve  # noqa: E402


def main() -> int:
    argparse.ArgumentParser(prog="scripts/faults", description=__doc__).parse_args()
    start = time.monotonic()
    rows: dict[str, str] = {}
    cells = wires = flavours = 0
    with serve() as server, table.stage(server) as stage:
        for fault in FAULTS:
            row = table.run(stage, fault)
            rows[fault.id] = table.row_text(fault, row)
            cells += len(row)
            by_wire, by_flavour = table.differ(fault, row)
            wires += by_wire
            flavours += by_flavour
            if by_flavour:
                print(f"sync and async differ: {rows[fault.id]}", file=sys.stderr)
    (ROOT / "docs" / "faults.md").write_text(table.page(rows), "utf-8")
    seconds = time.monotonic() - start
    print(f"docs/faults.md: {len(rows)} faults, {cells} cells, {seconds:.0f} s")
    print(f"{wires} differ between the wires, {flavours} between sync and async")
    return 1 if flavours else 0


if __name__ == "__main__":
    sys.exit(main())
