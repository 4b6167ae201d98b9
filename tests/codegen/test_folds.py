"""How chunks become an answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from .mini import Mini, Package, body, mini

PROTO = """
service Mini { rpc Go(Ask) returns (stream Chunk); }
message Ask { string q = 1; }
message Chunk {
  string id = 1; repeated Piece parts = 2; repeated string sources = 3; repeated int32 marks = 4; Usage usage = 5;
  optional int32 left = 6;
}
message Answer {
  string id = 1; repeated Part parts = 2; repeated string sources = 3; repeated int32 marks = 4; Usage usage = 5;
  optional int32 left = 6;
}
message Usage { int32 total = 1; }
message Piece { int32 index = 1; Delta delta = 2; optional string reason = 3; }
message Part { int32 index = 1; Body text = 2; optional string reason = 3; }
message Delta { string content = 1; repeated string images = 2; repeated Call calls = 3; }
message Body { string content = 1; repeated Call calls = 2; }
message Call { string id = 1; string type = 2; Function function = 3; optional int32 index = 4; }
message Function { string name = 1; string arguments = 2; }
"""
BINDING = """
[operation."mini.go"]
request = "Ask"
response = "Answer"
chunk = "Chunk"
grpc = "mini.Mini/Go"
[fold.Answer]
chunk = "Chunk"
rule.parts = "index"
rule.sources = "union"
[fold.Part]
chunk = "Piece"
rule.text = "nested"
source.text = "delta"
done_when = "reason"
[fold.Body]
chunk = "Delta"
rule.content = "concat"
rule.calls = "tool_calls"
extras = ["images"]
""" + "".join(
    f'[model.{name}]\ngrpc = "mini.{name}"\n'
    for name in "Ask Chunk Answer Usage Piece Part Delta Body Call Function".split()  # noqa: SIM905
)


def project(root: Path, old: str = "", new: str = "") -> Mini:
    assert old in BINDING
    return mini(root, PROTO, "", BINDING.replace(old, new) if old else BINDING)


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return project(tmp_path).load()


def test_every_rule(package: Package) -> None:
    t = package.types
    fold = package.module("_gen.fold.mini").FoldAnswer()
    assert fold.response() == t.Answer()
    assert not fold.complete
    fold.add(
        t.Chunk(id="a", parts=[t.Piece(index=1, delta=t.Delta(content="B"))], sources=["x", "y"], marks=[1], left=2)
    )
    fold.add(t.Chunk(id="", parts=[t.Piece(index=0, delta=t.Delta(content="A"))], sources=["y", "z"], marks=[1, 2]))
    assert not fold.complete
    assert fold.response().parts[1].text.content == "B"  # readable at any time
    fold.add(t.Chunk(id="b", parts=[t.Piece(index=1, delta=t.Delta(content="b", images=["i"]), reason="stop")], left=0))
    assert not fold.complete  # part 0 has no reason yet
    fold.add(t.Chunk(parts=[t.Piece(index=0, reason="")], usage=t.Usage(total=3)))
    assert fold.complete
    answer = fold.response()
    assert (answer.id, answer.sources, answer.marks, answer.left) == ("b", ["x", "y", "z"], [1, 1, 2], 0)
    assert answer.usage == t.Usage(total=3)
    assert [(p.index, p.text.content, p.reason) for p in answer.parts] == [(0, "A", ""), (1, "Bb", "stop")]
    assert answer.parts[1].text.extra == {"images": ["i"]}
    assert answer == fold.response()
    assert answer is not fold.response()


def test_tool_calls_in_pieces_and_whole(package: Package) -> None:
    t = package.types
    fold = package.module("_gen.fold.mini").FoldBody()
    fold.add(t.Delta(calls=[t.Call(id="1", index=0, function=t.Function(name="f", arguments="{"))]))
    fold.add(t.Delta(calls=[t.Call(index=0, function=t.Function(arguments="}"))]))
    whole = t.Call(id="2", function=t.Function(name="g", arguments="{}"))
    fold.add(t.Delta(calls=[whole, whole]))
    calls = fold.response().calls
    assert [(c.id, c.function.name, c.function.arguments) for c in calls] == [("1", "f", "{}"), ("2", "g", "{}")]


def test_unknown_properties_of_chunks_are_kept(package: Package) -> None:
    fold = package.module("_gen.fold.mini").FoldAnswer()
    fold.add(package.types.Chunk(extra={"new": 1}))
    fold.add(package.types.Chunk(extra={"newer": 2}))
    assert fold.response().extra == {"new": 1, "newer": 2}


def test_folding_changes_no_chunk(package: Package) -> None:
    t = package.types
    chunk = t.Chunk(sources=["x"], marks=[1], parts=[t.Piece(delta=t.Delta(content="a"))])
    fold = package.module("_gen.fold.mini").FoldAnswer()
    fold.add(chunk)
    answer = fold.response()
    answer.sources.append("mine")
    answer.marks.append(9)
    fold.add(t.Chunk(sources=["y"], marks=[2]))
    assert (chunk.sources, chunk.marks) == (["x"], [1])
    assert (fold.response().sources, fold.response().marks) == (["x", "y"], [1, 2])


def test_a_stream_without_an_index_is_complete_once_something_came(package: Package) -> None:
    fold = package.module("_gen.fold.mini").FoldBody()
    assert not fold.complete
    fold.add(package.types.Delta())
    assert fold.complete


def test_the_operation_knows_its_fold(package: Package) -> None:
    operation = package.module("_gen.operations.mini").MINI_GO
    assert operation.new_fold().__class__.__name__ == "FoldAnswer"
    assert "-> AsyncStream[Chunk, Answer]:" in package.text("_async.resources.mini")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('extras = ["images"]\n', "", "[fold.Body]: Delta.images has no place in Body."),
        ('source.text = "delta"\n', "", "[fold.Part]: Piece.delta has no place in Part."),
        ('[fold.Part]\nchunk = "Piece"', '[fold.Call]\nchunk = "Piece"', "folds by index, so [fold.Part] is needed"),
        (
            '[fold.Answer]\nchunk = "Chunk"',
            '[fold.Call]\nchunk = "Call"',
            "answers with a stream, so [fold.Answer] is needed",
        ),
        ('chunk = "Chunk"\ngrpc', "grpc", "streams its answer: say of what with `chunk`, or `download`"),
        ('rule.content = "concat"', 'rule.content = "append"', "rule.content"),
        ('rule.sources = "union"', 'rule.id = "union"', "rule.id"),
        ('rule.sources = "union"', 'rule.sources = "concat"', "rule.sources"),
        ('rule.sources = "union"', 'rule.sources = "index"', "rule.sources"),
        ('rule.sources = "union"', 'rule.sources = "nested"', "rule.sources"),
    ],
)
def test_rules_that_do_not_fit_are_told(tmp_path: Path, old: str, new: str, says: str) -> None:
    problems = project(tmp_path, old, new).problems()
    assert any(says in p for p in problems), problems


def test_what_is_offered_for_a_chunk_field_without_a_place_can_be_pasted(tmp_path: Path) -> None:
    problem = project(tmp_path, 'extras = ["images"]\n', "").problem("bindings/mini.toml under [fold.Body]")
    line = problem.splitlines()[-1].strip()
    project(tmp_path, 'extras = ["images"]\n', f"{line}\n").link()


def test_a_route_may_answer_with_events(tmp_path: Path) -> None:
    """The schema of an event is that of text/event-stream; beside it a route may answer with one object."""
    from codegen.read_openapi import read_openapi

    both = body("Whole")
    both["content"]["text/event-stream"] = body("Event")["content"]["application/json"]
    schemas = "Whole: {type: object}\nEvent: {type: object}\nAsk: {type: object}"
    path = {"/v1/go": {"post": {"requestBody": body("Ask"), "responses": {"200": both}}}}
    import yaml

    mini(tmp_path, "", schemas, paths=yaml.safe_dump(path))
    route = read_openapi(tmp_path / "protos" / "openapi").routes["POST /v1/go"]
    assert route.answer is not None
    assert route.stream is not None
    assert (route.answer.ref, route.stream.ref, route.answer_type) == ("Whole", "Event", "application/json")
