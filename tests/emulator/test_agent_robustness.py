"""Whatever is sent to responses, messages and gRPC chat with tools, the emulator answers or refuses; it never fails."""

from __future__ import annotations

import copy
import random
from typing import Any

import grpc
import httpx
import pytest

from xai_dual.emulator import definitions

from . import agent_cases, test_messages
from .conftest import Rpc
from .test_robustness import JUNK, fill, places

ROUNDS = 200
MORE = [
    {"type": "web_search"}, {"type": "mcp"}, {"type": "file_search", "vector_store_ids": ["a", 1]},
    {"type": "compaction", "encrypted_content": "emu1."}, {"type": "reasoning", "summary": []}, "What is 2/0?",
    {"type": "mcp", "server_label": "", "server_url": "x", "allowed_tools": [""], "headers": {"a": 1}},
    {"type": "x_search", "from_date": "never"}, {"role": "user", "content": "Search X and run code"},
    {"type": "function_call_output", "call_id": "c", "output": "x"}, {"type": "refusal", "refusal": "x"}, "Refuse: no",
    {"type": "input_file", "file_data": "eA=="}, {"type": "shell_call", "call_id": "c", "action": {"commands": []}},
    {"type": "item_reference", "id": "x"}, "Search the web, run code, draw a picture",
]  # fmt: skip
BODIES = {
    "/v1/responses": ("ModelRequest", agent_cases.CASES),
    "/v1/messages": ("MessageRequest", test_messages.CASES),
}
CHAT = "/xai_api.Chat/"
REQUESTS = {
    "GetCompletion": "GetCompletionsRequest",
    "GetCompletionChunk": "GetCompletionsRequest",
    "CompactContext": "CompactContextRequest",
    "GetStoredCompletion": "GetStoredCompletionRequest",
    "DeleteStoredCompletion": "DeleteStoredCompletionRequest",
}


def mutate(value: Any, names: list[str], chance: random.Random) -> Any:
    value = copy.deepcopy(value)
    for _ in range(chance.randint(1, 3)):
        path = chance.choice(list(places(value))[1:] or [()])
        target = value
        for key in path[:-1]:
            target = target[key]
        junk = copy.deepcopy(chance.choice([*JUNK, *MORE]))
        if not path or chance.random() < 0.3:
            value[chance.choice(names)] = junk
        else:
            target[path[-1]] = junk
    return value


@pytest.mark.parametrize("seed", range(4))
def test_rest(rest: httpx.Client, rpc: Rpc, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        path = chance.choice(list(BODIES))
        schema, cases = BODIES[path]
        names = list(definitions.openapi()["components"]["schemas"][schema]["properties"])
        changed = mutate(chance.choice(list(cases.values())), names, chance)
        answer = rest.post(path, json=changed)
        assert answer.status_code < 500, (answer.text, path, changed)
        if answer.status_code == 200 and path == "/v1/responses" and not changed.get("stream"):
            listed = rest.get(f"{path}/{answer.json()['id']}/input_items")
            assert listed.status_code == (404 if answer.json()["store"] is False else 200), (listed.text, changed)
            if answer.json()["store"]:
                named = rpc.message("GetStoredCompletionRequest", response_id=answer.json()["id"])
                assert rpc("Chat/GetStoredCompletion", named, "GetChatCompletionResponse").id == answer.json()["id"]


@pytest.mark.parametrize("seed", range(4))
def test_grpc(rpc: Rpc, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        name = chance.choice([*REQUESTS, "GetCompletion"])
        request = rpc.message(REQUESTS[name])
        if REQUESTS[name] == "GetCompletionsRequest" and chance.random() < 0.7:
            request = agent_cases.to_proto(rpc, chance.choice(list(agent_cases.CASES.values())))
        fill(request, chance)
        call = rpc.channel.unary_stream(CHAT + name, type(request).SerializeToString)
        try:
            list(call(request, metadata=rpc.metadata, timeout=20))
        except grpc.RpcError as caught:
            error: Any = caught
            assert error.code().name in ("INVALID_ARGUMENT", "NOT_FOUND"), (name, error, request)
