"""The forms that callers may use, with the protobuf and the JSON that they become, written out."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict

from xai_dual import assistant, file, image, system, tool, tool_result, user
from xai_dual.errors import UsageError
from xai_dual.types.chat import (
    ChatCompletion,
    ContentPart,
    FileRef,
    FunctionCall,
    ImageUrl,
    Message,
    NewsSource,
    ResponseFormat,
    RssSource,
    SearchParameters,
    ToolCall,
    WebSource,
    XSource,
)
from xai_dual.types.completions import SampleRequest
from xai_dual.types.embeddings import EmbeddingRequest
from xai_dual.types.images import ImageRequest, StorageOptions

from .test_checks import chat, to_grpc, to_rest


def grpc_form(request: Any) -> Any:
    return MessageToDict(to_grpc(request), preserving_proto_field_name=True)


CHAT = {"model": "grok-4", "messages": [{"role": "ROLE_USER", "content": [{"text": "Hi"}]}]}
CHAT_JSON = {"model": "grok-4", "messages": [{"role": "user", "content": "Hi"}], "stream": False}
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}

FIELDS: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    # arguments, what they add to protobuf, what they add to JSON
    ({}, {}, {}),
    ({"stop": "END"}, {"stop": ["END"]}, {"stop": ["END"]}),
    ({"stop": ("a", "b")}, {"stop": ["a", "b"]}, {"stop": ["a", "b"]}),
    ({"stop": []}, {}, {"stop": []}),
    ({"temperature": 0.7}, {"temperature": 0.7}, {"temperature": 0.7}),
    ({"n": 2, "seed": -1}, {"n": 2, "seed": -1}, {"n": 2, "seed": -1}),
    ({"reasoning_effort": "low"}, {"reasoning_effort": "EFFORT_LOW"}, {"reasoning_effort": "low"}),
    ({"tool_choice": "auto"}, {"tool_choice": {"mode": "TOOL_MODE_AUTO"}}, {"tool_choice": "auto"}),
    ({"tool_choice": "none"}, {"tool_choice": {"mode": "TOOL_MODE_NONE"}}, {"tool_choice": "none"}),
    ({"tool_choice": "required"}, {"tool_choice": {"mode": "TOOL_MODE_REQUIRED"}}, {"tool_choice": "required"}),
    (
        {"tool_choice": {"type": "function", "function": {"name": "f"}}},
        {"tool_choice": {"function_name": "f"}},
        {"tool_choice": {"type": "function", "function": {"name": "f"}}},
    ),
    (
        {"tools": [tool("f", "does it", SCHEMA, strict=True)]},
        {
            "tools": [
                {
                    "function": {
                        "name": "f",
                        "description": "does it",
                        "parameters": '{"type":"object","properties":{"a":{"type":"integer"}}}',
                        "strict": True,
                    }
                }
            ]
        },
        {
            "tools": [
                {
                    "type": "function",
                    "function": {"name": "f", "description": "does it", "parameters": SCHEMA, "strict": True},
                }
            ]
        },
    ),
    (
        {"response_format": ResponseFormat(type="text")},
        {"response_format": {"format_type": "FORMAT_TYPE_TEXT"}},
        {"response_format": {"type": "text"}},
    ),
    (
        {"response_format": {"type": "json_object"}},
        {"response_format": {"format_type": "FORMAT_TYPE_JSON_OBJECT"}},
        {"response_format": {"type": "json_object"}},
    ),
    (
        {
            "response_format": ResponseFormat(
                type="json_schema", json_schema={"name": "x", "schema": SCHEMA, "strict": True}
            )
        },
        {
            "response_format": {
                "format_type": "FORMAT_TYPE_JSON_SCHEMA",
                "schema": '{"type":"object","properties":{"a":{"type":"integer"}}}',
            }
        },
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA, "strict": True}}},
    ),
    (
        {
            "search_parameters": SearchParameters(
                mode="on",
                from_date="2026-01-01",
                to_date="2026-01-31",
                max_search_results=3,
                return_citations=False,
                sources=[
                    WebSource(allowed_websites=["x.ai"], country="CH", safe_search=True),
                    NewsSource(excluded_websites=["a.b"]),
                    XSource(included_x_handles=["xai"], post_view_count=5),
                    {"type": "rss", "links": ["https://a/rss"]},
                ],
            )
        },
        {
            "search_parameters": {
                "mode": "ON_SEARCH_MODE",
                "from_date": "2026-01-01T00:00:00Z",
                "to_date": "2026-01-31T00:00:00Z",
                "max_search_results": 3,
                "sources": [
                    {"web": {"allowed_websites": ["x.ai"], "country": "CH", "safe_search": True}},
                    {"news": {"excluded_websites": ["a.b"]}},
                    {"x": {"included_x_handles": ["xai"], "post_view_count": 5}},
                    {"rss": {"links": ["https://a/rss"]}},
                ],
            }
        },
        {
            "search_parameters": {
                "mode": "on",
                "from_date": "2026-01-01",
                "to_date": "2026-01-31",
                "max_search_results": 3,
                "return_citations": False,
                "sources": [
                    {"type": "web", "allowed_websites": ["x.ai"], "country": "CH", "safe_search": True},
                    {"type": "news", "excluded_websites": ["a.b"]},
                    {"type": "x", "included_x_handles": ["xai"], "post_view_count": 5},
                    {"type": "rss", "links": ["https://a/rss"]},
                ],
            }
        },
    ),
    (
        {"search_parameters": SearchParameters(sources=[WebSource(), RssSource(links=["u"])])},
        {  # what REST takes where nothing is said, and protobuf would take for its zero
            "search_parameters": {
                "mode": "AUTO_SEARCH_MODE",
                "return_citations": True,
                "sources": [{"web": {}}, {"rss": {"links": ["u"]}}],
            }
        },
        {"search_parameters": {"sources": [{"type": "web"}, {"type": "rss", "links": ["u"]}]}},
    ),
]


@pytest.mark.parametrize(("arguments", "proto", "json"), FIELDS, ids=[" ".join(a) or "none" for a, _, _ in FIELDS])
def test_fields_of_a_chat(arguments: dict[str, Any], proto: dict[str, Any], json: dict[str, Any]) -> None:
    assert grpc_form(chat(**arguments)) == {**CHAT, **proto}
    assert to_rest(chat(**arguments)).body == {**CHAT_JSON, **json}


PNG = b"\x89PNG\r\n\x1a\n"
ANSWER = ChatCompletion.from_dict(
    {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Ho", "reasoning_content": "Hm"}}]}
)
CALL = ToolCall(id="c1", type="function", function=FunctionCall(name="f", arguments='{"a":1}'))

MESSAGES: list[tuple[Any, dict[str, Any], dict[str, Any]]] = [
    # message, as protobuf, as JSON
    ("Hi", {"role": "ROLE_USER", "content": [{"text": "Hi"}]}, {"role": "user", "content": "Hi"}),
    ("", {"role": "ROLE_USER", "content": [{"text": ""}]}, {"role": "user", "content": ""}),
    (
        user("Hi", name="Ann"),
        {"role": "ROLE_USER", "content": [{"text": "Hi"}], "name": "Ann"},
        {"role": "user", "content": "Hi", "name": "Ann"},
    ),
    (system("Be"), {"role": "ROLE_SYSTEM", "content": [{"text": "Be"}]}, {"role": "system", "content": "Be"}),
    (
        user("What?", image("https://a/b.png")),
        {"role": "ROLE_USER", "content": [{"text": "What?"}, {"image_url": {"image_url": "https://a/b.png"}}]},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What?"},
                {"type": "image_url", "image_url": {"url": "https://a/b.png"}},
            ],
        },
    ),
    (
        user(image(PNG)),
        {"role": "ROLE_USER", "content": [{"image_url": {"image_url": "data:image/png;base64,iVBORw0KGgo="}}]},
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}],
        },
    ),
    (
        Message(role="user", content=[ContentPart(type="image_url", image_url=ImageUrl(file_id="f1"))]),
        {"role": "ROLE_USER", "content": [{"image_url": {"file_id": "f1"}}]},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"file_id": "f1"}}]},
    ),
    (
        user(file("f1"), file(url="https://a/b.pdf")),
        {"role": "ROLE_USER", "content": [{"file": {"file_id": "f1"}}, {"file": {"url": "https://a/b.pdf"}}]},
        {
            "role": "user",
            "content": [
                {"type": "file", "file": {"file_id": "f1"}},
                {"type": "file", "file": {"url": "https://a/b.pdf"}},
            ],
        },
    ),
    (
        {"role": "user", "content": ({"type": "text", "text": "Hi"}, ContentPart(type="file", file=FileRef(url="u")))},
        {"role": "ROLE_USER", "content": [{"text": "Hi"}, {"file": {"url": "u"}}]},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "file", "file": {"url": "u"}}]},
    ),
    (
        assistant(tool_calls=[CALL]),
        {
            "role": "ROLE_ASSISTANT",
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "TOOL_CALL_TYPE_CLIENT_SIDE_TOOL",
                    "function": {"name": "f", "arguments": '{"a":1}'},
                }
            ],
        },
        {
            "role": "assistant",
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}],
        },
    ),
    (
        tool_result({"sum": 3}, tool_call_id="c1"),
        {"role": "ROLE_TOOL", "content": [{"text": '{"sum":3}'}], "tool_call_id": "c1"},
        {"role": "tool", "content": '{"sum":3}', "tool_call_id": "c1"},
    ),
    (
        ANSWER,
        {"role": "ROLE_ASSISTANT", "content": [{"text": "Ho"}], "reasoning_content": "Hm"},
        {"role": "assistant", "content": "Ho", "reasoning_content": "Hm"},
    ),
    (
        ANSWER.choices[0].message,
        {"role": "ROLE_ASSISTANT", "content": [{"text": "Ho"}], "reasoning_content": "Hm"},
        {"role": "assistant", "content": "Ho", "reasoning_content": "Hm"},
    ),
]


@pytest.mark.parametrize(("given", "proto", "json"), MESSAGES, ids=range(len(MESSAGES)))
def test_messages(given: Any, proto: dict[str, Any], json: dict[str, Any]) -> None:
    before = [assistant(tool_calls=[CALL])] if proto["role"] == "ROLE_TOOL" else []  # results answer calls
    request = chat(messages=[*before, given])
    assert grpc_form(request)["messages"][len(before) :] == [proto]
    assert to_rest(request).body["messages"][len(before) :] == [json]


def test_tool_call_pieces_of_a_rest_stream_go_on_over_both_wires() -> None:
    """A folded REST answer has the `index` of its tool calls; REST takes it back, gRPC has no use for it."""
    call = ToolCall.from_dict({**CALL.to_dict(), "index": 0})
    message = Message(role="assistant", tool_calls=[call])
    assert "index" not in grpc_form(chat(messages=[message]))["messages"][0]["tool_calls"][0]
    assert to_rest(chat(messages=[message])).body["messages"][0]["tool_calls"][0]["index"] == 0


def test_parts_of_grpc_alone() -> None:
    content = [
        ContentPart(type="image_url", image_url=ImageUrl(url="u", detail="high")),
        ContentPart(type="file", file=FileRef(data=b"abc", filename="a.txt", mime_type="text/plain")),
    ]
    assert grpc_form(chat(messages=[Message(role="user", content=content)]))["messages"][0]["content"] == [
        {"image_url": {"image_url": "u", "detail": "DETAIL_HIGH"}},
        {"file": {"data": "YWJj", "filename": "a.txt", "mime_type": "text/plain"}},
    ]


@pytest.mark.parametrize(
    ("value", "proto", "json"),
    [
        (None, {}, {}),
        (True, {"public_url": {}}, {"public_url": True}),
        (False, {}, {"public_url": False}),
        ({}, {"public_url": {}}, {"public_url": {}}),
        ({"expires_after": 60}, {"public_url": {"expires_after": "60"}}, {"public_url": {"expires_after": 60}}),
    ],
)
def test_public_urls(value: Any, proto: dict[str, Any], json: dict[str, Any]) -> None:
    options = StorageOptions(filename="a.png", expires_after=5, public_url=value)
    request = ImageRequest(model="m", prompt="p", storage_options=options)
    assert grpc_form(request)["storage_options"] == {"filename": "a.png", "expires_after": "5", **proto}
    assert to_rest(request).body["storage_options"] == {"filename": "a.png", "expires_after": 5, **json}


def test_unknown_options_of_public_urls_go_over_rest_only() -> None:
    request = ImageRequest(model="m", prompt="p", storage_options=StorageOptions(filename="f", public_url={"new": 1}))
    assert to_rest(request).body["storage_options"]["public_url"] == {"new": 1}
    with pytest.raises(UsageError) as caught:
        to_grpc(request)
    assert caught.value.field == "storage_options.public_url.new"


EMBEDDINGS: list[tuple[Any, Any, Any]] = [
    # input, as protobuf, as JSON; None where the wire cannot carry it
    ("a", [{"string": "a"}], "a"),
    (["a", "b"], [{"string": "a"}, {"string": "b"}], ["a", "b"]),
    (("a",), [{"string": "a"}], ["a"]),
    ([1, 2], None, [1, 2]),
    ([[1], [2, 3]], None, [[1], [2, 3]]),
    ([{"url": "u"}], [{"image_url": {"image_url": "u"}}], None),
    (
        ["a", {"file_id": "f", "detail": "low"}],
        [{"string": "a"}, {"image_url": {"file_id": "f", "detail": "DETAIL_LOW"}}],
        None,
    ),
]


@pytest.mark.parametrize(("given", "proto", "json"), EMBEDDINGS, ids=range(len(EMBEDDINGS)))
def test_embedding_inputs(given: Any, proto: Any, json: Any) -> None:
    request = EmbeddingRequest(model="m", input=given)
    if proto is not None:
        assert grpc_form(request) == {"model": "m", "input": proto}
    if json is not None:
        assert to_rest(request).body == {"model": "m", "input": json}


@pytest.mark.parametrize("item", [{}, {"url": 5}, {"url": "u", "new": 1}, {"url": "u", "file_id": "f"}])
def test_embedding_images_refused(item: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        to_grpc(EmbeddingRequest(model="m", input=["a", item]))
    assert caught.value.field is not None
    assert caught.value.field.startswith("input[1].")


@pytest.mark.parametrize(("given", "proto"), [("a", ["a"]), (["a", "b"], ["a", "b"]), ([], None)])
def test_prompts(given: Any, proto: Any) -> None:
    request = SampleRequest(model="m", prompt=given)
    assert grpc_form(request).get("prompt") == proto
    assert to_rest(request).body == {"model": "m", "prompt": given, "stream": False}
