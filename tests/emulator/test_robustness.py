"""Whatever is sent, the emulator answers or refuses; it never fails."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest

from xai_dual.emulator import definitions
from xai_dual.emulator.rpc.service import _methods
from xai_dual.emulator.service import access

from .cases import CASES, to_proto
from .conftest import Rpc

ROUNDS = 250
REFUSALS = ("INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION")
CHAT = "/v1/chat/completions"
BODIES: dict[str, Any] = {
    "/v1/completions": {"prompt": "a", "model": "grok-3", "n": 1, "echo": True, "stop": ["a"]},
    "/v1/images/generations": {"prompt": "a", "n": 1, "response_format": "url", "aspect_ratio": "1:1"},
    "/v1/embeddings": {"input": ["a"], "model": "v1", "dimensions": 3},
    "/v1/tokenize-text": {"text": "a", "model": "grok-4"},
}
JUNK: list[Any] = [
    None, True, 0, 1, -1, 2**31, 2**63, 2**70, 1.5, 1e308, "", "x", "auto", "😀", [], {}, [[]], [1], ["a"], {"a": 1},
    {"type": "text"}, {"type": "function", "function": {"name": "f", "parameters": {"$ref": "#"}}}, "What is 1/0?",
    {"type": "json_schema", "json_schema": {"schema": {"type": "string", "pattern": "("}}},
    {"type": "json_schema", "json_schema": {"schema": {"properties": {"a": {"$ref": "#"}}, "required": ["a"]}}},
    {"type": "json_schema", "json_schema": {"schema": {"type": "array", "minItems": 10**9}}},
    {"type": "json_schema", "json_schema": None}, "Refuse: no", "broken JSON", "wrong JSON", "How many messages?",
    {"type": "json_schema", "json_schema": {"strict": True, "schema": {"properties": {"a": {"$ref": "#"}}}}},
    {"type": "function", "function": {"name": "f", "parameters": {"$ref": "#"}, "strict": True}}, "Call f then f",
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def mutate(value: Any, chance: random.Random) -> Any:
    value = copy.deepcopy(value)
    names = list(definitions.openapi()["components"]["schemas"]["ChatRequest"]["properties"])
    for _ in range(chance.randint(1, 3)):
        path = chance.choice(list(places(value))[1:] or [()])
        if not path:
            continue
        target = value
        for key in path[:-1]:
            target = target[key]
        if isinstance(target, dict) and chance.random() < 0.3:
            del target[path[-1]]
            target[chance.choice(names)] = copy.deepcopy(chance.choice(JUNK))
        else:
            target[path[-1]] = copy.deepcopy(chance.choice(JUNK))
    return value


@pytest.mark.parametrize("seed", range(4))
def test_rest(rest: httpx.Client, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        path, given = chance.choice([(CHAT, chance.choice(list(CASES.values()))), *BODIES.items()])
        changed = mutate(given, chance)
        answer = rest.post(path, json=changed)
        assert answer.status_code < 500 or answer.status_code == 501, (answer.text, path, changed)


def fill(message: Any, chance: random.Random, depth: int = 0) -> None:
    texts = [
        "",
        "x",
        "latest",
        "grok-3",
        "v1",
        "{}",
        '{"type": "array", "minItems": 99999}',
        "What is 2/0?",
        "NaN",
        "[1",
        "Refuse: no",
        "f then x",
        '{"properties": {"a": {"$ref": "#", "default": null}}}',
    ]
    for field in message.DESCRIPTOR.fields:
        if chance.random() < 0.75:
            continue
        if field.message_type:
            if depth < 4 and not field.message_type.GetOptions().map_entry:
                inner = getattr(message, field.name)
                fill(inner.add() if field.is_repeated else inner, chance, depth + 1)
            continue
        if field.enum_type:
            value: Any = chance.choice([*(item.number for item in field.enum_type.values), 99])
        elif field.type == field.TYPE_STRING:
            value = chance.choice(texts)
        elif field.type == field.TYPE_BYTES:
            value = b"\xff"
        elif field.type in (field.TYPE_FLOAT, field.TYPE_DOUBLE):
            value = chance.choice([0, -1, 0.5, 2, float("nan"), float("inf")])
        elif field.type == field.TYPE_BOOL:
            value = True
        else:
            value = chance.choice([0, 1, 2, 8, 2**31 - 1])
        if field.is_repeated:
            getattr(message, field.name).append(value)
        else:
            setattr(message, field.name, value)


@pytest.mark.parametrize("seed", range(4))
def test_grpc(rpc: Rpc, seed: int) -> None:
    chance = random.Random(seed)
    methods = _methods()
    for _ in range(ROUNDS):
        name = chance.choice(list(methods))
        request: Any = definitions.message(methods[name].request)()
        if name.startswith("/xai_api.Chat/GetCompletion") and chance.random() < 0.5:
            request = to_proto(rpc, chance.choice(list(CASES.values())))
        fill(request, chance)
        call = rpc.channel.unary_stream(name, type(request).SerializeToString)
        try:
            list(call(request, metadata=rpc.admin if access.is_management(name[1:]) else rpc.metadata, timeout=20))
        except grpc.RpcError as caught:
            error: Any = caught
            assert error.code().name in REFUSALS, (name, error, request)
