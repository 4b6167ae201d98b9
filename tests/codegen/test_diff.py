"""`python -m codegen diff` on gRPC: what each kind of change is called, and whether it breaks users; and mirrors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegen.diff import diff, read_version
from codegen.diff_words import Change

from .mini import ROOT, body, mini

Said = set[tuple[str, str, str, str]]  # (level, where, change, side)


def compare(root: Path, old: dict[str, str], new: dict[str, str]) -> tuple[Change, ...]:
    """The changes from one mini project to another."""
    versions = []
    for name, texts in (("old", old), ("new", new)):
        mini(root / name, **texts)
        versions.append(read_version(ROOT, str(root / name)))
    return diff(*versions)


def said(changes: tuple[Change, ...]) -> Said:
    return {(c.level, c.where, c.change, c.side) for c in changes}


def protos(root: Path, old: str, new: str) -> Said:
    """What is said of protobuf text: `Ask` is only sent, `Tell` is only received, `Both` is both."""
    calls = "service S { rpc Do(Ask) returns (Tell); rpc Echo(Both) returns (Both); }"
    texts = []
    for text in (old, new):
        others = "".join(f"message {n} {{}}\n" for n in ("Ask", "Tell", "Both") if f"message {n} " not in text)
        texts.append({"proto": f"{others}{text}\n{'' if 'service S' in text else calls}"})
    return said(compare(root, texts[0], texts[1]))


def paths(**routes: tuple[str | None, str | None]) -> str:
    """Paths with the schemas of bodies and answers: name=(body, answer)."""
    found: dict[str, Any] = {}
    for name, (sent, read) in routes.items():
        found[f"/v1/{name}"] = {
            "post": {
                **({"requestBody": body(sent)} if sent else {}),
                "responses": {"200": body(read) if read else {}},
            }
        }
    return yaml.safe_dump(found)


ROUTES = paths(do=("Ask", "Tell"), echo=("Both", "Both"))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "int32 a = 1;", ("compatible", "", "added")),
        ("int32 a = 1;", "", ("breaking", "", "removed")),
        ("int32 a = 1;", "int32 b = 1;", ("breaking", "", "renamed to b")),
        ("int32 a = 1;", "int32 a = 2;", ("breaking", "", "number changed from 1 to 2")),
        ("int32 a = 1;", "string a = 1;", ("breaking", "", "type changed from int32 to string")),
        ("int32 a = 1;", "repeated int32 a = 1;", ("breaking", "", "type changed from int32 to repeated int32")),
        ("E a = 1;", "F a = 1;", ("breaking", "", "type changed from mini.E to mini.F")),
        (
            "map<string, E> a = 1;",
            "map<string, int32> a = 1;",
            ("breaking", "", "type changed from map of mini.E to map of int32"),
        ),
        ("int32 a = 1;", "oneof o { int32 a = 1; }", ("breaking", "", "oneof changed from none to o")),
        ("oneof o { int32 a = 1; }", "oneof p { int32 a = 1; }", ("breaking", "", "oneof changed from o to p")),
        ("int32 a = 1;", "int32 a = 1 [deprecated = true];", ("note", "", "now deprecated")),
        ("int32 a = 1 [deprecated = true];", "int32 a = 1;", ("note", "", "no longer deprecated")),
        ("int32 a = 1;", "// Prose.\nint32 a = 1;", None),
    ],
)
def test_fields(tmp_path: Path, old: str, new: str, expected: tuple[str, str, str] | None) -> None:
    enums = "enum E { E0 = 0; } enum F { F0 = 0; }"
    found = protos(tmp_path, f"message Ask {{ {old} }} {enums}", f"message Ask {{ {new} }} {enums}")
    if expected is None:
        assert not found
    else:
        assert {(level, change) for level, _, change, _ in found} == {(expected[0], expected[2])}
        assert {where for _, where, _, _ in found} == {"mini.Ask.a"}


@pytest.mark.parametrize(
    ("message", "side", "gained", "lost"),
    [
        ("Ask", "request", "compatible", "breaking"),
        ("Tell", "answer", "breaking", "compatible"),
        ("Both", "both", "breaking", "breaking"),
    ],
)
def test_presence_depends_on_who_reads(tmp_path: Path, message: str, side: str, gained: str, lost: str) -> None:
    plain, optional = (f"message {message} {{ {label} int32 a = 1; }}" for label in ("", "optional"))
    where = f"mini.{message}.a"
    assert protos(tmp_path / "1", plain, optional) == {(gained, where, "now has presence", side)}
    assert protos(tmp_path / "2", optional, plain) == {(lost, where, "no longer has presence", side)}


def test_names_that_change_places_are_no_renames(tmp_path: Path) -> None:
    found = protos(tmp_path, "message Ask { int32 a = 1; int32 b = 2; }", "message Ask { int32 b = 1; int32 a = 2; }")
    assert {(level, where, change) for level, where, change, _ in found} == {
        ("breaking", "mini.Ask.a", "number changed from 1 to 2"),
        ("breaking", "mini.Ask.b", "number changed from 2 to 1"),
    }


def test_a_renamed_field_is_compared_further(tmp_path: Path) -> None:
    found = protos(tmp_path, "message Ask { int32 a = 1; }", "message Ask { string b = 1; }")
    assert {change for _, _, change, _ in found} == {"renamed to b", "type changed from int32 to string"}


def test_enum_values(tmp_path: Path) -> None:
    old = "message Tell { E e = 1; } enum E { ZERO = 0; ONE = 1; TWO = 2; THREE = 3; }"
    new = "message Tell { E e = 1; } enum E { ZERO = 0; UNO = 1; THREE = 4; FIVE = 5; }"
    assert protos(tmp_path, old, new) == {
        ("breaking", "mini.E.ONE", "renamed to UNO", "answer"),
        ("breaking", "mini.E.TWO", "removed", "answer"),
        ("breaking", "mini.E.THREE", "number changed from 3 to 4", "answer"),
        ("compatible", "mini.E.FIVE", "added", "answer"),
    }


def test_rpcs_messages_and_enums(tmp_path: Path) -> None:
    old = (
        "message Ask { Gone g = 1; } message Gone {}"
        "service S { rpc Old(Ask) returns (Tell); rpc Do(Ask) returns (Tell); }"
    )
    new = (
        "message Ask {} message Fresh {} enum E { ZERO = 0; }"
        "service S { rpc New(Ask) returns (Tell); rpc Do(Both) returns (stream Ask); }"
    )
    assert protos(tmp_path, old, new) == {
        ("breaking", "mini.Ask.g", "removed", "request"),
        ("breaking", "mini.Gone", "removed", "request"),
        ("breaking", "mini.S/Do", "answer changed from mini.Tell to mini.Ask", "both"),
        ("breaking", "mini.S/Do", "request changed from mini.Ask to mini.Both", "both"),
        ("breaking", "mini.S/Do", "streaming changed from no stream to a stream of answers", "both"),
        ("breaking", "mini.S/Old", "removed", "both"),
        ("compatible", "mini.S/New", "added", "both"),
        ("compatible", "mini.Fresh", "added", "none"),
        ("compatible", "mini.E", "added", "none"),
    }


def test_sides_are_found_through_nested_messages_maps_and_circles(tmp_path: Path) -> None:
    old = "message Ask { map<string, Inner> m = 1; } message Inner { Inner i = 1; Leaf l = 2; } message Leaf { %s }"
    assert protos(tmp_path, old % "", old % "int32 a = 1;") == {("compatible", "mini.Leaf.a", "added", "request")}


def test_moved_definitions_are_notes(tmp_path: Path) -> None:
    moving = "message Moving { int32 a = 1; }"
    schema = "Moving: {type: string}"
    mini(tmp_path / "old", f"{moving} message Stays {{}}", "Stays: {type: string}\n" + schema)
    mini(tmp_path / "new", "message Stays {}", "Stays: {type: string}", more={"proto": moving, "openapi": schema})
    changes = diff(*(read_version(ROOT, str(tmp_path / n)) for n in ("old", "new")))
    assert [(c.level, c.where, c.change, c.file) for c in changes] == [
        ("note", "mini.Moving", "moved from mini/mini.proto", "mini/more.proto")
    ]


TYPES = ["string", "integer", "boolean", "[string, 'null']", "array, items: {type: string}", "string, enum: [x, y]"]
SHAPES = st.dictionaries(
    st.sampled_from(["Ask", "Tell", "Both", "Other"]),
    st.dictionaries(st.sampled_from("abc"), st.sampled_from(TYPES), max_size=3),
)
FIELDS = st.dictionaries(st.integers(1, 4), st.tuples(st.sampled_from("abcd"), st.sampled_from(["int32", "string"])))


@given(shapes=st.tuples(SHAPES, SHAPES), fields=st.tuples(FIELDS, FIELDS))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_difference_and_its_mirror(tmp_path: Path, shapes: Any, fields: Any) -> None:
    versions = []
    for i in (0, 1):
        lines = [
            f"{n}: {{type: object, properties: {{{', '.join(f'{p}: {{type: {t}}}' for p, t in ps.items())}}}}}"
            for n, ps in ({"Ask": {}, "Tell": {}, "Both": {}} | shapes[i]).items()
        ]
        names = {name: (number, kind) for number, (name, kind) in fields[i].items()}
        proto = " ".join(f"{kind} {name} = {number};" for name, (number, kind) in names.items())
        mini(tmp_path / str(i), f"message M {{ {proto} }}", "\n".join(lines), paths=ROUTES)
        versions.append(read_version(ROOT, str(tmp_path / str(i))))
    old, new = versions
    assert diff(old, old) == diff(new, new) == ()
    there, back = diff(old, new), diff(new, old)
    mirror = {"added": "removed", "removed": "added"}
    assert {(c.where, c.change) for c in there if c.change in mirror} == {
        (c.where, mirror[c.change]) for c in back if c.change in mirror
    }
    renamed = [c for c in there if c.change.startswith("renamed")]
    assert len(renamed) == sum(c.change.startswith("renamed") for c in back)
    assert bool(there) == bool(back)
