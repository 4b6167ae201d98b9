"""Errors of gateways, in each form that they send them in."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from xai_dual import (
    ApiError,
    AsyncClient,
    AuthenticationError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    StreamInterrupted,
    XaiError,
)

from ..kit import SUM, TEXT, Gateway, fault

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(gateway: Gateway, anyio_backend: str) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(**gateway.options(max_retries=0)) as one:
        yield one


async def refused(client: AsyncClient, **how: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await client.chat.create(**{**SUM, **how})
    with pytest.raises(type(caught.value)):  # and the same before the first event of a stream
        async with client.chat.stream(**{**SUM, **how}):
            pass
    assert caught.value.request_id is None
    assert caught.value.grpc_status is None
    return caught.value


@pytest.mark.parametrize("key", ["sk-wrong", "xai-emulator-key"])
async def test_need_34_a_wrong_key(gateway: Gateway, key: str) -> None:
    async with AsyncClient(**{**gateway.options(max_retries=0), "api_key": key}) as client:
        error = await refused(client)
    assert type(error) is AuthenticationError
    assert (error.http_status, error.code) == (401, "unauthenticated")
    assert error.message == "The API key is invalid."
    assert error.body["error"]["type"] == "authentication_error"
    assert error.slug == (None if gateway.name == "maxtoken" else "invalid_api_key")


async def test_need_34_no_money(gateway: Gateway) -> None:
    key = gateway.server.empty_gateway_key
    async with AsyncClient(**{**gateway.options(max_retries=0), "api_key": key}) as client:
        error = await refused(client)
    assert type(error) is PermissionDeniedError
    assert (error.http_status, error.code) == (403, "permission_denied")
    assert error.message == "Your account balance is insufficient."


async def test_need_34_content_policy(client: AsyncClient, gateway: Gateway) -> None:
    """The body says 503 and the status 400: it is the request that is wrong, and it is not sent again."""
    if gateway.name != "maxtoken":
        assert (await client.chat.create(**{**SUM, "messages": "Moderate: x"})).text
        return
    again = client.with_options(max_retries=3)
    with pytest.raises(InvalidRequestError) as caught:
        await again.chat.create(**{**SUM, "messages": "Moderate: x"})
    error = caught.value
    assert (error.http_status, error.code, error.attempts) == (400, "invalid_argument", 1)
    assert error.message == "The request was refused by the content policy."
    assert error.body["error"]["code"] == "503"


@pytest.mark.parametrize("code", [503, "503"])
async def test_need_34_the_status_decides(client: AsyncClient, code: Any) -> None:
    body = json.dumps({"error": {"message": "no", "type": "server_error", "param": None, "code": code}})
    error = await refused(client, headers=fault("error", http=400, body=body))
    assert type(error) is InvalidRequestError
    assert (error.code, error.message) == ("invalid_argument", "no")


async def test_need_34_an_unknown_model(client: AsyncClient) -> None:
    error = await refused(client, model="gpt-9")
    assert type(error) is NotFoundError
    assert error.message == "The model gpt-9 does not exist."


async def test_need_34_a_wrong_body(client: AsyncClient) -> None:
    error = await refused(client, extra_body={"max_tokens": "many"})
    assert type(error) is InvalidRequestError
    assert "max_tokens" in error.message


STATUSES: list[tuple[int, type[XaiError]]] = [
    (400, InvalidRequestError),
    (401, AuthenticationError),
    (403, PermissionDeniedError),
    (404, NotFoundError),
    (429, RateLimitError),
    (498, OverloadedError),
    (500, ServerError),
    (502, ServerError),
    (503, OverloadedError),
]
FORMS: dict[str, tuple[Any, str | None]] = {
    "nested": ({"error": {"message": "Sorry.", "type": "t", "param": None, "code": "some_code"}}, "some_code"),
    "nested, numbered": ({"error": {"message": "Sorry.", "type": "t", "param": "model", "code": 1234}}, None),
    "nested, nulls": ({"error": {"message": "Sorry.", "type": None, "param": None, "code": None}}, None),
    "nested, no code": ({"error": {"message": "Sorry.", "type": "t"}}, None),
    "flat": ({"code": "some_code", "error": "Sorry."}, "some_code"),
    "flat message": ({"message": "Sorry.", "code": "some_code"}, "some_code"),
    "detail": ({"detail": "Sorry."}, None),
    "text": ("Sorry.", None),
    "html": ("<html><head><title>Sorry.</title></head><body><h1>x</h1></body></html>", None),
}


@pytest.mark.parametrize("form", FORMS)
async def test_need_34_each_form_with_each_status(client: AsyncClient, form: str) -> None:
    body, slug = FORMS[form]
    text = body if isinstance(body, str) else json.dumps(body)
    kind = "application/json" if isinstance(body, dict) else "text/html" if text[0] == "<" else "text/plain"
    for status, cls in STATUSES:
        error = await refused(client, headers=fault("error", http=status, body=text, content_type=kind))
        assert type(error) is cls, status
        assert (error.http_status, error.message, error.slug, error.body) == (status, "Sorry.", slug, body)


async def test_need_34_an_empty_body(client: AsyncClient) -> None:
    error = await refused(client, headers=fault("error", http=500, body=""))
    assert type(error) is ServerError
    assert error.message == "The server answered with HTTP status 500 and no message."


@pytest.mark.parametrize(
    ("body", "cls"),
    [
        ({"error": {"message": "Sorry.", "type": "t", "code": "403"}}, PermissionDeniedError),
        ({"error": {"message": "Sorry.", "type": "rate_limit_error", "code": None}}, RateLimitError),
        ({"error": {"message": "Sorry.", "code": 503}}, OverloadedError),
        ({"code": "invalid-argument", "error": "Sorry."}, InvalidRequestError),
        ({"error": {"message": "Sorry."}}, ServerError),
    ],
    ids=["nested", "by its type", "numbered", "flat", "says nothing"],
)
async def test_need_34_an_error_with_status_200(client: AsyncClient, body: dict[str, Any], cls: type[XaiError]) -> None:
    error = await refused(client, headers=fault("error", http=200, body=json.dumps(body)))
    assert type(error) is cls
    assert (error.http_status, error.message, error.body) == (200, "Sorry.", body)


async def test_need_34_limits_are_waited_for(client: AsyncClient, gateway: Gateway) -> None:
    hint = fault("error", code="RESOURCE_EXHAUSTED", headers={"retry-after": "0"}, times=1, id=gateway.key)
    answer = await client.chat.create(**SUM, headers=hint, max_retries=2)
    assert (answer.text, answer.meta.attempts) == (TEXT, 2)
    assert [call.outcome for call in gateway.calls()] == ["failed", "finished"]


async def test_need_34_an_error_within_a_stream(client: AsyncClient) -> None:
    with pytest.raises(StreamInterrupted) as caught:
        async with client.chat.stream(**SUM, headers=fault("error", code="INTERNAL", after_chunks=3)) as stream:
            [chunk async for chunk in stream]
    cause = caught.value.__cause__
    assert type(cause) is ServerError
    assert cause.message == "The emulator was told to fail."
    assert caught.value.partial.text == "101 multiplied"
