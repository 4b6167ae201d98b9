"""What callers pass by mistake is refused before it is sent, alike on both wires, with the path of the field."""

from __future__ import annotations

import pickle
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen import ir
from xai_dual.errors import UnsupportedOnTransport, UsageError
from xai_dual.types.chat import (
    ChatRequest,
    ContentPart,
    FileRef,
    FunctionCall,
    FunctionDefinition,
    FunctionTool,
    Guideline,
    ImageUrl,
    LiveSearchTool,
    Message,
    PolicyGuideline,
    ResponseFormat,
    RssSource,
    SearchParameters,
    ToolCall,
    WebSource,
)
from xai_dual.types.completions import SampleRequest
from xai_dual.types.embeddings import EmbeddingRequest
from xai_dual.types.images import ImageOutput, ImageRequest, StorageOptions
from xai_dual.types.models import ModelRequest
from xai_dual.types.shared import StreamOptions
from xai_dual.types.tokenizer import TokenizeRequest

from .project import API, ROUTES, broad, message, operation, routed, slot_of
from .strategies import BOTH, models, on_route

HOME = {
    "ChatRequest": "chat.create",
    "SampleRequest": "completions.create",
    "EmbeddingRequest": "embeddings.create",
    "ImageRequest": "images.generate",
    "ModelRequest": "models.get_language",
    "TokenizeRequest": "tokenizer.tokenize",
}
HALF = "a\ud800b"
NAN, INF = float("nan"), float("inf")


def chat(**fields: Any) -> ChatRequest:
    return ChatRequest(**{"model": "grok-4", "messages": "Hi", **fields})


def to_grpc(request: Any) -> Any:
    op = API.operations[HOME[type(request).__name__]]
    return message(op.messages[0]).FromString(operation(op).grpc.codec.encode(request))


def to_rest(request: Any) -> Any:
    binding = next(iter(operation(API.operations[HOME[type(request).__name__]]).rest.values()))
    return binding.codec.encode(request)


def said(content: Any) -> list[Message]:
    return [Message(role="user", content=content)]


WRONG: list[tuple[Any, str]] = [
    # scalars
    (chat(n=True), "n"),
    (chat(n="1"), "n"),
    (chat(n=1.0), "n"),
    (chat(n=[1]), "n"),
    (chat(n=2**31), "n"),
    (chat(seed=-(2**31) - 1), "seed"),
    (chat(max_tokens=10**30), "max_tokens"),
    (chat(temperature="0.7"), "temperature"),
    (chat(temperature=True), "temperature"),
    (chat(temperature=NAN), "temperature"),
    (chat(temperature=-INF), "temperature"),
    (chat(temperature=1e39), "temperature"),
    (chat(temperature=10**400), "temperature"),
    (chat(temperature=1j), "temperature"),
    (chat(logprobs=1), "logprobs"),
    (chat(logprobs="true"), "logprobs"),
    (chat(model=5), "model"),
    (chat(model=b"grok"), "model"),
    (chat(model=HALF), "model"),
    (chat(user=HALF), "user"),
    (chat(reasoning_effort=3), "reasoning_effort"),
    (chat(model=None), "model"),
    (chat(messages=None), "messages"),
    (TokenizeRequest(model="m", text=None), "text"),  # type: ignore[arg-type]
    (TokenizeRequest(model="m", text=HALF), "text"),
    (ModelRequest(model=None), "model"),  # type: ignore[arg-type]
    (ModelRequest(model=4), "model"),  # type: ignore[arg-type]
    (ModelRequest(model=HALF), "model"),
    # lists
    (chat(messages=5), "messages"),
    (chat(messages=[]), "messages"),
    (chat(messages=(x for x in ["Hi"])), "messages"),
    (chat(messages={"Hi"}), "messages"),
    (chat(messages=b"Hi"), "messages"),
    (chat(messages=[5]), "messages[0]"),
    (chat(messages=["Hi", None]), "messages[1]"),
    (chat(messages=[WebSource()]), "messages[0]"),
    (chat(messages=HALF), "messages[0].content"),
    (chat(stop=5), "stop"),
    (chat(stop=["a", 5]), "stop[1]"),
    (chat(stop=(s for s in "ab")), "stop"),
    (chat(stop=HALF), "stop[0]"),
    (chat(tools={"type": "function"}), "tools"),
    (chat(tools="search"), "tools"),
    (chat(tools=[5]), "tools[0]"),
    (chat(tools=[Message(role="user")]), "tools[0]"),
    # nested models
    (chat(messages=[Message(role=None)]), "messages[0].role"),  # type: ignore[arg-type]
    (chat(messages=[Message(role=5)]), "messages[0].role"),  # type: ignore[arg-type]
    (chat(messages=["a", "b", Message(role="user", content=5)]), "messages[2].content"),  # type: ignore[arg-type]
    (chat(messages=said([5])), "messages[0].content[0]"),
    (chat(messages=said(["Hi"])), "messages[0].content[0]"),
    (chat(messages=said(p for p in ())), "messages[0].content"),
    (chat(messages=said([ContentPart(type="text", text=5)])), "messages[0].content[0].text"),  # type: ignore[arg-type]
    (chat(messages=said([ContentPart(type="text", text=HALF)])), "messages[0].content[0].text"),
    (chat(messages=said([ContentPart(type=None)])), "messages[0].content[0].type"),  # type: ignore[arg-type]
    (
        chat(messages=said([ContentPart(type="file", text="a", file=FileRef(file_id="f"))])),
        "messages[0].content[0].file",
    ),
    (
        chat(messages=said([ContentPart(type="image_url", image_url=ImageUrl(url="u", file_id="f"))])),
        "messages[0].content[0].image_url.file_id",
    ),
    (
        chat(messages=[Message(role="assistant", tool_calls=[ToolCall(id=5)])]),  # type: ignore[arg-type]
        "messages[0].tool_calls[0].id",
    ),
    (
        chat(messages=[Message(role="assistant", tool_calls=[ToolCall(function=FunctionCall(name=1))])]),  # type: ignore[arg-type]
        "messages[0].tool_calls[0].function.name",
    ),
    (chat(tools=[FunctionTool(function=None)]), "tools[0].function"),  # type: ignore[arg-type]
    (chat(tools=[FunctionTool(function={"name": "f"})]), "tools[0].function.parameters"),
    (chat(tools=[FunctionTool(function={"name": "f", "parameters": "{}"})]), "tools[0].function.parameters"),
    (chat(tools=[FunctionTool(function=FunctionDefinition(name="f", parameters=[]))]), "tools[0].function.parameters"),  # type: ignore[arg-type]
    (chat(response_format="json"), "response_format"),
    (chat(response_format=ResponseFormat(type=None)), "response_format.type"),  # type: ignore[arg-type]
    (chat(response_format=ResponseFormat(type="json_schema", json_schema="{}")), "response_format.json_schema"),  # type: ignore[arg-type]
    (chat(search_parameters=SearchParameters(from_date=5)), "search_parameters.from_date"),  # type: ignore[arg-type]
    (chat(search_parameters=SearchParameters(to_date="tomorrow")), "search_parameters.to_date"),
    (chat(search_parameters=SearchParameters(sources=[RssSource(links=None)])), "search_parameters.sources[0].links"),  # type: ignore[arg-type]
    (chat(search_parameters=SearchParameters(sources=[RssSource(links="u")])), "search_parameters.sources[0].links"),
    (chat(tool_choice=5), "tool_choice"),
    (chat(tool_choice={"type": "function"}), "tool_choice"),
    (chat(tool_choice={"type": "function", "function": {"name": 5}}), "tool_choice"),
    (chat(tool_choice={"function": {"name": HALF}}), "tool_choice.function.name"),
    # plain dicts
    (chat(messages=[{"content": "Hi"}]), "messages[0].role"),
    (chat(messages=[{"role": "user", "content": 5}]), "messages[0].content"),
    (chat(messages=[{"role": 5}]), "messages[0].role"),
    (chat(messages=[{"role": "user", "name": ["a"]}]), "messages[0].name"),
    (chat(search_parameters={"max_search_results": "many"}), "search_parameters.max_search_results"),
    (chat(search_parameters={"sources": [{"type": "web", "country": 5}]}), "search_parameters.sources[0].country"),
    # other requests
    (SampleRequest(model="m", prompt=5), "prompt"),  # type: ignore[arg-type]
    (SampleRequest(model="m", prompt=["a", 5]), "prompt[1]"),  # type: ignore[list-item]
    (SampleRequest(model="m", prompt=HALF), "prompt"),
    (EmbeddingRequest(model="m", input=5), "input"),  # type: ignore[arg-type]
    (EmbeddingRequest(model="m", input=HALF), "input"),
    (EmbeddingRequest(model="m", input=["a", HALF]), "input[1]"),
    (EmbeddingRequest(model="m", input=["a", None]), "input[1]"),  # type: ignore[list-item]
    (EmbeddingRequest(model="m", input=[True]), "input[0]"),
    (EmbeddingRequest(model="m", input=(x for x in "ab")), "input"),  # type: ignore[arg-type]
    (ImageRequest(model="m", prompt="p", storage_options=StorageOptions(filename=None)), "storage_options.filename"),  # type: ignore[arg-type]
    (
        ImageRequest(model="m", prompt="p", storage_options=StorageOptions(filename="f", expires_after=2**63)),
        "storage_options.expires_after",
    ),
    (
        ImageRequest(model="m", prompt="p", storage_options=StorageOptions(filename="f", public_url="yes")),  # type: ignore[arg-type]
        "storage_options.public_url",
    ),
    (
        ImageRequest(
            model="m", prompt="p", storage_options=StorageOptions(filename="f", public_url={"expires_after": "x"})
        ),
        "storage_options.public_url.expires_after",
    ),
]


@pytest.mark.parametrize("send", [to_grpc, to_rest])
@pytest.mark.parametrize(("request_", "path"), WRONG, ids=[f"{i}-{path}" for i, (_, path) in enumerate(WRONG)])
def test_refused_on_both_wires(request_: Any, path: str, send: Any) -> None:
    with pytest.raises(UsageError) as caught:
        send(request_)
    assert caught.value.field == path
    assert str(caught.value).startswith(f"{path}: ")
    assert not isinstance(caught.value, UnsupportedOnTransport)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


ONE_SIDED: list[tuple[Any, str, Any, str]] = [
    # request, the wire that lacks it, how to send, path
    (chat(logit_bias={"1": 1}), "grpc", to_grpc, "logit_bias"),
    (chat(max_completion_tokens=5), "grpc", to_grpc, "max_completion_tokens"),
    (chat(stream_options=StreamOptions(include_usage=True)), "grpc", to_grpc, "stream_options"),
    (chat(tools=[{"type": "live_search", "sources": []}]), "grpc", to_grpc, "tools[0]"),
    (chat(tools=[LiveSearchTool(sources=[])]), "grpc", to_grpc, "tools[0]"),
    (chat(tools=[{"type": "new_tool"}]), "grpc", to_grpc, "tools[0]"),
    (
        chat(tools=[FunctionTool(function=FunctionDefinition(name="f", parameters={}, defer_loading=True))]),
        "grpc",
        to_grpc,
        "tools[0].function.defer_loading",
    ),
    (ImageRequest(model="m", prompt="p", output=ImageOutput(upload_urls=["u"])), "grpc", to_grpc, "output"),
    (SampleRequest(model="m", prompt="p", echo=True), "grpc", to_grpc, "echo"),
    (EmbeddingRequest(model="m", input="a", dimensions=5), "grpc", to_grpc, "dimensions"),
    (EmbeddingRequest(model="m", input=[1, 2]), "grpc", to_grpc, "input[0]"),
    (EmbeddingRequest(model="m", input=[[1], [2]]), "grpc", to_grpc, "input[0]"),
    (chat(max_turns=5), "rest", to_rest, "max_turns"),
    (chat(include=["inline_citations"]), "rest", to_rest, "include"),
    (chat(guidelines=[Guideline(policy=PolicyGuideline(category="nsfw"))]), "rest", to_rest, "guidelines"),
    (chat(messages=[Message(role="user", encrypted_content="x")]), "rest", to_rest, "messages[0].encrypted_content"),
    (
        chat(messages=said([ContentPart(type="image_url", image_url=ImageUrl(url="u", detail="low"))])),
        "rest",
        to_rest,
        "messages[0].content[0].image_url.detail",
    ),
    (
        chat(messages=said([ContentPart(type="file", file=FileRef(data=b"x"))])),
        "rest",
        to_rest,
        "messages[0].content[0].file.data",
    ),
    (ImageRequest(model="m", prompt="p", quality="low"), "rest", to_rest, "quality"),
    (SampleRequest(model="m", prompt="p", top_logprobs=2), "rest", to_rest, "top_logprobs"),
    (EmbeddingRequest(model="m", input=["a", {"url": "u"}]), "rest", to_rest, "input[1]"),
]


@pytest.mark.parametrize(
    ("request_", "lacking", "send", "path"), ONE_SIDED, ids=[f"{wire}-{path}" for _, wire, _, path in ONE_SIDED]
)
def test_one_sided_on_the_wrong_wire(request_: Any, lacking: str, send: Any, path: str) -> None:
    with pytest.raises(UnsupportedOnTransport) as caught:
        send(request_)
    assert caught.value.field == path
    assert caught.value.transport == lacking
    assert f"cannot be sent over {lacking}" in str(caught.value)
    other = to_grpc if send is to_rest else to_rest
    other(request_)


ON_BOTH = routed((op, route) for op, route in ROUTES if op.request and op.grpc)


@pytest.mark.parametrize(("op", "route"), ON_BOTH)
@settings(broad, max_examples=2)
@given(data=st.data())
def test_every_one_sided_field_of_a_request_is_refused_on_the_other_wire(
    op: ir.Operation, route: ir.RestRoute, data: st.DataObject
) -> None:
    request = data.draw(models(op.request or "", on_route(BOTH, route.shape)))
    record = operation(op)
    for field in API.models[op.request or ""].fields:
        if field.one_sided and not field.drop:
            codec = record.grpc.codec if field.one_sided == "rest" else record.rest[route.shape].codec
            with pytest.raises(UnsupportedOnTransport) as caught:
                codec.encode(attrs.evolve(request, **{field.name: object()}))
            assert caught.value.field == field.name


@pytest.mark.parametrize(("op", "route"), ON_BOTH)
@settings(broad, max_examples=2)
@given(data=st.data())
def test_wrong_types_are_refused_alike(op: ir.Operation, route: ir.RestRoute, data: st.DataObject) -> None:
    """What is no value of any field is refused on both wires, with the same words for the same field."""
    model = API.models[op.request or ""]
    request = data.draw(models(model.name, on_route(BOTH, route.shape)))
    record = operation(op)
    for field in model.fields:
        if field.one_sided or field.drop or slot_of(model, field, route.shape) is None:
            continue
        said = set()
        for codec in (record.grpc.codec, record.rest[route.shape].codec):
            with pytest.raises(UsageError) as caught:
                codec.encode(attrs.evolve(request, **{field.name: object()}))
            assert caught.value.field is not None
            said.add((caught.value.field.partition("[")[0].partition(".")[0], caught.value.field, str(caught.value)))
        assert {first for first, _, _ in said} == {field.name}
        assert len(said) == 1


ACCEPTED: list[Any] = [
    chat(messages=("Hi",)),
    chat(messages=[{"role": "user", "content": "Hi"}]),
    chat(messages={"role": "user", "content": "Hi"}),
    chat(messages=[{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]),
    chat(messages=["Hi", Message(role="assistant", content="Ho"), {"role": "user", "content": "Hi"}]),
    chat(stop=("a",)),
    chat(stop="a"),
    chat(temperature=1),
    chat(n=0, temperature=0, logprobs=False, user=""),
    chat(n=10**9, temperature=50.0),  # ranges are the server's
    chat(tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}]),
    chat(response_format={"type": "json_object"}),
    chat(messages="Grüße 👋"),
]


@pytest.mark.parametrize("request_", ACCEPTED, ids=range(len(ACCEPTED)))
def test_accepted_on_both_wires(request_: Any) -> None:
    assert to_grpc(request_).model == to_rest(request_).body["model"] == "grok-4"


def test_explicit_zeros_are_sent() -> None:
    request = chat(n=0, temperature=0, logprobs=False, user="")
    sent = to_grpc(request)
    assert all(sent.HasField(name) for name in ("n", "temperature"))
    body = to_rest(request).body
    assert {k: body[k] for k in ("n", "temperature", "logprobs", "user")} == {
        "n": 0,
        "temperature": 0,
        "logprobs": False,
        "user": "",
    }


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (chat(messages=[{"role": "user", "content": "Hi", "mood": 5}]), "messages[0].mood"),
        (chat(search_parameters={"depth": [1]}), "search_parameters.depth"),
        (ChatRequest.from_dict({"model": "grok-4", "messages": [{"role": "user", "content": "Hi"}], "new": 1}), "new"),
    ],
)
def test_unknown_properties_go_over_rest_only(request_: Any, path: str) -> None:
    with pytest.raises(UsageError) as caught:
        to_grpc(request_)
    assert caught.value.field == path
    body: Any = to_rest(request_).body
    for step in path.replace("[0]", ".0").split("."):
        body = body[int(step) if step.isdecimal() else step]
    assert body in (5, [1], 1)


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (chat(reasoning_effort="extreme"), "reasoning_effort"),
        (chat(messages=[Message(role="narrator", content="Hi")]), "messages[0].role"),
        (chat(reasoning_effort="#--5"), "reasoning_effort"),
        (chat(reasoning_effort="#"), "reasoning_effort"),
        (chat(reasoning_effort="#²"), "reasoning_effort"),
        (chat(reasoning_effort="#99999999999"), "reasoning_effort"),
        (chat(reasoning_effort=f"#{2**31}"), "reasoning_effort"),
        (chat(service_tier="fast"), "service_tier"),
    ],
)
def test_unknown_enum_values_go_over_rest_only(request_: Any, path: str) -> None:
    with pytest.raises(UsageError) as caught:
        to_grpc(request_)
    assert caught.value.field == path
    assert to_rest(request_).body


@pytest.mark.parametrize("model", ["", ".", ".."])
def test_path_segments_that_name_nothing(model: str) -> None:
    with pytest.raises(UsageError) as caught:
        to_rest(ModelRequest(model=model))
    assert caught.value.field == "model"


def test_path_segments_are_encoded() -> None:
    assert to_rest(ModelRequest(model="a/b?c#d é%")).path == "/v1/language-models/a%2Fb%3Fc%23d%20%C3%A9%25"
