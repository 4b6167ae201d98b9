"""The code in docs/gateways.md runs as it stands, but for the addresses and the key."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from xai_dual.emulator import Server

from .kit import TEXT

ROOT = Path(__file__).resolve().parents[2]


def test_need_34_the_page(server: Server, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "gateways.md").read_text("utf-8")
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    for said, here in (
        ("https://api.maxtoken.io", server.maxtoken_url),
        ("https://platform.llmprovider.ai/v1", server.llmprovider_url),
        ("sk-...", server.gateway_key),
    ):
        assert said in code
        code = code.replace(said, here)
    (tmp_path / "page.py").write_text(code, "utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", "page.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"{TEXT} grok-4 rest",
        f"{TEXT} stop 34",
        "True 25",
        TEXT,
    ]
