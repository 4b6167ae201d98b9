"""Which error an answer is: HTTP answers and gRPC statuses -> the classes of errors.py; no I/O.

One table a wire says which class a status belongs to; all else (wrong keys, slugs, hints to wait) is shared by both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from . import errors as e
from ._connect_errors import TRUST_VARIABLES, connect_error
from ._retry import retry_after
from .meta import Meta

__all__ = ["error_from_grpc", "error_from_http", "error_from_payload"]

GRPC_CODES = (
    "ok",
    "cancelled",
    "unknown",
    "invalid_argument",
    "deadline_exceeded",
    "not_found",
    "already_exists",
    "permission_denied",
    "resource_exhausted",
    "failed_precondition",
    "aborted",
    "out_of_range",
    "unimplemented",
    "internal",
    "unavailable",
    "data_loss",
    "unauthenticated",
)

_BY_CODE: dict[str, tuple[type[e.ApiError], int]] = {
    "invalid_argument": (e.InvalidRequestError, 400),
    "failed_precondition": (e.InvalidRequestError, 400),
    "out_of_range": (e.InvalidRequestError, 400),
    "unauthenticated": (e.AuthenticationError, 401),
    "permission_denied": (e.PermissionDeniedError, 403),
    "not_found": (e.NotFoundError, 404),
    "already_exists": (e.ConflictError, 409),
    "aborted": (e.ConflictError, 409),
    "resource_exhausted": (e.RateLimitError, 429),
    "unavailable": (e.OverloadedError, 503),
    "internal": (e.ServerError, 500),
    "unknown": (e.ServerError, 500),
    "data_loss": (e.ServerError, 500),
    "unimplemented": (e.ServerError, 501),
    "cancelled": (e.ServerError, 499),
    "deadline_exceeded": (e.ServerError, 504),
}
"""gRPC code -> class, and the HTTP status that stands for it."""

_BY_STATUS: dict[int, tuple[type[e.ApiError], str]] = {
    400: (e.InvalidRequestError, "invalid_argument"),
    401: (e.AuthenticationError, "unauthenticated"),
    402: (e.PermissionDeniedError, "permission_denied"),
    403: (e.PermissionDeniedError, "permission_denied"),
    404: (e.NotFoundError, "not_found"),
    408: (e.ServerError, "deadline_exceeded"),
    409: (e.ConflictError, "aborted"),
    412: (e.InvalidRequestError, "failed_precondition"),
    416: (e.InvalidRequestError, "out_of_range"),
    429: (e.RateLimitError, "resource_exhausted"),
    498: (e.OverloadedError, "unavailable"),
    500: (e.ServerError, "internal"),
    501: (e.ServerError, "unimplemented"),
    502: (e.ServerError, "unavailable"),
    503: (e.OverloadedError, "unavailable"),
    504: (e.ServerError, "deadline_exceeded"),
    529: (e.OverloadedError, "unavailable"),
}

_SENTENCES = {
    "the operation was cancelled": "cancelled",
    "unknown error": "unknown",
    "client specified an invalid argument": "invalid_argument",
    "deadline expired before operation could complete": "deadline_exceeded",
    "some requested entity was not found": "not_found",
    "some entity that we attempted to create already exists": "already_exists",
    "the caller does not have permission to execute the specified operation": "permission_denied",
    "some resource has been exhausted": "resource_exhausted",
    "the system is not in a state required for the operation's execution": "failed_precondition",
    "the operation was aborted": "aborted",
    "operation was attempted past the valid range": "out_of_range",
    "operation is not implemented or not supported": "unimplemented",
    "internal error": "internal",
    "the service is currently unavailable": "unavailable",
    "unrecoverable data loss or corruption": "data_loss",
    "the request does not have valid authentication credentials": "unauthenticated",
}
"""What the server writes as `code` where it spells a gRPC code as a sentence."""

_WKE = r"\[WKE=([^\[\]\s]{1,200})\]"
_WRONG_KEY = (
    r"(?i)\W*(?:(?:the|an?|your|provided|given|error|unauthorized)\W+){0,3}"
    r"(?:(?:incorrect|invalid|wrong) api[ -]?key|api[ -]?key (?:provided )?(?:is )?(?:not valid|invalid|incorrect))"
)
_TOKEN = r"[A-Za-z0-9_.:\-/]{1,200}"
# Patterns are searched in what others send: each has to come to its end in a time that grows as the text does. They
# are text, compiled when there is a first error.

DEPTH = 50
"""How deep the body of an error may be nested: one deeper than Python's stack can be neither shown nor pickled."""


# -- HTTP ------------------------------------------------------------------------------------------------------------


def error_from_http(
    status: int, headers: Mapping[str, str], body: bytes, *, meta: Meta | None = None, now: float | None = None
) -> e.XaiError:
    """The error that an HTTP answer of status 300 or more is; header names in lower case, `now` in Unix seconds."""
    payload = _json_or_text(body)
    code, slug, message = _read_body(payload)
    if status == 407:  # of a proxy that hands on requests to plain addresses
        text = "A proxy did not let the request through"
        return connect_error(f"{text}: {message}" if message else f"{text}.", "", meta=meta, proxy="407")
    if status < 400:
        target = headers.get("location", "another address")[:500]
        message = f"The server redirects to {target}; redirects are not followed: set base_url to the right address."
    cls, default = _class_of_status(status)
    if code is None or _BY_CODE.get(code, (None,))[0] is not cls:
        code = "unauthenticated" if code == "unauthenticated" and status in (400, 403) else default
    return _finish(
        cls,
        code,
        slug,
        message or f"The server answered with HTTP status {status} and no message.",
        may_be_key=status in (400, 403),
        http_status=status,
        request_id=headers.get("x-request-id"),
        retry_after=retry_after(headers, now),
        body=payload,
        meta=meta,
    )


def error_from_payload(payload: Mapping[str, Any], *, status: int = 200, meta: Meta | None = None) -> e.ApiError:
    """The error that an error object inside an answer (a stream of status 200) is: its `code` decides the class."""
    code, slug, message = _read_body(payload)
    inner = payload.get("status")
    if code is None and isinstance(inner, int) and not isinstance(inner, bool) and 400 <= inner < 600:
        code = _class_of_status(inner)[1]
    code = code or _CODE_OF_TYPE.get(str(_error_object(payload).get("type", "")).removesuffix("_error"), "unknown")
    cls = _BY_CODE[code][0]
    request_id = meta.request_id if meta is not None else None
    return _finish(
        cls,
        code,
        slug,
        message or "The server sent an error without a message.",
        may_be_key=code in ("invalid_argument", "permission_denied"),
        http_status=status,
        request_id=request_id,
        body=_within_depth(dict(payload)),
        meta=meta,
    )


_CODE_OF_TYPE = {
    "invalid_request": "invalid_argument",
    "authentication": "unauthenticated",
    "permission": "permission_denied",
    "not_found": "not_found",
    "rate_limit": "resource_exhausted",
    "overloaded": "unavailable",
    "api": "internal",
    "server": "internal",
}
"""`error.type` without "_error", as OpenAI's and Anthropic's shapes have it."""


def _finish(
    cls: type[e.ApiError], code: str, slug: str | None, message: str, *, may_be_key: bool, **facts: Any
) -> e.ApiError:
    """Make the error; what says that the key is wrong becomes AuthenticationError."""
    by_slug = slug is not None and slug.startswith("unauthenticated:")
    if may_be_key and (by_slug or code == "unauthenticated" or re.match(_WRONG_KEY, message[:500])):
        cls, code = e.AuthenticationError, "unauthenticated"
    return cls(message, code=code, slug=slug, **facts)


def _class_of_status(status: int) -> tuple[type[e.ApiError], str]:
    known = _BY_STATUS.get(status)
    if known is not None:
        return known
    if status < 500:
        return e.InvalidRequestError, "invalid_argument"
    return e.ServerError, "unavailable" if 520 <= status <= 530 else "internal"


def _json_or_text(body: bytes) -> Any:
    if not body.strip():
        return None
    import orjson

    try:
        return _within_depth(orjson.loads(body))
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")


def _within_depth(value: Any) -> Any:
    """A JSON value in which "..." stands for what is nested too deep; changed in place."""
    level = [value]
    for _ in range(DEPTH):
        level = [item for part in level for item in _items(part) if isinstance(item, (dict, list))]
    for part in level:
        if isinstance(part, dict):
            part.clear()
        elif isinstance(part, list):
            part[:] = ["..."]
    return value


def _items(part: Any) -> Iterable[Any]:
    return part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()


def _error_object(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    error = payload.get("error")
    return error if isinstance(error, Mapping) else payload


def _read_body(payload: Any) -> tuple[str | None, str | None, str]:
    """gRPC code, slug and message of an error body of any shape; None where it does not say."""
    if not isinstance(payload, Mapping):
        return None, *_split_wke(_plain(payload) if isinstance(payload, str) else "")
    error = _error_object(payload)
    text = next((v for v in (error.get("message"), error.get("error"), error.get("detail")) if isinstance(v, str)), "")
    slug, message = _split_wke(text)
    code, own_slug = _read_code(error.get("code", payload.get("code")))
    slug = slug or own_slug
    if slug and code is None:
        code = _name(slug.partition(":")[0])
    return code, slug, message


def _read_code(code: Any) -> tuple[str | None, str | None]:
    """A body's `code` as (gRPC code, slug): a number, a sentence, or a slug."""
    if isinstance(code, str) and len(code) < 10 and code.isdecimal():
        code = int(code)
    if isinstance(code, bool) or not isinstance(code, (int, str)):
        return None, None
    if isinstance(code, int):
        if 0 < code < len(GRPC_CODES):
            return GRPC_CODES[code], None
        return (_class_of_status(code)[1], None) if 400 <= code < 600 else (None, None)
    name = _SENTENCES.get(code.strip().rstrip(".").lower()) or _name(code)
    if name is not None:
        return name, None
    return (None, code) if re.fullmatch(_TOKEN, code) else (None, None)


def _name(text: str) -> str | None:
    """ "invalid-argument", "INVALID_ARGUMENT" -> "invalid_argument"; None where it is no gRPC code."""
    name = text.strip().lower().replace("-", "_").replace(" ", "_")
    return name if name in _BY_CODE else None


def _split_wke(text: str) -> tuple[str | None, str]:
    """Take `[WKE=slug]` out of a message."""
    found = re.search(_WKE, text)
    return (
        (found.group(1), (text[: found.start()].rstrip() + text[found.end() :]).strip())
        if found
        else (None, text.strip())
    )


def _plain(text: str) -> str:
    """Text of a body that is not JSON: of HTML its title; at most 500 characters."""
    if text.lstrip()[:1] == "<":
        title = re.search(r"<title[^>]{0,200}>(.{0,500}?)</title>", text[:20_000], re.IGNORECASE | re.DOTALL)
        text = " ".join(title.group(1).split()) if title else "The server answered with an HTML page."
    text = text.strip()
    return text if len(text) <= 500 else text[:500] + "..."


# -- gRPC ------------------------------------------------------------------------------------------------------------

_LOST = (
    r"(?i)Stream removed|Data frame with END_STREAM|Socket closed|recvmsg:|.{0,30}Connection reset|.{0,30}Broken pipe"
    r"|(?:Received )?RST_STREAM|GOAWAY|.{0,40}GOAWAY received|keepalive|ping timeout|Transport closed|Endpoint closing"
    r"|Cancelling all calls|Channel (?:is )?clos"
)
_UNREACHED = (
    r"(?i)failed to connect to all addresses|errors resolving|.{0,20}DNS resolution failed|empty address list"
    r"|.{0,30}name resolution failure|connections to all backends failing"
)
_TOO_MUCH_METADATA = r"(?:.{0,40}\()?received metadata size exceeds"
_TOO_LARGE = r"(?:Sent|Received)? ?message larger than max(?: \(\d+ vs\. \d+\))?"
_UNSEEN = r"(?s).*RST_STREAM with error code 7\b|Stream removed \(GOAWAY received; "
"""What gRPC says of streams that the server has not looked at: REFUSED_STREAM, or above the last one of its GOAWAY. (Of
those that it may have looked at, the reason for the end of the connection stands between the two words.)"""
_NOT_GRPC = r"Received http2 header with status: (\d{3})"


def error_from_grpc(
    status: str,
    details: str,
    trailing: Mapping[str, str | bytes] | None = None,
    *,
    initial: Mapping[str, str | bytes] | None = None,
    ready: bool = True,
    meta: Meta | None = None,
) -> e.XaiError:
    """The error that a failed RPC is.

    `status` is the name ("NOT_FOUND"); `ready` says whether the channel had, or may have had, a connection during the
    attempt: only where it had none is the request known not to have been sent.
    """
    trailers = trailing or {}
    if status == "RESOURCE_EXHAUSTED" and re.match(_TOO_MUCH_METADATA, details):  # these may be there all the same
        return e.MessageTooLargeError(f"The metadata of the answer is over gRPC's limit: {details}", meta=meta)
    if not trailers:
        local = _local_failure(status, details, ready, meta)
        if local is not None:
            return local
    code = status.lower()
    cls = _BY_CODE.get(code, (e.ServerError, 500))[0]
    slug, message = _split_wke(details)
    request_id = trailers.get("x-request-id") or (initial or {}).get("x-request-id")
    return _finish(
        cls,
        code,
        slug,
        message or f"The server answered with gRPC status {status} and no message.",
        may_be_key=code in ("invalid_argument", "permission_denied"),
        grpc_status=status,
        request_id=request_id if isinstance(request_id, str) else None,
        retry_after=retry_after({**(initial or {}), **trailers}),
        meta=meta,
    )


def _local_failure(status: str, details: str, ready: bool, meta: Meta | None) -> e.XaiError | None:
    """What gRPC itself reports in the guise of a status; the server has sent nothing."""
    too_large = re.search(_TOO_LARGE, details) if status == "RESOURCE_EXHAUSTED" else None
    if too_large:
        text = f"{too_large.group()}: over the limit of this client (max_message_bytes)."
        return e.MessageTooLargeError(text, meta=meta)
    not_grpc = re.match(_NOT_GRPC, details)
    if not_grpc:
        number = int(not_grpc.group(1))
        cls, code = _class_of_status(number)
        text = f"The address answered over HTTP/2 with status {number}, and not with gRPC."
        return cls(text, code=code, http_status=number, grpc_status=status, meta=meta)
    if status not in ("UNAVAILABLE", "INTERNAL", "UNKNOWN", "CANCELLED"):
        return None
    if re.match(_UNREACHED, details):
        if ready:
            return e.TransportError(details, maybe_sent=True, meta=meta)
        if "attempt timed out" in details or details.endswith(": Endpoint closing"):  # the latter during handshakes
            return e.TimeoutError(details, timer="connect", maybe_sent=False, meta=meta)
        return connect_error(details, details, TRUST_VARIABLES, meta)
    if re.match(_LOST, details):
        text = "The connection broke before the answer was complete"
        return e.TransportError(f"{text}: {details}", maybe_sent=re.match(_UNSEEN, details) is None, meta=meta)
    return None
