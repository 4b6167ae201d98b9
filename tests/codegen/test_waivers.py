"""Waivers, misspelt bindings, dead bindings, and that all problems are told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.bindings import REASONS, read_bindings
from codegen.errors import DefinitionError

from .mini import mini, thing

ARGS = ("string a = 1; string b = 2;", "a: {type: string}\nc: {type: string}")
BOUND = 'field.b = { grpc = "b" }\nfield.c = { rest = "c" }'


def test_the_reasons_are_a_closed_set(tmp_path: Path) -> None:
    assert REASONS == (
        "no-counterpart", "not-supported-by-server", "deprecated", "server-internal", "constant", "not-yet",
    )  # fmt: skip
    for reason in REASONS:
        api = thing(tmp_path, *ARGS, f'[waive]\n{reason} = ["mini.Thing.b", "Thing.c"]').link()
        assert api.counts["mini"][reason] == 2
    with pytest.raises(DefinitionError, match=r"mini.toml: \[waive\] 'because' is no reason; there are no-counterpart"):
        thing(tmp_path, *ARGS, '[waive]\nbecause = ["mini.Thing.b"]').link()


@pytest.mark.parametrize(
    ("waiver", "says"),
    [
        ("mini.Thing.gone", "[waive] mini.Thing.gone waives nothing: remove it from mini.toml"),
        ("gone.yaml", "[waive] gone.yaml waives nothing: remove it from mini.toml"),
        ("mini.Thing.a", "[waive] mini.Thing.a is bound: remove the waiver"),
        ("Thing.a", "[waive] Thing.a is bound: remove the waiver"),
        ("mini.Mini/Echo", "[waive] mini.Mini/Echo is bound: remove the waiver"),
    ],
)
def test_stale_waivers_and_waivers_of_what_is_bound(tmp_path: Path, waiver: str, says: str) -> None:
    both = 'field.a = { grpc = "a", rest = "a" }'
    problems = thing(tmp_path, *ARGS, f'{BOUND}\n{both}\n[waive]\nconstant = ["{waiver}"]').problems()
    assert says in problems
    assert all(waiver in p for p in problems)


def test_a_waiver_stands_once(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"Thing.c is waived twice"):
        thing(tmp_path, *ARGS, '[waive]\nconstant = ["Thing.c"]\nnot-yet = ["Thing.c"]').link()


def test_a_waiver_of_a_holder_covers_what_it_holds(tmp_path: Path) -> None:
    more = (
        "message Odd { string a = 1; } enum Hue { HUE_UNSET = 0; HUE_RED = 1; }",
        "Odd: {type: object, properties: {x: {type: object, properties: {y: {type: string}}}}}\n"
        "Kind: {type: string, enum: [one, two]}",
        '[waive]\nnot-yet = ["mini.Odd", "mini.Hue", "Odd", "Kind"]',
    )
    assert thing(tmp_path, "", "", more=more).link().counts["mini"]["not-yet"] == 6


def test_a_whole_file_is_waived_but_what_is_bound_in_it(tmp_path: Path) -> None:
    other = {
        "proto": "message Other { string text = 1; }\nmessage More { string text = 1; }",
        "openapi": "Other: {type: object, properties: {text: {type: string}}}",
        "paths": "/v1/other: {get: {responses: {'200': {description: ok}}}}",
        "bindings": '[waive]\nnot-yet = ["mini/other.proto", "other.yaml"]\n[model.Other]\ngrpc = "mini.Other"\n'
        '[operation."other.get"]\nresponse = "Other"\n',
    }
    project = mini(tmp_path, bindings="", other=other)
    api = project.link()
    assert api.counts == {"other": {"not-yet": 3, "grpc": 1}}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[models.Thing]", r"\[models\] is no section; there are .*, waive, part_of, late"),
        ('part_of = "gone"', "extra.toml: part_of = 'gone' is no file beside it that is whole"),
        ("late = true", "extra.toml: late = true is for a file that says `part_of`"),
        ('[model.X]\nrset = "X"', r"\[model.X\] has no key 'rset'"),
        ('[model.X]\nfield.a = { grcp = "a" }', r"\[model.X\] field.a has no key 'grcp'; it has grpc, rest, convert"),
        ('[union.X]\nvariants.A = "a"', r"\[union.X\] has no key 'variants'"),
        ('[union.X]\nvariant.A = { tag = "a" }', r"\[union.X\] variant.A has no key 'tag'"),
        ('[enum.X]\nvalues.a = "A"', r"\[enum.X\] has no key 'values'"),
        ('[fold.X]\nchunk = "C"\nrules.a = "last"', r"\[fold.X\] has no key 'rules'"),
        ("[fold.X]", r"\[fold.X\] needs `chunk`"),
        ('[operation."x.y"]\nresponse = "X"\nroute = "GET /"', r'\[operation."x.y"\] has no key \'route\''),
        ('[operation."x.y"]\nresponse = "X"\nrest.a = { path = "/" }', r"rest.a has no key 'path'"),
        ('[operation."x.y"]\nresponse = "X"\nrest.a = { const = {} }', r"rest.a needs `route`"),
        ('[operation."x.y"]\npage = { token = "t" }', r'\[operation."x.y"\] needs `items`'),
        ('[operation."x.y"]\nitems = "a"\npage = { token = "t" }', r'\[operation."x.y"\] page needs `argument`'),
        ('[operation."x.y"]\nitems = "a"\npage = { argument = "t" }', r'\[operation."x.y"\] page needs `token`'),
        ('[operation."x.y"]\npoll = "x.z"', r'\[operation."x.y"\] needs `until`'),
        ('[union.X]\nstyle = "trial"', r"\[union.X\] style = 'trial' is none of tag, key"),
        ('[enum.X]\nspelling = "loud"', r"\[enum.X\] spelling = 'loud' is none of short, proto"),
        ("[model.Thing\n", "extra.toml"),
        (
            "[model.Thing]",
            r"extra.toml: \[model.Thing\] stands in mini.toml already|\[model.Thing\] stands in extra.toml",
        ),
    ],
)
def test_a_misspelt_binding_is_an_error(tmp_path: Path, text: str, says: str) -> None:
    project = thing(tmp_path, *ARGS, BOUND)
    project.link()
    (project.bindings / "extra.toml").write_text(text)
    with pytest.raises(DefinitionError, match=says):
        project.link()


@pytest.mark.parametrize(
    ("binding", "says"),
    [
        ('field.x = { grpc = "gone" }', "[model.Thing] field.x: mini.Thing has no field gone"),
        ('field.x = { rest = "gone" }', "[model.Thing] field.x: Thing has no property gone"),
        ('field.x = { rest = "a.gone" }', "[model.Thing] field.x: Thing has no property a.gone"),
        ('field.gone = { doc = "d" }', "[model.Thing] field.gone stands on no wire: neither side has 'gone'"),
        ('[model.X]\ngrpc = "mini.Gone"', "[model.X]: there is no message mini.Gone"),
        ('[model.X]\nrest = "Gone"', "[model.X]: Gone is no object schema or variant of a tagged union"),
        ('[model.X]\nrest = "Thing#tag"', "[model.X]: Thing#tag is no object schema or variant of a tagged union"),
        ('[enum.X]\ngrpc = "mini.Gone"', "[enum.X]: there is no enum mini.Gone"),
        ('[enum.X]\nrest = "Gone"', "[enum.X]: there is no schema Gone"),
        (
            '[enum.X]\ngrpc = "mini.Hue"\nvalue.red = "GONE"',
            "[enum.X]: value.red names GONE, which mini.Hue does not have",
        ),
        ('[union.X]\ngrpc = "mini.Gone"', "[union.X]: there is no message mini.Gone"),
        ('[union.X]\ngrpc = "mini.Thing"', "[union.X]: mini.Thing has 0 oneofs; a union needs one"),
        ('[union.X]\nrest = "Gone"', "[union.X]: Gone is no schema whose variants have a tag property"),
        ('[operation."x.y"]\nresponse = "Thing"\ngrpc = "mini.Mini/Gone"', 'x.y"]: there is no rpc mini.Mini/Gone'),
        ('[operation."x.y"]\nresponse = "Thing"\nrest = "GET /v1/gone"', 'x.y"]: there is no route GET /v1/gone'),
        ('[operation."x.y"]\nresponse = "Gone"', 'x.y"]: response Gone is no [model]'),
        ('[operation."x.y"]\nrequest = "Gone"\nresponse = "Thing"', 'x.y"]: request Gone is no [model]'),
        ('[operation."x.y"]\nrequest = "Thing"\nresponse = "Thing"\nrequired = ["gone"]', "required names 'gone'"),
        (
            '[operation."x.y"]\nresponse = "Thing"\nrest = { route = "POST /v1/echo", const = { gone = 1 } }',
            "'gone' is set by the call, but the request body does not have it",
        ),
        (
            '[operation."x.y"]\nresponse = "Thing"\nitems = "gone"\ngrpc = "mini.Mini/Echo"',
            "mini.Thing has no field gone",
        ),
        (
            '[operation."x.y"]\nresponse = "Thing"\nitems = "gone"\nrest = "POST /v1/echo"',
            "the answer of POST /v1/echo has no property gone",
        ),
        (
            '[operation."x.y"]\nresponse = "Thing"\nchunk = "Thing"\ngrpc = "mini.Mini/Echo"',
            "mini.Mini/Echo does not stream its answer: `chunk` and `download` do not fit",
        ),
        ('[fold.Gone]\nchunk = "Thing"', "[fold.Gone]: Gone is no model"),
        ('[fold.Thing]\nchunk = "Gone"', "[fold.Thing]: Gone is no model"),
        ('[fold.Thing]\nchunk = "Thing"\nrule.gone = "last"', "[fold.Thing]: rule.gone"),
        ('[fold.Thing]\nchunk = "Thing"\nrule.a = "guess"', "[fold.Thing]: rule.a"),
        ('[fold.Thing]\nchunk = "Thing"\nsource.gone = "a"', "[fold.Thing]: source.gone"),
        ('[fold.Thing]\nchunk = "Thing"\nextras = ["gone"]', "[fold.Thing]: extras"),
        ('[fold.Thing]\nchunk = "Thing"\ndone_when = "gone"', "[fold.Thing]: done_when"),
    ],
)
def test_a_binding_of_what_is_gone_fails(tmp_path: Path, binding: str, says: str) -> None:
    more = ("enum Hue { HUE_UNSET = 0; }", "", "")
    problems = thing(tmp_path, *ARGS, f"{BOUND}\n{binding}", more=more).problems()
    assert any(says in p for p in problems), problems


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("message New { string x = 1; }", "", ""), "field mini.New.x (mini/mini.proto) is not bound."),
        (("enum New { ZERO = 0; ONE = 1; }", "", ""), "value mini.New.ONE (mini/mini.proto) is not bound."),
        (("service New { rpc Go(Thing) returns (Thing); }", "", ""), "rpc mini.New/Go (mini/mini.proto) is not bound."),
        (("", "New: {type: object, properties: {x: {type: string}}}", ""), "property New.x (mini.yaml) is not bound."),
        (("", "New: {type: string, enum: [one, two]}", ""), "value New=one (mini.yaml) is not bound."),
    ],
)
def test_what_is_new_must_be_bound_or_waived_with_the_line_offered(
    tmp_path: Path, more: tuple[str, str, str], says: str
) -> None:
    problems = thing(tmp_path, *ARGS, BOUND, more=more).problems()
    assert says in problems[0]
    waivers = [line.strip() for p in problems for line in p.splitlines() if line.endswith(' = "WHY"')]
    text = "\n".join(["[waive.no-counterpart]", *waivers])
    assert thing(tmp_path, *ARGS, BOUND, more=(*more[:2], text)).link().counts["mini"]["no-counterpart"] == len(waivers)


def test_all_problems_are_told_in_one_run(tmp_path: Path) -> None:
    problems = thing(
        tmp_path,
        "string a = 1; string b = 2; int32 c = 3;",
        "a: {type: string}\nc: {type: string}\nd: {type: string}",
        'field.x = { grpc = "gone" }\n[enum.E]\ngrpc = "mini.Gone"\n[waive]\nconstant = ["nothing"]',
        more=("message New { string x = 1; }", "", ""),
    ).problems()
    for words in ("mini.Thing.b", "Thing.d", "field.c is int32", "gone", "mini.Gone", "[waive] nothing", "mini.New.x"):
        assert sum(words in p for p in problems) == 1, (words, problems)
    assert len(problems) == len(set(problems)) == 7


def test_schemas_of_one_name_in_two_files_collide(tmp_path: Path) -> None:
    other = {"openapi": "Thing: {type: object}"}
    project = thing(tmp_path, *ARGS, BOUND)
    mini(tmp_path / "x", other=other)
    (tmp_path / "protos/openapi/other.yaml").write_text((tmp_path / "x/protos/openapi/other.yaml").read_text())
    with pytest.raises(DefinitionError, match=r"schema Thing stands in mini.yaml and in other.yaml: keep one"):
        project.link()


def test_protoc_says_what_is_wrong_with_a_proto(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DefinitionError, match="protoc refuses the definitions"):
        mini(tmp_path, "message { }").link()
    assert "mini.proto:3" in capfd.readouterr().err


def test_a_reference_to_nothing(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="schema Gone, which no file defines"):
        thing(tmp_path, "", "", more=("", "X: {allOf: [{$ref: '#/x/Gone'}, {type: object}]}", "")).link()


def test_every_waiver_of_the_project_says_why() -> None:
    """And none of them puts anything off."""
    bindings = read_bindings(Path(__file__).resolve().parents[2] / "codegen" / "bindings")
    assert bindings.waivers.keys() == bindings.whys.keys()
    assert "not-yet" not in bindings.waivers.values()
    assert all(len(why) > 10 for why in bindings.whys.values())
