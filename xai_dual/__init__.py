"""One typed client for the xAI (Grok) API, over gRPC or REST: the same calls, equal results, the same streams.

    from xai_dual import Client, user

    client = Client()                                   # XAI_API_KEY; transport="grpc", "rest" or "auto"
    answer = client.chat.create(model="grok-4", messages=[user("What is 101*3?")])
    print(answer.text)

Importing the package loads no transport and no model: names are looked up when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._async.client import AsyncClient
    from ._async.download import AsyncByteStream
    from ._async.pager import AsyncPager
    from ._async.stream import AsyncStream
    from ._sync.client import Client
    from ._sync.download import ByteStream
    from ._sync.pager import Pager
    from ._sync.stream import Stream
    from .content import AsyncContent, Content
    from .errors import (
        ApiError,
        AuthenticationError,
        ConflictError,
        ConnectError,
        DecodeError,
        ForkedError,
        InvalidRequestError,
        JobFailed,
        MessageTooLargeError,
        NotFoundError,
        OverloadedError,
        PermissionDeniedError,
        RateLimitError,
        ServerError,
        StreamError,
        StreamIncomplete,
        StreamInterrupted,
        TimeoutError,
        TlsError,
        TransportError,
        UnsupportedOnTransport,
        UsageError,
        XaiError,
    )
    from .helpers import assistant, file, image, system, tool, tool_result, user
    from .meta import Meta
    from .model import Listing, Model, Page, Unknown, same
    from .options import INHERIT, Timeout

__version__ = "0.1.0"

_HOMES = {
    "_async.client": ("AsyncClient",),
    "_async.download": ("AsyncByteStream",),
    "_async.pager": ("AsyncPager",),
    "_async.stream": ("AsyncStream",),
    "_sync.client": ("Client",),
    "_sync.download": ("ByteStream",),
    "_sync.pager": ("Pager",),
    "_sync.stream": ("Stream",),
    "content": ("AsyncContent", "Content"),
    "errors": (
        "ApiError",
        "AuthenticationError",
        "ConflictError",
        "ConnectError",
        "DecodeError",
        "ForkedError",
        "InvalidRequestError",
        "JobFailed",
        "MessageTooLargeError",
        "NotFoundError",
        "OverloadedError",
        "PermissionDeniedError",
        "RateLimitError",
        "ServerError",
        "StreamError",
        "StreamIncomplete",
        "StreamInterrupted",
        "TimeoutError",
        "TlsError",
        "TransportError",
        "UnsupportedOnTransport",
        "UsageError",
        "XaiError",
    ),
    "helpers": ("assistant", "file", "image", "system", "tool", "tool_result", "user"),
    "meta": ("Meta",),
    "model": ("Listing", "Model", "Page", "Unknown", "same"),
    "options": ("INHERIT", "Timeout"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "ApiError",
    "AsyncByteStream",
    "AsyncClient",
    "AsyncContent",
    "AsyncPager",
    "AsyncStream",
    "AuthenticationError",
    "ByteStream",
    "Client",
    "ConflictError",
    "ConnectError",
    "Content",
    "DecodeError",
    "ForkedError",
    "INHERIT",
    "InvalidRequestError",
    "JobFailed",
    "Listing",
    "MessageTooLargeError",
    "Meta",
    "Model",
    "NotFoundError",
    "OverloadedError",
    "Page",
    "Pager",
    "PermissionDeniedError",
    "RateLimitError",
    "ServerError",
    "Stream",
    "StreamError",
    "StreamIncomplete",
    "StreamInterrupted",
    "Timeout",
    "TimeoutError",
    "TlsError",
    "TransportError",
    "Unknown",
    "UnsupportedOnTransport",
    "UsageError",
    "XaiError",
    "__version__",
    "assistant",
    "file",
    "image",
    "same",
    "system",
    "tool",
    "tool_result",
    "user",
]


if not TYPE_CHECKING:  # type checkers are to find wrong names

    def __getattr__(name: str) -> Any:
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f".{home}", __name__), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
