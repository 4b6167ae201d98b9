"""A tiny project whose one call goes over gRPC and over two REST routes that spell it each in its own way."""

from __future__ import annotations

from pathlib import Path

import yaml

from .mini import Mini, body, mini

PROTO = """
service Talk { rpc Say(Ask) returns (Answer); }
message Ask {
  string text = 1;
  optional int32 most = 2;
  bool sealed = 3;
  repeated string show = 4;
  optional string mood = 5;
  repeated Tool tools = 6;
  optional string tone = 7;
  Part part = 8;
}
message Tool { oneof of { Call call = 1; Search search = 2; Run run = 3; Hidden hidden = 4; } }
message Call { string name = 1; }
message Search { optional string place = 1; }
message Run { optional string code = 1; }
message Hidden { int32 n = 1; }
message Part { string text = 1; optional string note = 2; }
message Answer { string text = 1; Use use = 2; Part part = 3; }
message Use { int32 given = 1; int32 made = 2; int32 cached = 3; }
"""
SCHEMAS = """
AskA:
  type: object
  required: [text]
  properties:
    text: {type: string}
    most: {type: [integer, 'null'], format: int32}
    newest: {type: [integer, 'null'], format: int32}
    mood: {type: string}
    tools: {type: array, items: {$ref: '#/x/ToolA'}}
    part: {$ref: '#/x/PartA'}
    live: {type: boolean}
AskB:
  type: object
  required: [input]
  properties:
    input: {type: string}
    limit: {type: [integer, 'null'], format: int32}
    show: {type: array, items: {type: string}}
    mood: {$ref: '#/x/Mood'}
    tools: {type: array, items: {$ref: '#/x/ToolB'}}
    part: {$ref: '#/x/PartB'}
    live: {type: boolean}
    keep: {type: boolean}
Mood: {type: object, properties: {kind: {type: string}}}
PartA: {type: object, required: [text], properties: {text: {type: string}}}
PartB: {type: object, required: [words], properties: {words: {type: string}, note: {type: string}}}
ToolA:
  oneOf:
    - {type: object, required: [type], properties: {type: {enum: [call]}, function: {$ref: '#/x/Function'}}}
    - {type: object, required: [type], properties: {type: {enum: [search]}, place: {type: string}}}
ToolB:
  oneOf:
    - {type: object, required: [type], properties: {type: {enum: [function]}, name: {type: string}}}
    - {type: object, required: [type], properties: {type: {enum: [run]}, code: {type: string}}}
Function: {type: object, properties: {name: {type: string}}}
AnswerA: {type: object, properties: {text: {type: string}, use: {$ref: '#/x/UseA'}, part: {$ref: '#/x/PartA'}}}
AnswerB: {type: object, properties: {output: {type: string}, use: {$ref: '#/x/UseB'}, part: {$ref: '#/x/PartB'}}}
UseA:
  type: object
  required: [given, made]
  properties:
    given: {type: integer, format: int32}
    made: {type: integer, format: int32}
    details: {$ref: '#/x/Details'}
Details: {type: object, required: [cached], properties: {cached: {type: integer, format: int32}}}
UseB:
  type: object
  required: [in, out]
  properties: {in: {type: integer, format: int32}, out: {type: integer, format: int32}}
"""
PATHS = yaml.safe_dump(
    {
        f"/v1/{x.lower()}": {"post": {"requestBody": body(f"Ask{x}"), "responses": {"200": body(f"Answer{x}")}}}
        for x in "AB"
    }
)
BINDING = """
[operation."talk.say"]
request = "Ask"
response = "Answer"
required = ["text"]
grpc = "mini.Talk/Say"
rest.a = { route = "POST /v1/a", const = { live = false } }
rest.b = { route = "POST /v1/b", const = { live = false }, default = { keep = false } }

[model.Ask]
grpc = "mini.Ask"
rest.a = "AskA"
rest.b = "AskB"
field.text = { grpc = "text", rest.a = "text", rest.b = "input" }
field.most = { grpc = "most", rest.a = "most", rest.b = "limit" }
field.newest = { rest.a = "newest", rest.b = "limit" }
field.sealed = { grpc = "sealed", rest.b = "show[sealed]" }
field.show = { grpc = "show", rest.b = "show" }
field.mood = { grpc = "mood", rest.a = "mood", rest.b = "mood.kind" }
field.tone = { grpc = "tone" }
field.kept = { rest.b = "keep" }

[union.Tool]
grpc = "mini.Tool"
rest.a = "ToolA"
rest.b = "ToolB"
variant.Call = { grpc = "call", rest.a = "call", rest.b = "function" }
variant.Search = { grpc = "search", rest.a = "search" }
variant.Run = { grpc = "run", rest.b = "run" }
variant.Hidden = { grpc = "hidden" }

[model.Call]
field.name = { grpc = "name", rest.a = "function.name", rest.b = "name" }

[model.Part]
grpc = "mini.Part"
rest.a = "PartA"
rest.b = "PartB"
field.text = { grpc = "text", rest.a = "text", rest.b = "words" }
field.note = { grpc = "note", rest.b = "note" }

[model.Answer]
grpc = "mini.Answer"
rest.a = "AnswerA"
rest.b = "AnswerB"
field.text = { grpc = "text", rest.a = "text", rest.b = "output" }

[model.Use]
grpc = "mini.Use"
rest.a = "UseA"
rest.b = "UseB"
field.given = { grpc = "given", rest.a = "given", rest.b = "in" }
field.made = { grpc = "made", rest.a = "made", rest.b = "out" }
field.cached = { grpc = "cached", rest.a = "details.cached" }
"""


def project(
    root: Path, old: str = "", new: str = "", *, binding: str = BINDING, schemas: str = SCHEMAS, proto: str = PROTO
) -> Mini:
    """The project, with `old` in the binding replaced."""
    assert old in binding, old
    return mini(root, proto, schemas, binding.replace(old, new) if old else binding, paths=PATHS)
