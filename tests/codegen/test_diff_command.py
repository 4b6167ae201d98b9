"""`python -m codegen diff OLD NEW` as a command: folders, git revisions, its output, its exit status, its refusals."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import attrs
import pytest

from codegen import __main__ as command
from codegen.diff import diff, read_version
from codegen.diff_words import Change, text

from .mini import ECHO_PATH, ECHO_RPC, ROOT, Mini, mini
from .test_project import run

SCHEMA = "Thing: {type: object, properties: {%s}}"


def write(root: Path, proto: str = "", openapi: str = "") -> Mini:
    return mini(root, f"message Thing {{ {proto} }}\n{ECHO_RPC}", SCHEMA % openapi, paths=ECHO_PATH)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[str, str]:
    """Two versions: a field goes on gRPC, a property and a note come on REST."""
    write(tmp_path / "old", "int32 a = 1; int32 b = 2;", "x: {type: string}")
    write(tmp_path / "new", "int32 a = 1;", "x: {type: string, deprecated: true}, y: {type: string}")
    return str(tmp_path / "old"), str(tmp_path / "new")


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True, env=clean)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in git: tag `v1`, then a field more (branch `next`), then one that is not committed."""
    for name in [n for n in os.environ if n.startswith("GIT_")]:
        monkeypatch.delenv(name)
    root = tmp_path / "repository" / "project"
    write(root)
    git(root.parent.parent, "init", "--quiet", str(root.parent))
    for proto, tag in (("int32 a = 1;", "v1"), ("int32 a = 1; int32 b = 2;", "next")):
        write(root, proto)
        git(root, "add", "-A")
        git(root, "commit", "--quiet", "-m", tag)
        git(root, "tag", tag)
    write(root, "int32 a = 1; int32 b = 2; int32 c = 3;")
    monkeypatch.setattr(command, "ROOT", root)
    return root


def test_output_for_people(folders: tuple[str, str], capfd: pytest.CaptureFixture[str]) -> None:
    assert command.main(["diff", *folders]) == 1
    assert capfd.readouterr() == (
        """\
mini/mini.proto
  breaking    both     field mini.Thing.b: removed; programs that use it fail

openapi/mini.yaml
  compatible  both     property Thing.y: added; nobody has to use it
  note        both     property Thing.x: now deprecated; nothing on the wire changes

3 changes: 1 breaking, 1 compatible, 1 notes
""",
        "",
    )


def test_output_for_programs(folders: tuple[str, str], capfd: pytest.CaptureFixture[str]) -> None:
    assert command.main(["diff", "--json", *folders]) == 1
    changes = json.loads(capfd.readouterr().out)
    assert [tuple(c) for c in changes] == [("kind", "where", "change", "level", "reason", "file", "side")] * 3
    assert changes[0] == {
        "kind": "field",
        "where": "mini.Thing.b",
        "change": "removed",
        "level": "breaking",
        "reason": "programs that use it fail",
        "file": "mini/mini.proto",
        "side": "both",
    }
    assert command.main(["diff", "--json", folders[0], folders[0]]) == 0
    assert json.loads(capfd.readouterr().out) == []


def test_what_breaks_nothing_is_status_0(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "old")
    write(tmp_path / "new", "int32 a = 1;")
    assert command.main(["diff", str(tmp_path / "old"), str(tmp_path / "new" / "protos")]) == 0
    assert capfd.readouterr().out.endswith("\n1 changes: 0 breaking, 1 compatible, 0 notes\n")


@pytest.mark.parametrize(
    ("old", "new", "status", "found"),
    [
        ("v1", "next", 0, "mini.Thing.b: added"),
        ("next", "HEAD~1", 1, "mini.Thing.b: removed"),
        ("HEAD", "v1^{}", 1, "mini.Thing.b: removed"),
        ("next", "HEAD", 0, "no changes"),
        ("HEAD", "{root}", 0, "mini.Thing.c: added"),
        ("{root}/protos", "HEAD", 1, "mini.Thing.c: removed"),
    ],
)
def test_revisions(
    project: Path, capfd: pytest.CaptureFixture[str], old: str, new: str, status: int, found: str
) -> None:
    assert command.main(["diff", old.format(root=project), new.replace("{root}", str(project))]) == status
    out, err = capfd.readouterr()
    assert found in out
    assert err == ""


def test_a_revision_without_definitions(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    git(project, "rm", "-r", "--quiet", "-f", "protos")
    git(project, "commit", "--quiet", "-m", "gone")
    assert command.main(["diff", "v1", "HEAD"]) == 2
    assert capfd.readouterr() == ("", "codegen diff: revision 'HEAD' has no folder protos\n")


@pytest.mark.parametrize("name", ["nowhere", "", "v1:protos", "v1 next", "x\0y", "x" * 5000, "--output=/tmp/x"])
def test_unknown_names(project: Path, capfd: pytest.CaptureFixture[str], name: str) -> None:
    assert command.main(["diff", "--", name, "v1"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert f"is neither a folder nor a git revision of {project}" in err


def test_no_git(project: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert command.main(["diff", "v1", "next"]) == 2
    assert "(git cannot be run: No such file or directory)" in capfd.readouterr().err


BROKEN = [
    ("mini/mini.proto", b"syntax = 3;", "mini/mini.proto:1:10: Expected syntax identifier"),
    ("mini/mini.proto", b'syntax = "proto3"; package mini; message A { B b = 1; }', 'mini.proto:1:46: "B" is not'),
    ("openapi/mini.yaml", b"a:\n  b: [", "openapi/mini.yaml:2 is not YAML: expected the node content"),
    ("openapi/mini.yaml", b"a: \xff", "openapi/mini.yaml is not YAML: 'utf-8' codec can't decode"),
    ("openapi/mini.yaml", b"a: 2024-13-45", "openapi/mini.yaml is not YAML: month must be in 1..12"),
    ("openapi/mini.yaml", b"- a", "openapi/mini.yaml is not a mapping"),
    ("openapi/mini.yaml", b"", "openapi/mini.yaml is not a mapping"),
    ("openapi/mini.yaml", b"components: {schemas: {A: 5}}", "is not shaped as OpenAPI (AttributeError"),
    ("openapi/mini.yaml", b"paths: {/a: {get: {parameters: [{in: b}]}}}", "is not shaped as OpenAPI (KeyError"),
    ("openapi/mini.yaml", b"a: &a [*a]\npaths: {/a: {get: *a}}", "is not shaped as OpenAPI"),
    ("openapi/mini.yaml", b"components: {schemas: {A: {enum: [yes]}}}", "write it in quotes"),
]  # fmt: skip


@pytest.mark.parametrize("as_json", [[], ["--json"]])
@pytest.mark.parametrize(("file", "content", "found"), BROKEN)
def test_broken_definitions(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], file: str, content: bytes, found: str, as_json: list[str]
) -> None:
    write(tmp_path / "old")
    write(tmp_path / "new")
    (tmp_path / "new" / "protos" / file).write_bytes(content)
    assert command.main(["diff", *as_json, str(tmp_path / "old"), str(tmp_path / "new")]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(f"codegen diff: {tmp_path / 'new'}: ")
    assert found in err
    assert err.count("\n") == 1


def test_a_definition_that_cannot_be_compared(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "old", openapi="x: {type: string, format: date}")
    write(tmp_path / "new", openapi="x: {type: string, format: {a: b}}")
    assert command.main(["diff", str(tmp_path / "old"), str(tmp_path / "new")]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err == "codegen diff: some definition is not shaped as OpenAPI (TypeError: unhashable type: 'dict')\n"


def test_a_broken_revision_is_called_by_its_name(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "protos/openapi/mini.yaml").unlink()
    git(project, "commit", "--quiet", "-a", "-m", "less")
    assert command.main(["diff", "v1", "HEAD"]) == 2
    assert capfd.readouterr().err == "codegen diff: HEAD:protos: no .yaml file in openapi\n"


def test_one_line_a_change_on_any_terminal(tmp_path: Path) -> None:
    change = Change("value", "A=\n\u00e9", "added", "compatible", "why", "openapi/a.yaml", "both")
    assert text((change,)).splitlines()[1] == r"  compatible  both     value A=\n\xe9: added; why"


@pytest.mark.parametrize("arguments", [["diff"], ["diff", "a"], ["diff", "a", "b", "c"], ["compare"]])
def test_wrong_use(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        command.main(arguments)
    assert caught.value.code == 2
    assert capfd.readouterr().err.startswith("usage: ")


def test_the_real_project_against_itself(tmp_path: Path) -> None:
    same = run(ROOT, "-W", "error", "-m", "codegen", "diff", str(ROOT), str(ROOT / "protos"), cwd=tmp_path)
    assert (same.returncode, same.stdout, same.stderr) == (0, "no changes\n", "")


def test_any_part_of_the_real_project_shows_when_it_goes() -> None:
    """Some rpcs, messages, enums and routes, each by itself."""
    whole = read_version(ROOT, str(ROOT))
    protos, openapi = whole.protos, whole.openapi
    for holder, name in [(protos, "rpcs"), (protos, "messages"), (protos, "enums"), (openapi, "routes")]:
        everything = getattr(holder, name)
        for key in sorted(everything)[::16]:
            less = attrs.evolve(holder, **{name: {k: v for k, v in everything.items() if k != key}})
            side = "protos" if holder is protos else "openapi"
            changes = diff(whole, attrs.evolve(whole, **{side: less}))
            assert [(c.where, c.change, c.level) for c in changes if c.where == key] == [(key, "removed", "breaking")]
