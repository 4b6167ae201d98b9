"""The official clients on the three ways of chat: xai-sdk on gRPC, openai on both REST routes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import attrs
import pytest

import xai_dual
from xai_dual import AsyncClient
from xai_dual.emulator import Server

from ..scenarios import OF_REST, OURS, SCENARIOS, WAYS, Scenario, Shape, Told, functions_of, of_ours, words_of

openai = pytest.importorskip("openai", reason="a development dependency")
xai_sdk = pytest.importorskip("xai_sdk", reason="a development dependency")
theirs = pytest.importorskip("xai_sdk.chat")
their_tools = pytest.importorskip("xai_sdk.tools")

pytestmark = pytest.mark.anyio

FINISH = {"REASON_STOP": "stop", "REASON_MAX_LEN": "length", "REASON_TOOL_CALLS": "tool_calls"}
CUT = {"completed": "stop", "incomplete": "length"}
EACH: list[Any] = [
    pytest.param(way, scenario, id=f"{way}-{name}") for name, scenario in SCENARIOS.items() for way in scenario.ways
]


class OnGrpc:
    """xai-sdk."""

    def __init__(self, peer: Any) -> None:
        self.peer = peer

    def chat(self, scenario: Scenario) -> Any:
        makers = {"system": theirs.system, "user": theirs.user}
        served = {
            "web_search": lambda: their_tools.web_search(allowed_domains=["x.ai"]),
            "x_search": lambda: their_tools.x_search(allowed_x_handles=["grok"]),
            "code": their_tools.code_execution,
            "collections": lambda: their_tools.collections_search(["cats"], limit=3),
            "mcp": lambda: their_tools.mcp("https://mcp.example.com", server_label="shelf"),
        }
        tools = functions_of(theirs.tool) if scenario.functions else [served[name]() for name in scenario.served]
        messages = [makers[message["role"]](message["content"]) for message in scenario.said]
        return self.peer.chat.create(model=scenario.model, messages=messages, tools=tools or None, **scenario.settings)

    async def ask(self, scenario: Scenario) -> Told:
        return self.told(await self.chat(scenario).sample())

    async def stream(self, scenario: Scenario) -> Told:
        pieces = []
        async for whole, chunk in self.chat(scenario).stream():
            answer = whole
            pieces.append(chunk.content)
        assert "".join(pieces) == answer.content
        return self.told(answer)

    async def round(self, scenario: Scenario, result: str) -> Told:
        chat = self.chat(scenario)
        answer = await chat.sample()
        chat.append(answer)
        for call in answer.tool_calls:
            chat.append(theirs.tool_result(result, call.id))
        return self.told(await chat.sample())

    async def parse(self, scenario: Scenario) -> tuple[Any, Told]:
        answer, parsed = await self.chat(scenario).parse(Shape)
        return parsed, self.told(answer)

    def told(self, answer: Any) -> Told:
        usage, spoken = answer.usage, [o.message for o in answer.proto.outputs if o.message.role != 5]
        calls = [call for message in spoken for call in message.tool_calls]
        return Told(
            text=answer.content,
            reasoning="".join(message.reasoning_content for message in spoken),
            finish_reason=FINISH[answer.finish_reason],
            calls=[(c.id, c.function.name, json.loads(c.function.arguments)) for c in calls if c.type == 1],
            runs=[words_of(json.loads(c.function.arguments)) for c in calls if c.type != 1],
            sources=list(answer.citations),
            usage=(
                usage.prompt_tokens, usage.cached_prompt_text_tokens, usage.completion_tokens, usage.reasoning_tokens,
                usage.total_tokens, usage.num_sources_used,
            ),
        )  # fmt: skip


class OnCompletions:
    """openai's chat completions."""

    def __init__(self, peer: Any) -> None:
        self.peer = peer

    def request(self, scenario: Scenario, *more: Any) -> dict[str, Any]:
        def tool(name: str, description: str, parameters: Any) -> dict[str, Any]:
            return {"type": "function", "function": {**named(name, description, parameters)}}

        tools = {"tools": functions_of(tool)} if scenario.functions else {}
        return {"model": scenario.model, "messages": [*scenario.said, *more], **tools, **scenario.settings}

    async def ask(self, scenario: Scenario) -> Told:
        return self.told(await self.peer.chat.completions.create(**self.request(scenario)))

    async def stream(self, scenario: Scenario) -> Told:
        last: Any = None
        text = reasoning = ""
        calls: dict[int, Any] = {}
        async for piece in await self.peer.chat.completions.create(**self.request(scenario), stream=True):
            delta = piece.choices[0].delta
            text += delta.content or ""
            reasoning += getattr(delta, "reasoning_content", None) or ""
            calls.update({call.index: call for call in delta.tool_calls or ()})
            last = piece
        told = self.told_of(last, delta, last.choices[0].finish_reason)
        made = [(call.id, call.function.name, json.loads(call.function.arguments)) for call in calls.values()]
        return attrs.evolve(told, text=text, reasoning=reasoning, calls=made)

    async def round(self, scenario: Scenario, result: str) -> Told:
        answer = (await self.peer.chat.completions.create(**self.request(scenario))).choices[0].message
        results = [{"role": "tool", "tool_call_id": call.id, "content": result} for call in answer.tool_calls]
        again = self.request(scenario, answer.model_dump(exclude_none=True), *results)
        return self.told(await self.peer.chat.completions.create(**again))

    async def parse(self, scenario: Scenario) -> tuple[Any, Told]:
        answer = await self.peer.chat.completions.parse(**self.request(scenario), response_format=Shape)
        return answer.choices[0].message.parsed, self.told(answer)

    def told(self, answer: Any) -> Told:
        return self.told_of(answer, answer.choices[0].message, answer.choices[0].finish_reason)

    def told_of(self, answer: Any, said: Any, finish_reason: str) -> Told:
        usage = answer.usage
        return Told(
            text=said.content or "",
            reasoning=getattr(said, "reasoning_content", None) or "",
            finish_reason=finish_reason,
            calls=[
                (call.id, call.function.name, json.loads(call.function.arguments)) for call in said.tool_calls or ()
            ],
            runs=[],
            sources=list(getattr(answer, "citations", None) or ()),
            usage=(
                usage.prompt_tokens, usage.prompt_tokens_details.cached_tokens, usage.completion_tokens,
                usage.completion_tokens_details.reasoning_tokens, usage.total_tokens, usage.num_sources_used,
            ),
        )  # fmt: skip


class OnResponses:
    """openai's responses."""

    def __init__(self, peer: Any) -> None:
        self.peer = peer

    def request(self, scenario: Scenario, *more: Any) -> dict[str, Any]:
        def tool(name: str, description: str, parameters: Any) -> dict[str, Any]:
            return {"type": "function", **named(name, description, parameters)}

        tools = functions_of(tool) if scenario.functions else [OF_REST[name] for name in scenario.served]
        settings = {"max_output_tokens" if n == "max_tokens" else n: v for n, v in scenario.settings.items()}
        effort = settings.pop("reasoning_effort", None)
        return {
            "model": scenario.model,
            "input": [*scenario.said, *more],
            "store": False,
            **({"tools": tools} if tools else {}),
            **({"reasoning": {"effort": effort}} if effort else {}),
            **settings,
        }

    async def ask(self, scenario: Scenario) -> Told:
        return self.told(await self.peer.responses.create(**self.request(scenario)))

    async def stream(self, scenario: Scenario) -> Told:
        last: Any = None
        text = ""
        async for event in await self.peer.responses.create(**self.request(scenario), stream=True):
            text += event.delta if event.type == "response.output_text.delta" else ""
            last = event
        told = self.told(last.response)
        assert text == told.text
        return told

    async def round(self, scenario: Scenario, result: str) -> Told:
        answer = await self.peer.responses.create(**self.request(scenario))
        calls = [item for item in answer.output if item.type == "function_call"]
        results = [{"type": "function_call_output", "call_id": call.call_id, "output": result} for call in calls]
        before = [item.model_dump(mode="json", exclude_none=True) for item in answer.output]
        return self.told(await self.peer.responses.create(**self.request(scenario, *before, *results)))

    async def parse(self, scenario: Scenario) -> tuple[Any, Told]:
        answer = await self.peer.responses.parse(**self.request(scenario), text_format=Shape)
        return answer.output_parsed, self.told(answer)

    def told(self, answer: Any) -> Told:
        usage = answer.usage
        calls = [item for item in answer.output if item.type == "function_call"]
        parts = [part for item in answer.output if item.type == "message" for part in item.content]
        thoughts = [part.text for item in answer.output if item.type == "reasoning" for part in item.summary]
        return Told(
            text=answer.output_text,
            reasoning="".join(thoughts),
            finish_reason="tool_calls" if calls else CUT[answer.status],
            calls=[(call.call_id, call.name, json.loads(call.arguments)) for call in calls],
            runs=[run for item in answer.output if (run := run_of(item))],
            sources=list(dict.fromkeys(note.url for part in parts for note in part.annotations)),
            usage=(
                usage.input_tokens, usage.input_tokens_details.cached_tokens, usage.output_tokens,
                usage.output_tokens_details.reasoning_tokens, usage.total_tokens, usage.num_sources_used,
            ),
        )  # fmt: skip


def named(name: str, description: str, parameters: Any) -> dict[str, Any]:
    return {"name": name, "description": description, "parameters": parameters}


def run_of(item: Any) -> str | None:
    """What the service went by in a run of a tool; None for other items."""
    if item.type == "web_search_call":
        return str(item.action.query)
    if item.type == "code_interpreter_call":
        return str(item.code)
    if item.type == "file_search_call":
        return str(item.queries[0])
    texts = {"custom_tool_call": "input", "mcp_call": "arguments"}
    return words_of(json.loads(getattr(item, texts[item.type]))) if item.type in texts else None


@pytest.fixture
async def peers(server: Server) -> AsyncIterator[dict[str, Any]]:
    """Theirs, by way."""
    async with (
        xai_sdk.AsyncClient(api_key=server.api_key, api_host=server.target, use_insecure_channel=True) as grpc,
        openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key=server.api_key, max_retries=0) as rest,
    ):
        yield {"grpc": OnGrpc(grpc), "completions": OnCompletions(rest), "responses": OnResponses(rest)}


@pytest.fixture
async def own(server: Server) -> AsyncIterator[dict[str, AsyncClient]]:
    """Ours, by way."""
    settings: dict[str, Any] = {"base_url": server.url, "api_key": server.api_key}
    async with (
        AsyncClient(transport="grpc", **settings) as grpc,
        AsyncClient(transport="rest", rest_route="completions", **settings) as completions,
        AsyncClient(transport="rest", rest_route="responses", **settings) as responses,
    ):
        yield {"grpc": grpc, "completions": completions, "responses": responses}


def arguments(way: str, scenario: Scenario) -> dict[str, Any]:
    """Our request. The emulator makes ids out of requests, and xai-sdk always says how many choices it wants."""
    tools = functions_of(xai_dual.tool) if scenario.functions else [OURS[name] for name in scenario.served]
    return {
        **({"n": 1} if way == "grpc" else {}),
        "model": scenario.model,
        "messages": scenario.said,
        **({"tools": tools} if tools else {}),
        **scenario.settings,
    }


@pytest.mark.parametrize(("way", "scenario"), EACH)
async def test_whole(own: dict[str, AsyncClient], peers: dict[str, Any], way: str, scenario: Scenario) -> None:
    answer = await own[way].chat.create(**arguments(way, scenario))
    assert of_ours(answer) == await peers[way].ask(scenario)
    assert len(answer.server_tool_calls) == len(scenario.served)


@pytest.mark.parametrize(("way", "scenario"), EACH)
async def test_streamed(own: dict[str, AsyncClient], peers: dict[str, Any], way: str, scenario: Scenario) -> None:
    async with own[way].chat.stream(**arguments(way, scenario)) as stream:
        text = "".join([piece async for piece in stream.text()])
    assert of_ours(stream.response) == await peers[way].stream(scenario)
    assert text == stream.response.text


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["call", "calls"])
async def test_results_of_tools(own: dict[str, AsyncClient], peers: dict[str, Any], way: str, name: str) -> None:
    given = arguments(way, SCENARIOS[name])
    first = await own[way].chat.create(**given)
    results = [xai_dual.tool_result("12", tool_call_id=call.id) for call in first.tool_calls]
    messages = [*given["messages"], first.to_message(), *results]
    answer = of_ours(await own[way].chat.create(**{**given, "messages": messages}))
    assert answer == await peers[way].round(SCENARIOS[name], "12")
    assert answer.text.count("returned: 12") == len(results)


@pytest.mark.parametrize("way", WAYS)
async def test_structured(own: dict[str, AsyncClient], peers: dict[str, Any], way: str) -> None:
    scenario = Scenario('Describe "Ann", 41, "calm"')
    parsed = await own[way].chat.parse(**arguments(way, scenario), schema=Shape)
    value, told = await peers[way].parse(scenario)
    assert parsed.value == value == Shape(name="Ann", age=41, tags=["calm"])
    assert json.loads(parsed.response.text) == json.loads(told.text)
    assert of_ours(parsed.response).usage == told.usage
    assert parsed.response.finish_reason == told.finish_reason == "stop"


@pytest.mark.parametrize("way", ["grpc", "responses"])
async def test_sealed_reasoning(own: dict[str, AsyncClient], peers: dict[str, Any], way: str) -> None:
    """The seal that one client got serves the other one."""
    scenario = SCENARIOS["text"]
    answer = await own[way].chat.create(**arguments(way, scenario), use_encrypted_content=True)
    if way == "grpc":
        asked = Scenario(scenario.text, system=scenario.system, settings={"use_encrypted_content": True})
        seal = (await peers[way].chat(asked).sample()).encrypted_content
    else:
        asked = Scenario(scenario.text, system=scenario.system, settings={"include": ["reasoning.encrypted_content"]})
        response = await peers[way].peer.responses.create(**peers[way].request(asked))
        (seal,) = [item.encrypted_content for item in response.output if item.type == "reasoning"]
    assert answer.to_message().encrypted_content == seal
    back = xai_dual.assistant(answer.text, encrypted_content=seal)
    messages: list[Any] = [*scenario.said, back, xai_dual.user("Say hello")]
    assert (await own[way].chat.create(model="grok-4", messages=messages)).text == "hello"


@pytest.mark.parametrize("way", ["grpc", "completions", "responses"])
async def test_their_whole_message_as_ours(own: dict[str, AsyncClient], peers: dict[str, Any], way: str) -> None:
    """As `model_dump` gives it, nulls and all."""
    scenario = SCENARIOS["call"]
    theirs_ = peers["completions"]
    answer = await theirs_.peer.chat.completions.create(**theirs_.request(scenario))
    message = answer.choices[0].message.model_dump()
    result = {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "12"}
    given = arguments(way, scenario)
    own_answer = await own[way].chat.create(**{**given, "messages": [*given["messages"], message, result]})
    assert own_answer.text == "get_weather returned: 12."
