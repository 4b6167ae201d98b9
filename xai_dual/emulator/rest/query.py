"""Query parameters, refused as a server with serde does where they are no numbers."""

from __future__ import annotations

import re

from xai_dual.emulator.errors import ServiceError, invalid
from xai_dual.emulator.rest.call import Call
from xai_dual.emulator.service.paging import Paging

_INTEGER = re.compile(r"[+-]?[0-9]{1,30}")


def text(call: Call, name: str) -> str | None:
    """A parameter; ``None`` if it is not there or empty."""
    return call.request.query_params.get(name) or None


def integer(call: Call, name: str) -> int | None:
    """A parameter that is a number."""
    found = text(call, name)
    if found is None:
        return None
    if not _INTEGER.fullmatch(found):
        raise broken(name, "invalid digit found in string")
    return int(found)


def choice(call: Call, name: str, values: tuple[str, ...], default: str) -> str:
    """A parameter that is one of several words."""
    found = text(call, name) or default
    if found not in values:
        raise broken(name, f"unknown variant `{found}`, expected one of {', '.join(f'`{value}`' for value in values)}")
    return found


def paging(call: Call) -> Paging:
    """Which page of a list is wanted."""
    return Paging(integer(call, "limit"), text(call, "pagination_token"))


def broken(name: str, reason: str) -> ServiceError:
    """A query string that cannot be read."""
    return invalid(f"Failed to deserialize query string: {name}: {reason}")
