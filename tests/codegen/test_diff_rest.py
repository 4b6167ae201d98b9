"""`python -m codegen diff` on REST: routes, parameters and schemas, and what breaks whom."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from codegen.diff import diff, read_version

from .mini import ROOT, mini
from .test_diff import ROUTES, Said, compare, paths, said


def schemas(root: Path, old: str, new: str, name: str = "Ask") -> Said:
    """What is said of one schema; the others of `Ask` (sent), `Tell` (received) and `Both` stay."""
    texts = []
    for text in (old, new):
        rest = {n: {"type": "object", "properties": {}} for n in ("Ask", "Tell", "Both")}
        texts.append({"openapi": yaml.safe_dump({**rest, name: yaml.safe_load(text)}), "paths": ROUTES})
    return said(compare(root, texts[0], texts[1]))


def props(root: Path, old: str, new: str, name: str = "Ask", required: tuple[str, str] = ("", "")) -> Said:
    """The same of an object with these properties."""
    texts = [
        f"{{type: object, required: [{r}], properties: {{{p}}}}}" for p, r in zip((old, new), required, strict=True)
    ]
    return schemas(root, *texts, name)


def routes(root: Path, old: str, new: str) -> Said:
    shared = "{Ask: {type: object, properties: {a: {type: string}}}, Tell: {type: object, properties: {}}}"
    return said(compare(root, {"openapi": shared, "paths": old}, {"openapi": shared, "paths": new}))


NEEDS_STRING = "{type: object, required: [a], properties: {a: {type: string}}}"


def test_properties_of_requests(tmp_path: Path) -> None:
    found = props(
        tmp_path,
        "gone: {type: string}, stays: {type: string}, must: {type: string}, may: {type: string}",
        "stays: {type: string, description: Prose.}, must: {type: string}, may: {type: string}, new: {type: string}, "
        "needed: {type: string}",
        required=("may", "must, needed"),
    )
    assert found == {
        ("breaking", "Ask.gone", "removed", "request"),
        ("breaking", "Ask.must", "now required", "request"),
        ("breaking", "Ask.needed", "added, required", "request"),
        ("compatible", "Ask.may", "no longer required", "request"),
        ("compatible", "Ask.new", "added", "request"),
    }


def test_properties_of_answers(tmp_path: Path) -> None:
    found = props(
        tmp_path,
        "gone: {type: string}, must: {type: string}, may: {type: string}",
        "must: {type: string}, may: {type: string}, new: {type: string}, sure: {type: string}",
        "Tell",
        required=("may", "must, sure"),
    )
    assert found == {
        ("breaking", "Tell.gone", "removed", "answer"),
        ("breaking", "Tell.may", "no longer required", "answer"),
        ("compatible", "Tell.must", "now required", "answer"),
        ("compatible", "Tell.sure", "added, required", "answer"),
        ("compatible", "Tell.new", "added", "answer"),
    }


SIDES = [
    ("Ask", "request", "breaking", "compatible"),
    ("Tell", "answer", "compatible", "breaking"),
    ("Both", "both", "breaking", "breaking"),
]
"""Name, side, level of what is narrowed, level of what is widened."""

NARROWER = [
    ("{type: integer}", "{type: integer, format: int32}", "format", "none", "int32"),
    ("{type: integer, format: int64}", "{type: integer, format: int32}", "format", "int64", "int32"),
    ("{type: number}", "{type: integer}", "type", "number", "integer"),
    ("{}", "{type: string}", "type", "any", "string"),
    ("{oneOf: [{type: string}, {type: boolean}]}", "{type: string}", "type", "string or boolean", "string"),
    ("{type: integer, maximum: 9}", "{type: integer, maximum: 8}", "maximum", "9", "8"),
    ("{type: integer, minimum: 1}", "{type: integer, minimum: 2}", "minimum", "1", "2"),
    ("{type: string}", "{type: string, maxLength: 3}", "maxLength", "none", "3"),
    ("{type: string}", "{type: string, pattern: a+}", "pattern", "none", "a+"),
]


@pytest.mark.parametrize(("wide", "narrow", "what", "much", "little"), NARROWER)
def test_narrowing_breaks_who_sends_and_widening_who_reads(
    tmp_path: Path, wide: str, narrow: str, what: str, much: str, little: str
) -> None:
    for name, side, narrowed, widened in SIDES:
        less = props(tmp_path / name / "1", f"a: {wide}", f"a: {narrow}", name)
        more = props(tmp_path / name / "2", f"a: {narrow}", f"a: {wide}", name)
        assert less == {(narrowed, f"{name}.a", f"{what} changed from {much} to {little}", side)}
        assert more == {(widened, f"{name}.a", f"{what} changed from {little} to {much}", side)}


def test_null_breaks_by_direction(tmp_path: Path) -> None:
    for name, side, narrowed, widened in SIDES:
        null, never = "a: {type: [string, 'null']}", "a: {type: string}"
        less, more = props(tmp_path / name / "1", null, never, name), props(tmp_path / name / "2", never, null, name)
        assert less == {(narrowed, f"{name}.a", "can no longer be null", side)}
        assert more == {(widened, f"{name}.a", "may now be null", side)}


@pytest.mark.parametrize(
    ("old", "new", "level", "change"),
    [
        ("{type: string}", "{type: integer}", "breaking", "type changed from string to integer"),
        ("{type: string}", "{type: array, items: {}}", "breaking", "type changed from string to array of any"),
        ("{type: string, format: uri}", "{type: string, format: date}", "breaking", "format changed from uri to date"),
        ("{type: string, pattern: a}", "{type: string, pattern: b}", "breaking", "pattern changed from a to b"),
        ("{type: string}", "{type: string, default: x}", "note", 'default changed from none to "x"'),
        ("{type: integer, default: 1}", "{type: integer, default: true}", "note", "default changed from 1 to true"),
        ("{type: string}", "{type: string, deprecated: true}", "note", "now deprecated"),
        ("{type: string, enum: [x, y]}", "{type: string}", "compatible", "takes more than x, y"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["Ask", "Tell", "Both"])
def test_what_is_the_same_for_all(tmp_path: Path, name: str, old: str, new: str, level: str, change: str) -> None:
    found = props(tmp_path, f"a: {old}", f"a: {new}", name)
    assert {(lev, where, what) for lev, where, what, _ in found} == {(level, f"{name}.a", change)}


def test_values_of_a_schema(tmp_path: Path) -> None:
    for name in ("Ask", "Tell"):
        old, new = "a: {type: string, enum: [x, y]}", "a: {type: string, enum: [y, z]}"
        assert {(level, where, change) for level, where, change, _ in props(tmp_path / name, old, new, name)} == {
            ("breaking", f"{name}.a=x", "removed"),
            ("compatible", f"{name}.a=z", "added"),
        }
    closed = "a: {type: string, enum: [x]}"
    assert props(tmp_path / "a", "a: {type: string}", closed) == {("breaking", "Ask.a", "only takes x", "request")}
    assert {c[0] for c in props(tmp_path / "b", "a: {type: string}", closed, "Tell")} == {"compatible"}


def test_items_and_maps_are_walked(tmp_path: Path) -> None:
    text = "a: {type: array, items: {type: object, additionalProperties: {type: object, properties: {b: {type: %s}}}}}"
    assert props(tmp_path, text % "string", text % "boolean") == {
        ("breaking", "Ask.a[]{}.b", "type changed from string to boolean", "request")
    }


TAGGED = "{type: object, required: [type], properties: {type: {const: %s}, %s}}"


def test_variants_told_apart_by_a_tag(tmp_path: Path) -> None:
    old = f"oneOf: [{TAGGED % ('a', 'x: {type: string}')}, {TAGGED % ('b', 'y: {type: string}')}]"
    new = f"oneOf: [{TAGGED % ('c', 'z: {type: string}')}, {TAGGED % ('b', 'y: {type: integer}')}]"
    for name, side in (("Ask", "request"), ("Tell", "answer")):
        assert schemas(tmp_path / name, old, new, name) == {
            ("breaking", f"{name}#a", "removed", side),
            ("compatible", f"{name}#c", "added", side),
            ("breaking", f"{name}#b.y", "type changed from string to integer", side),
        }


def test_variants_without_a_tag_are_paired_by_what_they_share(tmp_path: Path) -> None:
    old = "oneOf: [{type: string}, {type: object, properties: {u: {type: string}, v: {type: string}}}]"
    new = "oneOf: [{type: object, required: [w], properties: {u: {type: string}, w: {type: string}}}, {type: integer}]"
    assert schemas(tmp_path, old, new) == {
        ("breaking", "Ask#string", "removed", "request"),
        ("compatible", "Ask#integer", "added", "request"),
        ("breaking", "Ask#u+v.v", "removed", "request"),
        ("breaking", "Ask#u+v.w", "added, required", "request"),
    }


def test_discriminators_and_marks_of_unions(tmp_path: Path) -> None:
    both = "{type: object, properties: {type: {const: %s}, kind: {const: %s}}}"
    members = f"oneOf: [{both % ('a', 'k')}, {both % ('b', 'l')}]"
    declared = members + "\ndiscriminator: {propertyName: %s}"
    found = schemas(tmp_path / "1", members, declared % "type")
    assert found == {("note", "Ask", "discriminator changed from none to type", "request")}
    one = f"oneOf: [{TAGGED % ('a', 'x: {type: string}')}, {TAGGED % ('b', 'x: {type: string}')}]"
    other = one.replace("type: {const", "kind: {const").replace("[type]", "[kind]")
    found = schemas(
        tmp_path / "2",
        f"{one}\ndiscriminator: {{propertyName: type}}",
        f"{other}\ndiscriminator: {{propertyName: kind}}",
    )
    assert ("breaking", "Ask", "discriminator changed from type to kind", "request") in found
    found = schemas(tmp_path / "3", members, f"{members}\nx-xai-untagged: true")
    assert ("breaking", "Ask", "now untagged", "request") in found


def test_names_of_schemas_are_no_facts_of_json(tmp_path: Path) -> None:
    """What stands behind another name is compared where it is used; circles end."""
    node = "%s: {type: object, properties: {next: {$ref: '#/x/%s'}, a: {type: %s}}}"
    use = "Ask: {type: object, properties: {n: {$ref: '#/x/%s'}}}\nTell: {type: object, properties: {}}\n"
    way = paths(do=("Ask", "Tell"))
    old = {"openapi": use % "Old" + node % ("Old", "Old", "string"), "paths": way}
    same = {"openapi": use % "New" + node % ("New", "New", "string"), "paths": way}
    other = {"openapi": use % "New" + node % ("New", "New", "integer"), "paths": way}
    assert {c.level for c in compare(tmp_path / "1", old, same)} == {"note"}
    breaking = {(c.where, c.change) for c in compare(tmp_path / "2", old, other) if c.level == "breaking"}
    assert breaking == {("Ask.n.a", "type changed from string to integer")}


def test_what_no_call_names_is_held_to_both_sides(tmp_path: Path) -> None:
    old = {"openapi": "Lone: {type: object, properties: {a: {type: string}}}\nGone: {type: string}", "paths": ""}
    new = {"openapi": "Lone: {type: object, properties: {a: {type: [string, 'null']}}}", "paths": ""}
    assert said(compare(tmp_path, old, new)) == {
        ("breaking", "Lone.a", "may now be null", "none"),
        ("breaking", "Gone", "removed", "none"),
    }


def test_routes(tmp_path: Path) -> None:
    old, new = paths(old=("Ask", "Tell"), same=("Ask", None)), paths(new=("Ask", "Tell"), same=("Ask", None))
    assert routes(tmp_path, old, new) == {
        ("breaking", "POST /v1/old", "removed", "both"),
        ("compatible", "POST /v1/new", "added", "both"),
    }


def test_parameters(tmp_path: Path) -> None:
    def path(name: str, *parameters: str) -> str:
        lines = ", ".join(f"{{name: {p}}}" for p in parameters)
        return f"/v1/a/{{{name}}}: {{get: {{parameters: [{lines}], responses: {{}}}}}}"

    old = path(
        "id",
        "id, in: path, required: true, schema: {type: string}",
        "gone, in: query",
        "moves, in: query",
        "must, in: query, schema: {type: string}",
        "may, in: query, required: true",
        "type, in: query, schema: {type: string}",
    )
    new = path(
        "file_id",
        "file_id, in: path, required: true, schema: {type: string}",
        "moves, in: header",
        "must, in: query, required: true, schema: {type: string}",
        "may, in: query",
        "type, in: query, schema: {type: integer}",
        "fresh, in: query",
        "needed, in: query, required: true",
    )
    assert routes(tmp_path, old, new) == {
        ("note", "GET /v1/a/{id}", "path written as /v1/a/{file_id}", "both"),
        ("breaking", "GET /v1/a/{id}?gone", "removed", "request"),
        ("breaking", "GET /v1/a/{id}?moves", "moved from the query to the header", "request"),
        ("breaking", "GET /v1/a/{id}?must", "now required", "request"),
        ("compatible", "GET /v1/a/{id}?may", "no longer required", "request"),
        ("breaking", "GET /v1/a/{id}?type", "type changed from string to integer", "request"),
        ("compatible", "GET /v1/a/{id}?fresh", "added", "request"),
        ("breaking", "GET /v1/a/{id}?needed", "added", "request"),
    }


def test_bodies_answers_streams_and_content_types(tmp_path: Path) -> None:
    def route(sent: str = "", read: str = "") -> str:
        return (
            f"/v1/a: {{post: {{requestBody: {{content: {{{sent}}}}}, responses: {{'200': {{content: {{{read}}}}}}}}}}}"
        )

    ask, tell = ("{schema: {$ref: '#/x/" + n + "'}}" for n in ("Ask", "Tell"))
    whole = (f"application/json: {ask}", f"application/json: {tell}, text/event-stream: {tell}")
    where = "POST /v1/a"
    assert routes(tmp_path / "1", route(*whole), route()) == {
        ("breaking", f"{where} body", "removed", "request"),
        ("breaking", f"{where} answer", "removed", "answer"),
        ("breaking", f"{where} stream", "removed", "answer"),
    }
    assert routes(tmp_path / "2", route(), route(*whole)) == {
        ("compatible", f"{where} body", "added", "request"),
        ("compatible", f"{where} answer", "added", "answer"),
        ("compatible", f"{where} stream", "added", "answer"),
    }
    needs = f"application/json: {{schema: {NEEDS_STRING}}}"
    assert routes(tmp_path / "3", route(), route(needs)) == {("breaking", f"{where} body", "added", "request")}
    form = (whole[0].replace("application/json", "multipart/form-data"), whole[1].replace("application/json", "text/x"))
    assert routes(tmp_path / "4", route(*whole), route(*form)) == {
        ("breaking", f"{where} body", "content type changed from application/json to multipart/form-data", "request"),
        ("breaking", f"{where} answer", "content type changed from application/json to text/x", "answer"),
    }
    events = f"text/event-stream: {{schema: {NEEDS_STRING}}}"
    other = events.replace("string", "integer")
    assert routes(tmp_path / "5", route(read=events), route(read=other)) == {
        ("breaking", f"{where} stream.a", "type changed from string to integer", "answer")
    }


def test_new_events_of_a_stream_are_compatible(tmp_path: Path) -> None:
    way = "/v1/a: {post: {responses: {'200': {content: {text/event-stream: {schema: {$ref: '#/x/Event'}}}}}}}"
    one, two = (TAGGED % (n, "x: {type: string}") for n in ("a", "b"))
    old, new = (
        f"Event: {{oneOf: [{m}], discriminator: {{propertyName: type}}}}"
        for m in (f"{one}, {two}", f"{one}, {two}, {TAGGED % ('c', '')}")
    )
    found = compare(tmp_path, {"openapi": old, "paths": way}, {"openapi": new, "paths": way})
    assert said(found) == {("compatible", "Event#c", "added", "answer")}


def test_hosts(tmp_path: Path) -> None:
    for name, url in (("old", "https://api.x.ai"), ("new", "https://management-api.x.ai")):
        mini(tmp_path / name, "message A {}", paths=paths(a=(None, None)))
        file = tmp_path / name / "protos/openapi/mini.yaml"
        file.write_text(file.read_text() + f"servers: [{{url: '{url}'}}]\n")
    changes = diff(*(read_version(ROOT, str(tmp_path / n)) for n in ("old", "new")))
    assert said(changes) == {("breaking", "POST /v1/a", "host changed from api to management", "both")}
