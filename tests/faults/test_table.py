"""docs/faults.md says what happens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from xai_dual.emulator import Server

from . import table
from .cells import Stage
from .matrix import FAULTS, WRITES, Fault

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"


@pytest.fixture(scope="module")
def stage(server: Server) -> Iterator[Stage]:
    with table.stage(server) as one:
        yield one


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_need_12_each_row_is_as_documented(stage: Stage, fault: Fault) -> None:
    row = table.run(stage, fault)
    assert table.row_text(fault, row) in PAGE.read_text("utf-8").splitlines(), (
        f"docs/faults.md is stale: run scripts/faults\n{dict(row)}"
    )
    assert table.differ(fault, row)[1] == 0, "sync and async differ"
    for (kind, wire, flavour), outcome in row.items():
        # a server that answers 429 has said that it did nothing, however far it had come
        assert kind not in WRITES or outcome.begun <= 1 or fault.refuses, (kind, wire, flavour)


def test_need_12_the_page_has_these_rows_and_no_others() -> None:
    text = PAGE.read_text("utf-8")
    assert text.startswith(table.HEAD)
    rows = [line for line in text.splitlines() if line.startswith("| **")]
    assert [row[: row.index(": ")] for row in rows] == [f"| **{fault.name}**" for fault in FAULTS]
