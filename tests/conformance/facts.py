"""What a result says, field by field: an independent reading of "equal on both wires"."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from xai_dual import Model, Unknown
from xai_dual.emulator import Server

DEAD = "http://127.0.0.1:1"
"""Nothing listens there: what is sent there fails with ConnectError."""

NOT_DEFINED = {"object", "prompt_image_token_price", "prompt_text_token_price", "generated_image_token_price"}
"""Properties that the documented examples have and the definitions do not, so that they stay in `extra`."""


def options(server: Server, transport: str, **more: Any) -> dict[str, Any]:
    """Arguments for a client of the emulator."""
    return {"transport": transport, "base_url": server.url, "api_key": server.api_key, **more}


def stats(server: Server) -> dict[str, int]:
    """The emulator's counters."""
    with urllib.request.urlopen(f"{server.url}/emulator/stats") as answer:
        found: dict[str, int] = json.load(answer)
    return found


def eventually(check: Callable[[], object], seconds: float = 5) -> None:
    """Wait until something that the emulator does by itself has happened."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def facts(value: Any, transport: str) -> dict[str, object]:
    """Path -> value of all that both wires carry. Fields of the other wire only have to be None."""
    return dict(_facts(value, transport, ""))


def _facts(value: Any, transport: str, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, Unknown):
        yield path, ("Unknown", value.tag)
    elif isinstance(value, Model):
        yield path, type(value).__name__
        fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(type(value))  # type: ignore[arg-type]
        for name in (field.name for field in fields):
            item = getattr(value, name)
            side = value.one_sided.get(name)
            if name == "extra":
                unread = set(item or ()) - NOT_DEFINED
                assert not unread, f"{path}: the decoder did not read {unread}"
            elif side is None and name != "meta":
                yield from _facts(item, transport, f"{path}.{name}")
            elif side is not None and side != transport:
                assert item is None, f"{path}.{name} is {side} only, and {item!r} came over {transport}"
    elif isinstance(value, list):
        yield path, (type(value).__name__, len(value))
        for i, item in enumerate(value):
            yield from _facts(item, transport, f"{path}[{i}]")
    elif isinstance(value, Mapping):
        yield path, sorted(value)
        for key, item in value.items():
            yield from _facts(item, transport, f"{path}[{key!r}]")
    else:
        yield path, (type(value).__name__, value)
