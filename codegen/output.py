"""The last step: layout by ruff, then write, or compare whole texts and look for orphans."""

from __future__ import annotations

import difflib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .errors import DefinitionError

Files = Mapping[str, bytes]  # path from the project's root -> content

OWNED = (
    "xai_dual/types",
    "xai_dual/_gen",
    "xai_dual/_sync",
    "xai_dual/_async/resources",
    "docs/generated",
    "tests/*/_sync",
)
"""Folders (patterns) in which every file is generated, but for `HAND_WRITTEN`."""

SINGLES = ("README.md", "xai_dual/emulator/openapi.json")
"""Generated files in folders that hold others too."""

HAND_WRITTEN = ("xai_dual/_sync/_io.py",)


def layout(texts: Mapping[str, str], root: Path) -> dict[str, str]:
    """Format Python texts as the project's ruff settings say; the failing texts stay for inspection."""
    python = {path: text for path, text in texts.items() if path.endswith(".py")}
    scratch = Path(tempfile.mkdtemp(prefix="xai-dual-codegen-"))
    for path, text in python.items():
        target = scratch / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    (scratch / "pyproject.toml").write_bytes((root / "pyproject.toml").read_bytes())
    for command in (["check", "--fix-only", "--select", "I,F401", "--quiet"], ["format", "--quiet"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", "."], cwd=scratch, capture_output=True, text=True
        )
        if done.returncode:
            raise DefinitionError(
                f"ruff cannot lay out the generated code, which stands in {scratch}:\n{done.stdout}{done.stderr}"
            )
    result = {path: (scratch / path).read_text("utf-8") for path in python}
    shutil.rmtree(scratch)
    return {**texts, **result}


def existing(root: Path) -> set[str]:
    """Every generated file that stands in the project now."""
    found = {p for p in SINGLES if (root / p).is_file()}
    for folder in [folder for pattern in OWNED for folder in root.glob(pattern)]:
        for path in folder.rglob("*"):
            name = path.relative_to(root).as_posix()
            if path.is_file() and "__pycache__" not in name and name not in HAND_WRITTEN:
                found.add(name)
    return found


def write(files: Files, root: Path) -> list[str]:
    """Write what differs, remove orphans; returns what changed."""
    changed = []
    for path in sorted(existing(root) - files.keys()):
        (root / path).unlink()
        changed.append(f"removed {path}")
    for path, content in sorted(files.items()):
        target = root / path
        if not target.is_file() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            changed.append(f"wrote {path}")
    return changed


def compare(files: Files, root: Path) -> list[str]:
    """What `write` would change, as text with differences; writes nothing."""
    problems = [f"{path} is an orphan: no definition makes it" for path in sorted(existing(root) - files.keys())]
    for path, content in sorted(files.items()):
        target = root / path
        if not target.is_file():
            problems.append(f"{path} is missing")
        elif target.read_bytes() != content:
            problems.append(f"{path} is not what the definitions make:\n{_difference(target.read_bytes(), content)}")
    return problems


def _difference(have: bytes, want: bytes, most: int = 20) -> str:
    try:
        stands, wanted = (text.decode("utf-8").splitlines() for text in (have, want))
    except UnicodeDecodeError:
        return f"  {len(have)} bytes stand there, {len(want)} are wanted"
    shown = list(difflib.unified_diff(stands, wanted, "stands", "wanted", lineterm="", n=1))
    if not shown:
        return "  the ends of lines differ"
    rest = [f"  ... and {len(shown) - most} lines more"] if len(shown) > most else []
    return "\n".join(["  " + line for line in shown[:most]] + rest)
