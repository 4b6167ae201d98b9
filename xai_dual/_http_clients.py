"""Checks of the HTTP clients that callers bring; no I/O."""

from __future__ import annotations

import os
import weakref
from typing import Any

from .errors import UsageError

__all__ = ["check_use", "is_client"]

_users: weakref.WeakKeyDictionary[Any, tuple[int, Any]] = weakref.WeakKeyDictionary()
"""By client, the process and event loop that used it first: those its connections belong to."""


def is_client(client: Any, *, blocking: bool) -> bool:
    """Whether it looks like httpx.Client, or like httpx.AsyncClient."""
    needed = all(callable(getattr(client, name, None)) for name in ("build_request", "send"))
    return needed and not isinstance(client, type) and hasattr(client, "aclose") is not blocking


def check_use(client: Any, scope: Any) -> None:
    """Refuse a client that is closed, or whose connections are those of another event loop or process."""
    if getattr(client, "is_closed", False) is True:
        raise UsageError("is closed", field="http_client")
    here = (os.getpid(), scope)
    try:
        process, loop = _users.setdefault(client, here)
    except TypeError:  # cannot be a key, or not weakly
        return
    if process != here[0]:
        raise UsageError("was used before this process was forked: make one in each process", field="http_client")
    if loop is not scope:
        raise UsageError("belongs to the event loop that used it first: make one for each loop", field="http_client")
