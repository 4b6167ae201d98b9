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
    from ._async.chat_stream import AsyncChatStream
    from ._async.client import AsyncClient
    from ._async.conversation import AsyncConversation
    from ._async.download import AsyncByteStream
    from ._async.pager import AsyncPager
    from ._async.stream import AsyncStream
    from ._async.structured import AsyncParsedStream
    from ._chat.parsing import Parsed
    from ._chat.runs import ToolRun
    from ._sync.chat_stream import ChatStream
    from ._sync.client import Client
    from ._sync.conversation import Conversation
    from ._sync.download import ByteStream
    from ._sync.pager import Pager
    from ._sync.stream import Stream
    from ._sync.structured import ParsedStream
    from .content import AsyncContent, Content
    from .errors import (
        ApiError,
        AuthenticationError,
        ConflictError,
        ConnectError,
        DecodeError,
        ForkedError,
        InvalidOutputError,
        InvalidRequestError,
        JobFailed,
        MaxTurnsError,
        MessageTooLargeError,
        NotFoundError,
        OutputError,
        OverloadedError,
        PermissionDeniedError,
        ProxyError,
        RateLimitError,
        RefusalError,
        ServerError,
        StreamError,
        StreamIncomplete,
        StreamInterrupted,
        TimeoutError,
        TlsError,
        TransportError,
        TruncatedOutputError,
        UnsupportedOnTransport,
        UsageError,
        XaiError,
    )
    from .helpers import assistant, developer, file, image, system, tool, tool_result, user
    from .hooks import CallEvent, Hooks
    from .meta import Meta, PoolState, Retry
    from .model import Listing, Model, Page, Unknown, same
    from .timeouts import INHERIT, Timeout
    from .tls import TLS

__version__ = "0.1.0"

_HOMES = {
    "_async.chat_stream": ("AsyncChatStream",),
    "_async.client": ("AsyncClient",),
    "_async.conversation": ("AsyncConversation",),
    "_async.download": ("AsyncByteStream",),
    "_async.pager": ("AsyncPager",),
    "_async.stream": ("AsyncStream",),
    "_async.structured": ("AsyncParsedStream",),
    "_sync.chat_stream": ("ChatStream",),
    "_sync.client": ("Client",),
    "_sync.conversation": ("Conversation",),
    "_sync.download": ("ByteStream",),
    "_sync.pager": ("Pager",),
    "_sync.stream": ("Stream",),
    "_sync.structured": ("ParsedStream",),
    "content": ("AsyncContent", "Content"),
    "errors": (
        "ApiError",
        "AuthenticationError",
        "ConflictError",
        "ConnectError",
        "DecodeError",
        "ForkedError",
        "InvalidRequestError",
        "InvalidOutputError",
        "JobFailed",
        "MaxTurnsError",
        "MessageTooLargeError",
        "NotFoundError",
        "OutputError",
        "OverloadedError",
        "PermissionDeniedError",
        "ProxyError",
        "RateLimitError",
        "RefusalError",
        "ServerError",
        "StreamError",
        "StreamIncomplete",
        "StreamInterrupted",
        "TimeoutError",
        "TlsError",
        "TransportError",
        "TruncatedOutputError",
        "UnsupportedOnTransport",
        "UsageError",
        "XaiError",
    ),
    "helpers": ("assistant", "developer", "file", "image", "system", "tool", "tool_result", "user"),
    "hooks": ("CallEvent", "Hooks"),
    "meta": ("Meta", "PoolState", "Retry"),
    "model": ("Listing", "Model", "Page", "Unknown", "same"),
    "timeouts": ("INHERIT", "Timeout"),
    "tls": ("TLS",),
    "_chat.parsing": ("Parsed",),
    "_chat.runs": ("ToolRun",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "ApiError",
    "AsyncByteStream",
    "AsyncChatStream",
    "AsyncClient",
    "AsyncContent",
    "AsyncConversation",
    "AsyncPager",
    "AsyncParsedStream",
    "AsyncStream",
    "AuthenticationError",
    "ByteStream",
    "CallEvent",
    "ChatStream",
    "Client",
    "ConflictError",
    "ConnectError",
    "Content",
    "Conversation",
    "DecodeError",
    "ForkedError",
    "Hooks",
    "INHERIT",
    "InvalidOutputError",
    "InvalidRequestError",
    "JobFailed",
    "Listing",
    "MaxTurnsError",
    "MessageTooLargeError",
    "Meta",
    "Model",
    "NotFoundError",
    "OutputError",
    "OverloadedError",
    "Page",
    "Pager",
    "Parsed",
    "ParsedStream",
    "PermissionDeniedError",
    "PoolState",
    "ProxyError",
    "RateLimitError",
    "RefusalError",
    "Retry",
    "ServerError",
    "Stream",
    "StreamError",
    "StreamIncomplete",
    "StreamInterrupted",
    "TLS",
    "Timeout",
    "TimeoutError",
    "TlsError",
    "ToolRun",
    "TransportError",
    "TruncatedOutputError",
    "Unknown",
    "UnsupportedOnTransport",
    "UsageError",
    "XaiError",
    "__version__",
    "assistant",
    "developer",
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
