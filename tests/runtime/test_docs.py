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


@pytest.mark.parametrize("transport", ["grpc", "rest", "auto"])
def test_chat_page(transport: str, tmp_path: Path) -> None:
    blocks = re.findall(
        r"^```python\n(.*?)^```", (ROOT / "docs" / "chat.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
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
    assert done.stdout.startswith("101 multiplied by 3 is 303. The user wants a sum.")
    assert "My name is Ann.There are 6 messages so far. 7" in done.stdout
