"""Changes of the real definitions, made by hand on a copy: what the generator says, and what pasting it gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .test_project import copy, edit, run, snapshot

__all__ = ["copy"]  # a fixture


def stopped(root: Path) -> list[str]:
    """The problems that stop the generator, which has written nothing."""
    before = snapshot(root)
    result = run(root, "-m", "codegen")
    assert (result.returncode, result.stdout) == (1, ""), result.stderr
    assert snapshot(root) == before
    head, *problems = re.split(r"\n\n(?=- )", result.stderr.strip())
    assert head == f"{len(problems)} problems:"
    return problems


def generated(root: Path) -> None:
    result = run(root, "-m", "codegen")
    assert result.returncode == 0, result.stderr


def python(root: Path, text: str) -> None:
    called = run(root, "-W", "error", "-c", text)
    assert called.returncode == 0, called.stderr


def insert(file: Path, after: str, text: str) -> None:
    edit(file, after, after + text)


# --- a new optional field on one wire ---

FIELD = """
from xai_dual._gen.json.tokenizer import request_tokenizer_tokenize_rest
from xai_dual._gen.proto.tokenizer import request_tokenizer_tokenize
from xai_dual._proto import message
from xai_dual.errors import UnsupportedOnTransport
from xai_dual.types.tokenizer import TokenizeRequest

request = TokenizeRequest(model="m", text="t", dialect="d")
send = {{"grpc": request_tokenizer_tokenize, "rest": request_tokenizer_tokenize_rest}}
if "{wire}" == "grpc":
    assert message("xai_api.TokenizeTextRequest").FromString(send["grpc"](request)).dialect == "d"
else:
    assert send["rest"](request).body["dialect"] == "d"
try:
    send["{other}"](request)
except UnsupportedOnTransport as error:
    assert error.field == "dialect"
else:
    raise AssertionError
send["{other}"](TokenizeRequest(model="m", text="t"))
assert TokenizeRequest.one_sided["dialect"] == "{wire}"
"""


@pytest.mark.parametrize(("wire", "other"), [("grpc", "rest"), ("rest", "grpc")])
def test_a_new_optional_field_on_one_wire(copy: Path, wire: str, other: str) -> None:
    if wire == "grpc":
        edit(
            copy / "protos/xai/api/v1/tokenize.proto",
            "string user = 3;",
            "string user = 3;\n\n  // Dialect.\n  optional string dialect = 44;",
        )
    else:
        file = copy / "protos/openapi/tokenizer.yaml"
        text = file.read_text("utf-8")
        at = text.index("      properties:\n", text.index("    TokenizeRequest:\n")) + len("      properties:\n")
        lines = "        dialect:\n          type: [string, 'null']\n          description: Dialect.\n"
        file.write_text(text[:at] + lines + text[at:], "utf-8")
    (problem,) = stopped(copy)
    assert "In bindings/tokenizer.toml, paste one of" in problem
    line = next(
        x.strip() for x in problem.splitlines() if x.strip().startswith(f'field.dialect = {{ {wire} = "dialect" }}')
    )
    insert(copy / "codegen/bindings/tokenizer.toml", 'rest = "TokenizeRequest"\n', f"{line}\n")
    generated(copy)
    python(copy, FIELD.format(wire=wire, other=other))


# --- a new value of an enum ---

VALUE = """
from typing import get_args
from xai_dual._gen.proto.{domain} import {table}_NAMES, {table}_NUMBERS
from xai_dual.types.{domain} import {enum}

known = get_args(get_args({enum})[0])
assert {value!r} in known, known
assert {table}_NUMBERS[{value!r}] == {number}
assert {table}_NAMES[{number}] == {value!r}
"""


def test_a_new_value_that_only_grpc_lists_takes_no_other_edit(copy: Path) -> None:
    """Its public spelling follows from those before: the common beginning goes."""
    insert(
        copy / "protos/xai/api/v1/files.proto",
        "FILES_SORT_BY_SIZE = 2;",
        "\n  // How often it was read.\n  FILES_SORT_BY_READ_COUNT = 3;",
    )
    generated(copy)
    python(copy, VALUE.format(domain="files", table="FILES_SORT_BY", enum="FilesSortBy", value="read_count", number=3))


@pytest.mark.parametrize("wire", ["grpc", "rest"])
def test_a_new_value_on_one_wire_of_an_enum_that_both_list(copy: Path, wire: str) -> None:
    if wire == "grpc":
        insert(
            copy / "protos/xai/api/v1/video.proto",
            "VIDEO_RESOLUTION_1080P = 3;",
            "\n  // 2160 lines.\n  VIDEO_RESOLUTION_2160P = 4;",
        )
    else:
        edit(copy / "protos/openapi/videos.yaml", "enum: [480p, 720p, 1080p]", "enum: [480p, 720p, 1080p, 2160p]")
    (problem,) = stopped(copy)
    line = problem.splitlines()[-1].strip()
    assert line == f'{wire}_only = ["2160p"]'
    assert "in bindings/videos.toml under [enum.VideoResolution]" in problem
    insert(copy / "codegen/bindings/videos.toml", 'rest = "VideoResolution"\n', f"{line}\n")
    if wire == "rest":
        assert run(copy, "-m", "codegen", "drift").returncode == 0
        return
    generated(copy)
    python(
        copy,
        VALUE.format(domain="videos", table="VIDEO_RESOLUTION", enum="VideoResolution", value="2160p", number=4),
    )
    # once the other wire has it too, the line is stale
    edit(copy / "protos/openapi/videos.yaml", "enum: [480p, 720p, 1080p]", "enum: [480p, 720p, 1080p, 2160p]")
    (problem,) = stopped(copy)
    assert "grpc_only lists '2160p', which is not one-sided (any more); remove it" in problem


# --- a new rpc with its route ---

RPC = """
  rpc TokenizeText(TokenizeTextRequest) returns (TokenizeTextResponse);

  // Puts tokens together again.
  rpc JoinTokens(JoinTokensRequest) returns (JoinTokensResponse);
"""
MESSAGES = """
// Tokens to join.
message JoinTokensRequest {
  // Numbers of the tokens.
  repeated uint32 token_ids = 1;

  // Model whose tokens they are.
  string model = 2;
}

// Joined tokens.
message JoinTokensResponse {
  // The text.
  string text = 1;
}
"""
ROUTE = """
  /v1/join-tokens:
    post:
      summary: Join tokens
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/JoinTokensRequest'}}}}
      responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/JoinTokensResponse'}}}}}
"""
SCHEMAS = """
    JoinTokensRequest:
      type: object
      required: [model, token_ids]
      properties: {token_ids: {type: array, items: {type: integer}}, model: {type: string}}
    JoinTokensResponse:
      type: object
      required: [text]
      properties: {text: {type: string}}
"""
CALL = """
import inspect
from xai_dual import AsyncClient, Client
from xai_dual._proto import message
from xai_dual._gen.operations.tokenizer import TOKENIZER_JOIN as op

for cls in (Client, AsyncClient):
    method = cls(api_key="k", transport="rest").tokenizer.join
    parameters = inspect.signature(method).parameters
    assert list(parameters)[:2] == ["model", "token_ids"], list(parameters)
    assert "Numbers of the tokens" in method.__doc__

from xai_dual._sync.resources.tokenizer import Tokenizer

class Caller:
    def unary(self, operation, request, options):
        sent = message("xai_api.JoinTokensRequest").FromString(operation.grpc.codec.encode(request))
        assert (list(sent.token_ids), sent.model) == ([1, 2], "m")
        route = operation.rest["rest"]
        assert route.codec.encode(request).body == {"model": "m", "token_ids": [1, 2]}
        assert (operation.grpc.method, route.route) == ("xai_api.Tokenize/JoinTokens", "POST /v1/join-tokens")
        data = message("xai_api.JoinTokensResponse")(text="ab").SerializeToString()
        assert operation.grpc.codec.decode(data) == route.codec.decode({"text": "ab"})
        return route.codec.decode({"text": "ab"})

assert Tokenizer(Caller()).join(model="m", token_ids=[1, 2]).text == "ab"
"""


def test_a_new_rpc_with_its_route(copy: Path) -> None:
    proto = copy / "protos/xai/api/v1/tokenize.proto"
    edit(proto, "\n  rpc TokenizeText(TokenizeTextRequest) returns (TokenizeTextResponse);\n", RPC)
    proto.write_text(proto.read_text("utf-8") + MESSAGES, "utf-8")
    openapi = copy / "protos/openapi/tokenizer.yaml"
    edit(openapi, "paths:\n", f"paths:{ROUTE}")
    edit(openapi, "  schemas:\n", f"  schemas:{SCHEMAS}")
    problems = stopped(copy)
    (rpc,) = [p for p in problems if p.startswith("- rpc xai_api.Tokenize/JoinTokens")]
    (route,) = [p for p in problems if p.startswith("- route POST /v1/join-tokens")]
    lines = {
        x.strip().partition(" =")[0]: x.strip() for p in (rpc, route) for x in p.splitlines() if x.startswith("    ")
    }
    assert 'request = "MODEL"   # the [model] of xai_api.JoinTokensRequest' in rpc
    assert 'response = "MODEL"   # the [model] of JoinTokensResponse' in route
    # what is offered, completed: the two halves in one operation, names for the operation and its models
    operation = "\n".join(
        [lines['[operation."RESOURCE.METHOD"]'], lines["request"], lines["response"], lines["grpc"], lines["rest"]]
    )
    operation = operation.replace("RESOURCE.METHOD", "tokenizer.join").replace("MODEL", "JoinTokensRequest", 1)
    operation = operation.replace("MODEL", "JoinTokensResponse", 1)
    models = "".join(
        f'\n[model.{name}]\ngrpc = "xai_api.{name}"\nrest = "{name}"\n'
        for name in ("JoinTokensRequest", "JoinTokensResponse")
    )
    binding = copy / "codegen/bindings/tokenizer.toml"
    binding.write_text(
        f'{binding.read_text("utf-8")}\n{operation}\nrequired = ["model", "token_ids"]\n{models}', "utf-8"
    )
    generated(copy)
    python(copy, CALL)
