"""The code in the pages for people runs as it stands, over each wire."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from xai_dual.emulator import serve

ROOT = Path(__file__).resolve().parent.parent.parent


SAID = {
    "chat": ("101 multiplied by 3 is 303. The user wants a sum.", "My name is Ann.There are 6 messages so far. 7"),
    "emulator": ("101 multiplied by 3 is 303.\n101 multiplied by 3 is 303. 3", "failed False"),
    "observability": ("", "0 of 1000 calls under way\nchat.stream False None False\nchat.stream True None True\n"),
    "reliability": ("", ""),
}
"""By page, what its code prints first, and what somewhere."""


@pytest.mark.parametrize("transport", ["grpc", "rest", "auto"])
@pytest.mark.parametrize("page", SAID)
def test_page(page: str, transport: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / f"{page}.md").read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    (tmp_path / "page.py").write_text("\n".join(blocks), "utf-8")
    with serve() as server:
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "XAI_API_KEY": server.api_key,
            "XAI_BASE_URL": server.url,
            "XAI_TRANSPORT": transport,
        }
        done = subprocess.run(
            [sys.executable, "-W", "error", "page.py"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    first, somewhere = SAID[page]
    assert done.stdout.startswith(first)
    assert somewhere in done.stdout
