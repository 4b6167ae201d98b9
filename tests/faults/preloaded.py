"""A web application that makes a client, and a call with it, before its server forks the workers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from tests.runtime import codecs as api
from xai_dual import Client, errors

client = Client(transport=os.environ["WIRE"], max_retries=0)  # type: ignore[arg-type]


def ask() -> str:
    """One call; how it went."""
    try:
        return client._caller.unary(api.ECHO, {"text": "ok"}, api.CallOptions()).text
    except errors.ForkedError:
        return "ForkedError"


first = ask()


def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    start("200 OK", [("content-type", "application/json"), ("connection", "close")])
    return [json.dumps([first, ask(), os.getpid()]).encode()]
