"""The real project: byte-stable output, `--check`, `drift`, and what a new field in the definitions takes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .mini import ROOT

DIGEST = """
import hashlib, sys
from pathlib import Path
from codegen.build import build
files = build(Path(sys.argv[1]))
print(len(files), hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest())
"""


def run(root: Path, *arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python on the generator of `root`."""
    return subprocess.run(
        [sys.executable, "-X", "utf8=0", *arguments],
        cwd=cwd or root,
        env={**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the project, without what `codegen` does not read."""
    for name in ("codegen", "protos", "xai_dual", "docs", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert text.count(old) == 1, (file, old, text.count(old))
    file.write_text(text.replace(old, new), "utf-8")


def snapshot(root: Path) -> dict[str, tuple[bytes, int]]:
    """Every file, and when it was written."""
    return {
        p.relative_to(root).as_posix(): (p.read_bytes(), p.stat().st_mtime_ns) for p in root.rglob("*") if p.is_file()
    }


def test_output_is_the_same_on_any_machine(tmp_path: Path) -> None:
    first = run(ROOT, "-c", DIGEST, str(ROOT), PYTHONHASHSEED="1", LC_ALL="C", TZ="UTC")
    second = run(
        ROOT, "-c", DIGEST, str(ROOT), cwd=tmp_path, PYTHONHASHSEED="2", LC_ALL="C.UTF-8", TZ="Asia/Tokyo", COLUMNS="40"
    )
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert first.stdout == second.stdout
    assert int(first.stdout.split()[0]) > 50


def test_check_finds_every_kind_of_difference_and_writes_nothing(copy: Path) -> None:
    written = run(copy, "-m", "codegen")
    assert written.returncode == 0, written.stderr
    edited, truncated = copy / "xai_dual/types/auth.py", copy / "xai_dual/_gen/json/chat.py"
    edit(edited, "class ApiKey(", "class TheApiKey(")
    truncated.write_bytes(truncated.read_bytes()[:-1])
    (copy / "xai_dual/_gen/descriptors.binpb").write_bytes(b"")
    (copy / "xai_dual/_sync/client.py").unlink()
    (copy / "xai_dual/types/orphan.py").write_text("")
    edit(copy / "codegen/bindings/chat.toml", 'doc = "Answer a conversation."', 'doc = "Converse."')  # stale
    before = snapshot(copy)
    check = run(copy, "-m", "codegen", "--check")
    assert check.returncode == 1
    problems = [line for line in check.stdout.splitlines() if not line.startswith(" ")]
    expected = {
        "xai_dual/types/orphan.py": "is an orphan: no definition makes it",
        "docs/generated/reference/chat.md": "is not what the definitions make:",
        "xai_dual/_async/resources/chat.py": "is not what the definitions make:",
        "xai_dual/_gen/descriptors.binpb": "is not what the definitions make:",
        "xai_dual/_gen/json/chat.py": "is not what the definitions make:",
        "xai_dual/_sync/client.py": "is missing",
        "xai_dual/_sync/resources/chat.py": "is not what the definitions make:",
        "xai_dual/types/auth.py": "is not what the definitions make:",
    }
    assert problems == [f"{path} {what}" for path, what in expected.items()]
    assert "  -class TheApiKey(Model):" in check.stdout
    assert "  the ends of lines differ" in check.stdout
    assert snapshot(copy) == before
    again = run(copy, "-m", "codegen")
    assert again.returncode == 0
    changed = [f"{'removed' if 'orphan' in path else 'wrote'} {path}" for path in expected]
    assert again.stdout.splitlines() == changed
    clean = run(copy, "-m", "codegen", "--check")
    assert clean.returncode == 0, clean.stdout
    assert "generated files are as the definitions make them" in clean.stdout


def test_drift_counts_what_is_bound_and_waived() -> None:
    drift = run(ROOT, "-m", "codegen", "drift")
    assert drift.returncode == 0, drift.stderr
    lines = drift.stdout.splitlines()
    assert lines[0].split() == ["definition", "both", "grpc", "rest", "unbound", "waived"]
    chat = next(line.split() for line in lines if line.startswith("chat "))
    assert all(int(n) > 0 for n in chat[1:4])
    assert chat[4] == "0"
    assert " on one, 0 unbound; waived: " in lines[-2]
    assert lines[-1] == "the definitions are as they were pinned in protos/SOURCES.toml"


def test_drift_fails_on_what_is_not_bound(copy: Path) -> None:
    edit(
        copy / "protos/xai/api/v1/tokenize.proto",
        "string model = 2;\n\n  // Caller",
        "string model = 2;\n  int32 fresh = 77;\n\n  // Caller",
    )
    drift = run(copy, "-m", "codegen", "drift")
    assert drift.returncode == 1
    assert " on one, 1 unbound; waived: " in drift.stdout
    assert drift.stderr.lstrip().startswith("1 problems:\n\n- [model.TokenizeRequest] ")
    assert "xai_api.TokenizeTextRequest.fresh (int32)" in drift.stderr
    assert 'field.fresh = { grpc = "fresh" }' in drift.stderr
    (copy / "protos/xai/api/v1/tokenize.proto").write_text("syntax = 3;")
    broken = run(copy, "-m", "codegen", "drift")
    assert broken.returncode == 1
    assert "tokenize.proto:1" in broken.stderr
    assert "Traceback" not in broken.stderr


CALL = """
import asyncio, inspect
from xai_dual import AsyncClient, Client
from xai_dual._gen.json.chat import request_chat_create_completions, decode_chat_request
from xai_dual._gen.proto.chat import request_chat_create
from xai_dual._proto import message
from xai_dual._async.resources.chat import AsyncChat
from xai_dual._sync.resources.chat import Chat
from xai_dual.types.chat import ChatRequest

for cls in (Chat, AsyncChat):
    parameter = inspect.signature(cls.create).parameters["fluency"]
    assert (parameter.annotation, parameter.default) == ("int | None", None), parameter
    assert "fluency" in inspect.signature(cls.stream).parameters
    assert "fluency: How fluent." in cls.create.__doc__

class Caller:
    def unary(self, operation, request, options):
        return request

request = Chat(Caller()).create(model="m", messages="hi", fluency=5)
sent = message("xai_api.GetCompletionsRequest").FromString(request_chat_create(request))
assert sent.fluency == 5 and sent.HasField("fluency")
assert request_chat_create_completions(request).body["fluency"] == 5
absent = Chat(Caller()).create(model="m", messages="hi")
assert "fluency" not in request_chat_create_completions(absent).body
assert not message("xai_api.GetCompletionsRequest").FromString(request_chat_create(absent)).HasField("fluency")
assert decode_chat_request({"fluency": 5}).fluency == 5
print("both wires")
"""
PROTO = (
    "message GetCompletionsRequest {\n",
    "message GetCompletionsRequest {\n  // How fluent.\n  optional int32 fluency = 77;\n\n",
)
REST = """\
        fluency:
          description: How fluent.
          type: [integer, 'null']
          format: int32
"""


def add_to_proto(root: Path) -> None:
    edit(root / "protos/xai/api/v1/chat.proto", *PROTO)


def add_to_rest(root: Path) -> None:
    file = root / "protos/openapi/chat.yaml"
    text = file.read_text("utf-8")
    at = text.index("      properties:\n", text.index("    ChatRequest:\n")) + len("      properties:\n")
    file.write_text(text[:at] + REST + text[at:], "utf-8")


def test_a_new_field_on_both_wires_takes_no_other_edit(copy: Path) -> None:
    """The showcase: the definitions change, `python -m codegen` runs, and the argument is there."""
    add_to_proto(copy)
    add_to_rest(copy)
    written = run(copy, "-m", "codegen")
    assert written.returncode == 0, written.stderr
    called = run(copy, "-W", "error", "-c", CALL)
    assert called.stdout == "both wires\n", called.stderr
