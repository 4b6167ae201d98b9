"""Bindings that hand over to code written by hand: models written or read on a route, readers of answers, defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from codegen.errors import DefinitionError
from xai_dual.errors import UnsupportedOnTransport, UsageError
from xai_dual.meta import Meta
from xai_dual.model import same
from xai_dual.operation import RestRequest

from .mini import Mini, Package, body, mini, rest_thing, thing
from .two_routes import BINDING, project

# --- models that are written or read by hand on a shape ---

READER = "tests.codegen.readers:Loud"
BY_HAND = f"""
[model.Part]
grpc = "mini.Part"
rest.a = "PartA"
by.b = "{READER}"
field.text = {{ grpc = "text", rest.a = "text", rest.b = "PartB.words" }}
field.note = {{ grpc = "note", rest.b = "PartB.note" }}

[model.Answer]
grpc = "mini.Answer"
rest.a = "AnswerA"
by.b = "{READER}"
field.text = {{ grpc = "text", rest.a = "text", rest.b = "AnswerB.output" }}
field.use = {{ grpc = "use", rest.a = "use", rest.b = "AnswerB.use" }}
field.part = {{ grpc = "part", rest.a = "part", rest.b = "AnswerB.part" }}

"""


def by_hand(root: Path, old: str = "", new: str = "", more: str = "") -> Mini:
    """The project with an answer that is read by hand on b. Of requests `part` is written by a function there."""
    binding = BINDING[: BINDING.index("[model.Part]")] + BY_HAND + BINDING[BINDING.index("[model.Use]") :]
    part = 'field.part = { grpc = "part", rest.a = "part", rest.b = "part", reshape.b = "text_format" }'
    binding = binding.replace("field.kept", f"{part}\nfield.kept")
    binding = binding.replace("default = { keep = false }", f'default = {{ keep = false }}, reader = "{READER}"')
    return project(root, old, new, binding=binding + more)


def test_a_model_by_hand_has_no_codec_of_that_shape(tmp_path: Path) -> None:
    package: Package = by_hand(tmp_path).load()
    codecs = package.module("_gen.json.mini")
    assert hasattr(codecs, "encode_part")
    assert not hasattr(codecs, "encode_part_b")
    part = package.api.models["Part"]
    assert (part.shape, part.other_shapes, part.by) == ("a", (), {"b": READER})
    assert {f.name: f.one_sided for f in part.fields} == {"text": None, "note": None}
    assert {f.name: f.rest["b"].path for f in part.fields} == {"text": ("PartB.words",), "note": ("PartB.note",)}
    assert package.api.counts["mini"].get("unbound", 0) == 0, "what is written by hand is bound"


def test_what_only_the_hand_written_side_has_is_refused_on_the_other_shape(tmp_path: Path) -> None:
    package = by_hand(tmp_path).load()
    t = package.types
    rest = package.record("talk.say").rest
    with pytest.raises(UnsupportedOnTransport) as caught:
        rest["a"].codec.encode(t.Ask(text="t", part=t.Part(text="p", note="n")))
    assert (caught.value.field, caught.value.shape) == ("part.note", "b")  # type: ignore[attr-defined]
    whole = t.Part(text="p", note="n")
    assert whole.to_dict() == {"text": "p", "note": "n"}
    assert t.Part.from_dict(whole.to_dict()) == whole
    message = package.to_grpc(whole)
    assert (message.text, message.note) == ("p", "n")


def test_the_comparison_leaves_out_what_a_route_by_hand_lacks(tmp_path: Path) -> None:
    more = '[waive.no-counterpart]\n"PartB.words" = "nobody reads it"\n'
    package = by_hand(tmp_path, ', rest.b = "PartB.words" }', " }", more).load()
    t = package.types
    assert t.Part.not_on_route == {"a": frozenset({"note"}), "b": frozenset({"text"})}

    def answer(shape: str, **fields: Any) -> Any:
        found = t.Answer(part=t.Part(**fields))
        found.meta = Meta(transport="rest", route="", shape=shape)
        return found

    assert same(answer("", text="p"), answer("b"))
    assert not same(answer("", text="p"), answer("a"))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"PartB.note"', '"PartB.gone"', "field.note: there is no property PartB.gone; write SCHEMA.property"),
        ('"PartB.note"', '"Gone.note"', "field.note: there is no property Gone.note; write SCHEMA.property"),
        ('"PartB.note"', '"note"', "field.note: there is no property note; write SCHEMA.property"),
        ("by.b", "by.z", "field.note: the model has no shape b; it has a, z"),
    ],
)
def test_items_by_hand_that_there_are_not(tmp_path: Path, old: str, new: str, says: str) -> None:
    problems = by_hand(tmp_path, old, new).problems()
    assert f"[model.Part] {says}" in problems, problems


# --- readers and defaults of routes ---


def test_a_reader_reads_the_answers_of_its_route(tmp_path: Path) -> None:
    package = by_hand(tmp_path).load()
    rest = package.record("talk.say").rest
    assert rest["a"].reader is None
    assert rest["a"].codec.decoder == "answer_talk_say_a"
    assert (rest["b"].reader, rest["b"].codec.decoder) == (READER, "")
    assert not hasattr(package.module("_gen.json.mini"), "answer_talk_say_b")
    request = package.types.Ask(text="t")
    assert rest["b"].decoder(request)({"output": "x"}) == ("t", "X")
    assert rest["a"].decoder(request)({"text": "x"}) == package.types.Answer(text="x")


def test_a_default_is_sent_where_the_request_leaves_it_out(tmp_path: Path) -> None:
    package = project(tmp_path).load()
    assert [package.route("talk.say", "b", text="t", kept=kept)[1]["keep"] for kept in (None, False, True)] == [
        False, False, True,
    ]  # fmt: skip
    assert "keep" not in package.route("talk.say", "a", text="t")[1]


def test_a_default_that_the_body_lacks_is_told(tmp_path: Path) -> None:
    problem = "'gone' is set by the call, but the request body does not have it"
    project(tmp_path, "default = { keep = false }", "default = { gone = false }").problem(
        f'[operation."talk.say"]: {problem}'
    )


SWITCH = {"/v1/switch": {"post": {"requestBody": body("Switch"), "responses": {"204": {"description": "done"}}}}}


def test_a_default_is_sent_though_the_call_has_no_request(tmp_path: Path) -> None:
    schemas = "Switch: {type: object, properties: {live: {type: boolean}}}"
    binding = '[operation."switch.on"]\nrest = { route = "POST /v1/switch", default = { live = true } }\n'
    # a package needs a model to be of some domain
    thing = rest_thing(tmp_path / "thing", "a: {type: string}").bindings / "mini.toml"
    paths = {**SWITCH, "/v1/echo": {"post": {"requestBody": body("Thing"), "responses": {"200": body("Thing")}}}}
    schemas = f"{schemas}\nThing: {{type: object, properties: {{a: {{type: string}}}}}}"
    package = mini(tmp_path, "", schemas, thing.read_text() + binding, paths=yaml.safe_dump(paths)).load()
    assert package.call("rest", "switch.on", {})[0] == [RestRequest("/v1/switch", (), {"live": True})]


@pytest.mark.parametrize("key", ["readr", "defaults", "const_"])
def test_misspelt_keys_of_a_route_are_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(DefinitionError, match=f"rest.b has no key '{key}'"):
        project(tmp_path, "default = { keep", f"{key} = {{ keep").link()


# --- requests that are looked at before they are sent ---


def test_a_check_looks_at_a_model_before_either_wire(tmp_path: Path) -> None:
    openapi = "type: {type: string}\njson_schema: {type: string}"
    proto = "optional string type = 1; optional string json_schema = 2;"
    package = thing(tmp_path, proto, openapi, 'check = "check_response_format"').load()
    bad = package.types.Thing(type="json_schema")
    for send in (package.to_grpc, package.to_rest):
        with pytest.raises(UsageError, match=r"^json_schema: is required"):
            send(bad)
        assert send(package.types.Thing(type="json_schema", json_schema="x"))
    assert bad.to_dict() == {"type": "json_schema"}, "the JSON form shows what there is"
