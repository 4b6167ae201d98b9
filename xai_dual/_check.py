"""What callers pass, checked on the way to either wire: types, and what no wire can carry. Ranges are the server's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from struct import Struct
from typing import Any, NoReturn
from urllib.parse import quote

import attrs

from .errors import UnsupportedOnTransport, UsageError

_FLOAT32 = Struct("<f")
_LARGEST: float = _FLOAT32.unpack(b"\xff\xff\x7f\x7f")[0]


def wrong(value: object, expected: str, name: str) -> NoReturn:
    """Refuse a value of the wrong type."""
    raise UsageError(f"must be {expected}, not {type(value).__name__}", field=name)


def missing(name: str, extra: Mapping[str, Any] | None = None) -> NoReturn:
    """Refuse a request without a field that it needs; of a plain dict it may be in `extra`, for its type."""
    if extra and name in extra:
        misfit(extra[name], name)
    raise UsageError("is required", field=name)


def only_on(transport: str, name: str) -> NoReturn:
    """Refuse a field that the chosen wire cannot carry; `transport` is the one that can."""
    lacking = "grpc" if transport == "rest" else "rest"
    raise UnsupportedOnTransport(name, lacking, f"transport={transport!r} can")


class OtherRoute(UnsupportedOnTransport):
    """A field that the tried REST route lacks and another one has; the transport then tries that one."""

    def __init__(self, field: str | None = None, shape: str = "", **state: Any) -> None:
        super().__init__(field, "rest", f"only the {shape} route can", **state)
        self.shape = shape


def only_on_route(shape: str, name: str) -> NoReturn:
    """Refuse a field that the tried REST route cannot carry; `shape` names the route that can."""
    raise OtherRoute(name, shape)


def string(value: Any, name: str) -> str:
    if not isinstance(value, str):
        wrong(value, "a string", name)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise UsageError("must be Unicode text, has half of a surrogate pair", field=name) from None
    return value


def boolean(value: Any, name: str) -> bool:
    if value is not True and value is not False:
        wrong(value, "a bool", name)
    return value


def _integer(low: int, high: int, kind: str) -> Callable[[Any, str], int]:
    def check(value: Any, name: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            wrong(value, "an int", name)
        if not low <= value <= high:
            raise UsageError(f"must fit an {kind}, got {value}", field=name)
        return value

    return check


int32 = _integer(-(2**31), 2**31 - 1, "int32")
uint32 = _integer(0, 2**32 - 1, "uint32")
int64 = _integer(-(2**63), 2**63 - 1, "int64")
uint64 = _integer(0, 2**64 - 1, "uint64")


def double(value: Any, name: str) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        wrong(value, "a number", name)
    try:
        finite = isfinite(value)
    except OverflowError:
        raise UsageError("must fit a 64-bit float", field=name) from None
    if not finite:
        raise UsageError(f"must be finite, got {value}", field=name)
    return value


def float32(value: Any, name: str) -> float:
    """A number that a float32 can hold, as its shortest decimal."""
    if value.__class__ is not float or not isfinite(value):
        value = double(value, name)
    return shortest(value) if -_LARGEST <= value <= _LARGEST else _too_large(value, name)


def _too_large(value: float, name: str) -> NoReturn:
    raise UsageError(f"must fit a 32-bit float, got {value}", field=name)


def shortest(value: float) -> float:
    """The float with the fewest digits that is the same float32: 0.699999988079071 -> 0.7."""
    packed = _FLOAT32.pack(value)
    value = _FLOAT32.unpack(packed)[0]  # nine digits are enough for a float32, not for what rounds to it
    for digits in (6, 7, 8):
        candidate = float(f"{value:.{digits}g}")
        if _FLOAT32.pack(candidate) == packed:
            return candidate
    return float(f"{value:.9g}")


def array(value: Any, name: str) -> Sequence[Any]:
    """A sequence that is no string."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        wrong(value, "a list", name)
    return value


def strings(value: Any, name: str) -> list[str]:
    return scalars(string, value, name)


def scalars(check: Callable[[Any, str], Any], value: Any, name: str) -> list[Any]:
    """A list whose items all pass `check`."""
    return [check(item, f"{name}[{i}]") for i, item in enumerate(array(value, name))]


def entries(check: Callable[[Any, str], Any], value: Any, name: str) -> dict[str, Any]:
    """A mapping whose values all pass `check`; keys become text, as JSON has them."""
    return {str(key): check(item, f"{name}[{key!r}]") for key, item in mapping(value, name).items()}


def octets(value: Any, name: str) -> bytes:
    if not isinstance(value, (bytes, bytearray, memoryview)):
        wrong(value, "bytes", name)
    return bytes(value)


def at_most_one(**fields: Any) -> None:
    """Members of a one-of exclude each other."""
    given = [name for name, value in fields.items() if value is not None]
    if len(given) > 1:
        raise UsageError(f"excludes {given[1]}: give only one of {', '.join(fields)}", field=given[0])


def misfit(value: Any, name: str) -> NoReturn:
    """Refuse a value that is not of its field's type. It may be a prompt, so that only numbers are shown."""
    shown = f" {value!r:.40}" if isinstance(value, (int, float)) else ""
    raise UsageError(f"cannot be the {type(value).__name__}{shown}", field=name)


def refuse_misfits(extra: dict[str, Any], known: frozenset[str]) -> None:
    """Of a plain dict that a caller gave: a field that the definitions know, but of another type."""
    for name, value in extra.items():
        if name in known:
            misfit(value, name)


def segment(value: Any, name: str) -> str:
    """One segment of a path, percent-encoded."""
    text = string(value, name)
    if text in ("", ".", ".."):
        raise UsageError(f"must name something, got {text!r}", field=name)
    return quote(text, safe="")


def query_pairs(*pairs: tuple[str, Any]) -> tuple[tuple[str, str], ...]:
    """The parameters of a query that are given: booleans as JSON has them, a list once for each item."""
    found: list[tuple[str, str]] = []
    for key, value in pairs:
        items = value if isinstance(value, list) else [] if value is None else [value]
        found += [(key, str(x).lower() if isinstance(x, bool) else str(x)) for x in items]
    return tuple(found)


def mapping(value: Any, name: str) -> dict[str, Any]:
    """A JSON object, free in form."""
    if not isinstance(value, Mapping):
        wrong(value, "a dict", name)
    return dict(value)


def instance(value: Any, cls: type, name: str) -> Any:
    """An instance of the model; a plain dict is read as one, and refused if a field in it is not of its type."""
    if isinstance(value, cls):
        return value
    if isinstance(value, Mapping):
        model = cls.from_dict(value)  # type: ignore[attr-defined]
        _refuse_deep(model, name)
        return model
    wrong(value, f"{cls.__name__} or a dict", name)


def _refuse_deep(value: Any, name: str) -> None:
    """Reading a dict never fails; what did not fit is in `extra`, under the name of its field, at any depth."""
    if isinstance(value, list):
        for i, item in enumerate(value):
            _refuse_deep(item, f"{name}[{i}]")
    elif attrs.has(type(value)):
        fields = attrs.fields_dict(type(value))
        for key, item in (getattr(value, "extra", None) or {}).items():
            if key in fields:
                misfit(item, f"{name}.{key}" if name else key)
        for key in fields.keys() - {"extra", "meta", "raw"}:
            _refuse_deep(getattr(value, key), f"{name}.{key}" if name else key)
