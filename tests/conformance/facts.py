"""What a result says, field by field: an independent reading of "equal on both wires"."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import attrs

from xai_dual import Model, Unknown
from xai_dual.emulator import Server

DEAD = "http://127.0.0.1:1"
"""Nothing listens there: what is sent there fails with ConnectError."""

PRICES = {"prompt_image_token_price", "prompt_text_token_price", "generated_image_token_price"}
CHAT_USAGE = {"prompt_tokens", "prompt_tokens_details", "completion_tokens", "completion_tokens_details"}
NOT_DEFINED = {
    "ImageGenerationModel": PRICES,
    "InputMessage": {"id", "status"},
    "MediaUsage": {"image_cost"},
    "ResponseUsage": CHAT_USAGE,
    "Usage": {
        *CHAT_USAGE,
        *("cost_in_nano_usd", "context_details", "num_server_side_tools_used", "output_tokens_details"),
        *("input_tokens_details", "input_tokens", "output_tokens"),
    },
}
"""By type, what the documented examples have and the definitions do not, so that it stays in `extra`."""


def options(server: Server, transport: str, **more: Any) -> dict[str, Any]:
    """Arguments for a client of the emulator."""
    return {
        "transport": transport,
        "base_url": server.url,
        "api_key": server.api_key,
        "management_url": server.management_url,
        "management_key": server.management_key,
        **more,
    }


def dead(transport: str, url: str = DEAD) -> dict[str, Any]:
    """Arguments for a client whose calls must not get as far as sending."""
    return {
        "transport": transport, "base_url": url, "api_key": "k", "management_url": DEAD, "management_key": "m",
    }  # fmt: skip


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


def facts(value: Any, transport: str, anew: Collection[str] = (), shape: str = "") -> dict[str, object]:
    """Path -> value of all that both wires carry, and the REST route of that shape. Fields of the other wire only have
    to be None.

    Of fields that each call gets other values of, their types have to do.
    """
    found = dict(_facts(value, transport, "", shape))
    return {path: type(fact) if path.rpartition(".")[2] in anew else fact for path, fact in found.items()}


def without(value: Any, anew: Collection[str]) -> Any:
    """A copy without the fields that each call gets other values of."""
    if isinstance(value, Model) and not isinstance(value, Unknown):
        fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(type(value))  # type: ignore[arg-type]
        values = {f.name: None if f.name in anew else without(getattr(value, f.name), anew) for f in fields}
        copy: Any = value
        return attrs.evolve(copy, **values)
    return [without(item, anew) for item in value] if isinstance(value, list) else value


def _facts(value: Any, transport: str, path: str, shape: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, Unknown):
        yield path, ("Unknown", value.tag)
    elif isinstance(value, Model):
        yield path, type(value).__name__
        fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(type(value))  # type: ignore[arg-type]
        for name in (field.name for field in fields):
            item = getattr(value, name)
            side = value.one_sided.get(name)
            if name == "extra":
                unread = set(item or ()) - NOT_DEFINED.get(type(value).__name__, set())
                assert not unread, f"{path}: the decoder did not read {unread}"
            elif side is None and name != "meta" and name not in value.not_on_route.get(shape, ()):
                yield from _facts(item, transport, f"{path}.{name}", shape)
            elif side is not None and side != transport:
                assert item is None, f"{path}.{name} is {side} only, and {item!r} came over {transport}"
    elif isinstance(value, list):
        yield path, (type(value).__name__, len(value))
        for i, item in enumerate(value):
            yield from _facts(item, transport, f"{path}[{i}]", shape)
    elif isinstance(value, Mapping):
        yield path, sorted(value)
        for key, item in value.items():
            yield from _facts(item, transport, f"{path}[{key!r}]", shape)
    else:
        yield path, (type(value).__name__, value)
