from __future__ import annotations

import builtins
import copy
import inspect
import pickle
from typing import Any

import pytest

from xai_dual import _policy, errors
from xai_dual._policy import error_from_grpc, error_from_http, error_from_payload
from xai_dual._retry import RetryBudget, failure_of, retry_after, retry_delay, should_retry
from xai_dual.meta import Meta

ALL = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, errors.XaiError)]

BY_STATUS = {
    errors.InvalidRequestError: (400, 405, 413, 415, 422),
    errors.AuthenticationError: (401,),
    errors.PermissionDeniedError: (403,),
    errors.NotFoundError: (404,),
    errors.ConflictError: (409,),
    errors.RateLimitError: (429,),
    errors.OverloadedError: (498, 503, 529),
    errors.ServerError: (408, 500, 501, 502, 504, 520, 522, 524, 530),
}
BY_CODE = {
    errors.InvalidRequestError: "INVALID_ARGUMENT FAILED_PRECONDITION OUT_OF_RANGE",
    errors.AuthenticationError: "UNAUTHENTICATED",
    errors.PermissionDeniedError: "PERMISSION_DENIED",
    errors.NotFoundError: "NOT_FOUND",
    errors.ConflictError: "ALREADY_EXISTS ABORTED",
    errors.RateLimitError: "RESOURCE_EXHAUSTED",
    errors.OverloadedError: "UNAVAILABLE",
    errors.ServerError: "INTERNAL UNKNOWN DATA_LOSS UNIMPLEMENTED CANCELLED DEADLINE_EXCEEDED",
}


def sample(cls: type[errors.XaiError]) -> errors.XaiError:
    meta = Meta(transport="rest", route="POST /v1/x", headers={"a": "b"})
    facts: dict[str, Any] = {"attempts": 2, "meta": meta}
    if issubclass(cls, errors.ApiError):
        facts |= {
            "code": "not_found",
            "slug": "a:b",
            "http_status": 404,
            "request_id": "r",
            "retry_after": 1.5,
            "body": {"a": [1]},
        }
    if issubclass(cls, errors.TimeoutError):
        facts |= {"timer": "idle"}
    if issubclass(cls, errors.StreamError):
        facts |= {"partial": ["so", "far"]}
    if issubclass(cls, errors.UsageError):
        facts |= {"field": "messages[0]"}
    return cls(message="no", **facts)


@pytest.mark.parametrize("cls", ALL)
def test_every_error_survives(cls: type[errors.XaiError]) -> None:
    error = sample(cls)
    error.__cause__ = errors.ConnectError("below")
    for twin in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error), copy.copy(error)):
        assert type(twin) is cls
        assert str(twin) == str(error)
        assert vars(twin) == vars(error)
        assert isinstance(twin.__cause__, errors.ConnectError)
    error.__cause__ = type("Local", (Exception,), {})()
    assert pickle.loads(pickle.dumps(error)).__cause__ is None


def test_tree() -> None:
    assert issubclass(errors.TimeoutError, builtins.TimeoutError)
    assert issubclass(errors.UsageError, ValueError)
    assert issubclass(errors.UnsupportedOnTransport, errors.UsageError)
    assert {cls.__name__ for cls in ALL} == set(errors.__all__)


def test_text() -> None:
    error = error_from_http(404, {"x-request-id": "req-9"}, b'{"code":"not-found","error":"The model x was not found"}')
    assert str(error) == "not_found: The model x was not found (HTTP 404, request id req-9)"
    assert "gRPC NOT_FOUND" in str(error_from_grpc("NOT_FOUND", "no"))


def test_at() -> None:
    error = errors.UsageError("must be a string", field="content")
    there = error.at("messages[2]")
    assert str(there) == "messages[2].content: must be a string"
    assert (there.field, error.field) == ("messages[2].content", "content")
    assert errors.UsageError("bad", field="[3]").at("items").field == "items[3]"
    assert errors.UsageError("bad").at("items").field == "items"
    other = errors.UnsupportedOnTransport("tools", "grpc", "why").at("request")
    assert type(other) is errors.UnsupportedOnTransport
    assert (other.field, other.transport, other.why) == ("request.tools", "grpc", "why")


@pytest.mark.parametrize(("status", "cls"), [(s, cls) for cls, group in BY_STATUS.items() for s in group])
def test_http_status(status: int, cls: type[errors.ApiError]) -> None:
    for body in (b"", b"<html><title>Bad\n gateway</title></html>", b"plain", b"[1]", b'"text"', b'{"a": 1}'):
        error = error_from_http(status, {}, body)
        assert type(error) is cls
        assert error.http_status == status
        assert error.message
    assert error_from_http(status, {}, b"<html><title>Bad\n gateway</title></html>").message == "Bad gateway"


@pytest.mark.parametrize(("name", "cls"), [(n, cls) for cls, names in BY_CODE.items() for n in names.split()])
def test_grpc_status(name: str, cls: type[errors.ApiError]) -> None:
    error = error_from_grpc(name, "it failed", {"x-request-id": "r"})
    assert type(error) is cls
    assert isinstance(error, errors.ApiError)
    assert (error.code, error.grpc_status, error.http_status) == (name.lower(), name, None)
    assert (error.message, error.request_id) == ("it failed", "r")


@pytest.mark.parametrize(
    ("body", "code", "slug", "message"),
    [
        (b'{"code":"Client specified an invalid argument","error":"m"}', "invalid_argument", None, "m"),
        (b'{"code":"invalid-argument","error":"m"}', "invalid_argument", None, "m"),
        (b'{"code":3,"error":"m"}', "invalid_argument", None, "m"),
        (b'{"code":"400","error":"m"}', "invalid_argument", None, "m"),
        (b'{"code":9,"message":"m","details":[]}', "failed_precondition", None, "m"),
        (b'{"code":"503","error":"m"}', "invalid_argument", None, "m"),
        (
            b'{"error":{"message":"m","type":"invalid_request_error","code":"invalid_image"}}',
            "invalid_argument",
            "invalid_image",
            "m",
        ),
        (b'{"error":{"message":"m","code":null}}', "invalid_argument", None, "m"),
        (b'{"error":"m [WKE=a:b]"}', "invalid_argument", "a:b", "m"),
        (b"Failed to deserialize the JSON body", "invalid_argument", None, "Failed to deserialize the JSON body"),
    ],
)
def test_bodies(body: bytes, code: str, slug: str | None, message: str) -> None:
    error = error_from_http(400, {}, body)
    assert type(error) is errors.InvalidRequestError
    assert (error.code, error.slug, error.message) == (code, slug, message)


@pytest.mark.parametrize(
    ("status", "name", "text", "code"),
    [
        (400, "INVALID_ARGUMENT", "Incorrect API key provided: xa***.", "invalid-argument"),
        (400, "INVALID_ARGUMENT", "The API key is invalid", None),
        (403, "PERMISSION_DENIED", "Rejected. [WKE=unauthenticated:bad-credentials]", None),
        (401, "UNAUTHENTICATED", "No credentials. [WKE=unauthenticated:no-credentials]", None),
    ],
)
def test_wrong_key(status: int, name: str, text: str, code: str | None) -> None:
    import orjson

    rest = error_from_http(status, {}, orjson.dumps({"code": code, "error": text}))
    grpc = error_from_grpc(name, text)
    assert isinstance(grpc, errors.ApiError)
    for error in (rest, grpc):
        assert type(error) is errors.AuthenticationError
        assert error.code == "unauthenticated"
    assert (rest.slug, rest.message) == (grpc.slug, grpc.message)


def test_codes_that_say_the_key_is_wrong() -> None:
    for code in ("unauthenticated:bad-credentials", "The request does not have valid authentication credentials"):
        body = b'{"code": "%s", "error": "no"}' % code.encode()
        assert type(error_from_http(403, {}, body)) is errors.AuthenticationError
        assert type(error_from_http(404, {}, body)) is errors.NotFoundError
    for slug in ("personal-team-blocked:spending-limit", "unauthorized:blocked-user"):
        error = error_from_http(403, {}, b'{"code": "%s", "error": "no"}' % slug.encode())
        assert type(error) is errors.PermissionDeniedError
        assert error.slug == slug
    assert (
        type(error_from_http(400, {}, b'{"error": "prompt: what does invalid API key mean?"}'))
        is errors.InvalidRequestError
    )


@pytest.mark.parametrize(
    ("payload", "cls", "slug"),
    [
        ({"code": "unavailable", "error": "busy"}, errors.OverloadedError, None),
        ({"error": {"message": "busy", "code": 429}}, errors.RateLimitError, None),
        ({"type": "error", "status": 400, "error": {"code": "x_y", "message": "m"}}, errors.InvalidRequestError, "x_y"),
        ({"type": "error", "error": {"type": "overloaded_error", "message": "m"}}, errors.OverloadedError, None),
        ({"type": "error", "code": None, "message": "m"}, errors.ServerError, None),
    ],
)
def test_payloads(payload: dict[str, Any], cls: type[errors.ApiError], slug: str | None) -> None:
    error = error_from_payload(payload)
    assert type(error) is cls
    assert (error.slug, error.http_status) == (slug, 200)


@pytest.mark.parametrize(
    ("status", "details", "ready", "cls", "failure"),
    [
        (
            "UNAVAILABLE",
            "failed to connect to all addresses; last error: refused",
            False,
            errors.ConnectError,
            "never_sent",
        ),
        (
            "UNAVAILABLE",
            "failed to connect to all addresses; last error: refused",
            True,
            errors.TransportError,
            "maybe_processed",
        ),
        ("UNAVAILABLE", "errors resolving x:443: [...]", False, errors.ConnectError, "never_sent"),
        ("UNAVAILABLE", "DNS resolution failed for x", False, errors.ConnectError, "never_sent"),
        (
            "UNAVAILABLE",
            "failed to connect to all addresses; Tls handshake failed",
            False,
            errors.TlsError,
            "never_sent",
        ),
        ("UNAVAILABLE", "Stream removed (Socket closed)", True, errors.TransportError, "maybe_processed"),
        ("UNAVAILABLE", "recvmsg:Connection reset by peer", True, errors.TransportError, "maybe_processed"),
        (
            "UNAVAILABLE",
            "Stream removed (RST_STREAM (Received RST_STREAM with error code 7))",
            True,
            errors.TransportError,
            "never_sent",
        ),
        (
            "UNAVAILABLE",
            "Stream removed (GOAWAY received; Error code: 0; Debug Text: )",
            True,
            errors.TransportError,
            "never_sent",
        ),
        (
            "UNAVAILABLE",
            "Stream removed (Socket closed (GOAWAY received; Error code: 0; Debug Text: ))",
            True,
            errors.TransportError,
            "maybe_processed",
        ),
        ("INTERNAL", "Received RST_STREAM with error code 2", True, errors.TransportError, "maybe_processed"),
        (
            "RESOURCE_EXHAUSTED",
            "CLIENT: Received message larger than max (5 vs. 4)",
            True,
            errors.MessageTooLargeError,
            "final",
        ),
        ("UNIMPLEMENTED", "Received http2 header with status: 404", True, errors.NotFoundError, "final"),
        ("UNAVAILABLE", "the model is busy", True, errors.OverloadedError, "maybe_processed"),
        ("RESOURCE_EXHAUSTED", "too many requests", True, errors.RateLimitError, "refused"),
    ],
)
def test_what_grpc_says_itself(status: str, details: str, ready: bool, cls: type, failure: str) -> None:
    error = error_from_grpc(status, details, ready=ready)
    assert type(error) is cls
    assert failure_of(error) == failure


def test_retry_table() -> None:
    refused = [error_from_http(s, {}, b"") for s in (429, 498, 529)] + [error_from_http(503, {"retry-after": "1"}, b"")]
    maybe = [error_from_http(s, {}, b"") for s in (408, 409, 500, 502, 503, 504, 520, 524, 530)]
    final = [error_from_http(s, {}, b"") for s in (301, 400, 401, 403, 404, 405, 413, 415, 422, 501)]
    for group, failure in ((refused, "refused"), (maybe, "maybe_processed"), (final, "final")):
        assert {failure_of(error) for error in group} == {failure}
    hinted = error_from_grpc("UNAVAILABLE", "x", {"grpc-retry-pushback-ms": "100"})
    assert failure_of(hinted) == "refused"
    assert retry_delay(hinted, 0, lambda: 1.0) == 0.1
    assert failure_of(error_from_grpc("RESOURCE_EXHAUSTED", "x", {"grpc-retry-pushback-ms": "-1"})) == "final"
    timers = {name: failure_of(errors.TimeoutError(timer=name)) for name in ("connect", "pool", "first_event", "total")}  # type: ignore[arg-type]
    assert timers == {"connect": "never_sent", "pool": "never_sent", "first_event": "maybe_processed", "total": "final"}
    for error in (errors.DecodeError(), errors.UsageError(), errors.ForkedError(), KeyError()):
        assert failure_of(error) == "final"
    assert should_retry("refused", read_only=False, retry_writes=False)
    assert not should_retry("maybe_processed", read_only=False, retry_writes=False)


@pytest.mark.parametrize("code", sorted(set(_policy._BY_CODE) - {"already_exists"}))
def test_one_failure_is_one_failure_on_both_wires(code: str) -> None:
    """ALREADY_EXISTS aside, which shares 409 with ABORTED."""
    status = _policy._BY_CODE[code][1]
    over_grpc = error_from_grpc(code.upper(), "x", {"x-request-id": "1"})
    assert failure_of(over_grpc) == failure_of(error_from_http(status, {}, b"")), status


def test_budget() -> None:
    now = 0.0
    budget = RetryBudget(lambda: now)
    assert sum(budget.spend() for _ in range(150)) == 100
    now += 2.5
    assert [budget.spend() for _ in range(3)] == [True, True, False]
    for _ in range(6):
        budget.success()
    assert [budget.spend() for _ in range(2)] == [True, False]
    now += 1e6
    assert budget.left == 100


def test_hints() -> None:
    assert retry_after({"retry-after": "1.5"}) == 1.5
    assert retry_after({"retry-after-ms": "250", "retry-after": "9"}) == 0.25
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:10 GMT"}, now=1445412480.0) == 10.0
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, now=1445412490.0) == 0.0
    for bad in ("soon", "nan", "inf", ""):
        assert retry_after({"retry-after": bad}) is None
    assert retry_after({}) is None


def test_retry_info() -> None:
    pytest.importorskip("google.protobuf")
    duration = b"\x08\x02\x10\x80\xca\xb5\xee\x01"  # 2 s and 500,000,000 ns
    info = b"\x0a" + bytes([len(duration)]) + duration
    url = b"type.googleapis.com/google.rpc.RetryInfo"
    packed = b"\x0a" + bytes([len(url)]) + url + b"\x12" + bytes([len(info)]) + info
    status = b"\x08\x08\x12\x01x" + b"\x1a\x02\x0a\x00" + b"\x1a" + bytes([len(packed)]) + packed
    assert retry_after({"grpc-status-details-bin": status}) == 2.5
    for end in range(len(status)):
        retry_after({"grpc-status-details-bin": status[:end]})


def test_backoff() -> None:
    error = error_from_http(429, {}, b"")
    assert [retry_delay(error, n, lambda: 1.0) for n in range(6)] == [0.5, 1, 2, 4, 8, 8]
    assert retry_delay(error, 5000, lambda: 0.0) == 0.0
    assert retry_delay(error_from_http(429, {"retry-after": "61"}, b""), 0, lambda: 1.0) is None
