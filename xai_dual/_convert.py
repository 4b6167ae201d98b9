"""Values whose gRPC and REST forms differ by more than a name.

Up to four functions a converter, named by what they do: `NAME_from_json(value)` (`MISFIT` for what it cannot read),
`NAME_to_json(value, name)`, `NAME_from_proto(value)` (none where the value stands in the message as it is), and
`NAME_to_proto`, which fills the message or repeated field it is given, or returns the value where protobuf has a
scalar. The generator's side of this is codegen/convert.py.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from math import isfinite
from typing import Any

from . import _check
from ._json import MISFIT, vector
from .errors import UsageError

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

# --- unix: google.protobuf.Timestamp <-> integer, seconds since 1970 -------------------------------------------------


def unix_from_json(value: Any) -> Any:
    if value.__class__ is int:
        return value
    return int(value) if value.__class__ is float and isfinite(value) else MISFIT


def unix_to_json(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        _check.wrong(value, "an int", name)
    return value


def unix_to_proto(value: Any, target: Any, name: str) -> None:
    target.seconds = _check.int64(value, name)
    target.SetInParent()


# --- datetime: google.protobuf.Timestamp <-> RFC 3339 text -----------------------------------------------------------


def datetime_from_json(value: Any) -> Any:
    """A bare date is midnight UTC; nanoseconds are cut to microseconds; a time without a zone is UTC."""
    if value.__class__ is not str:
        return MISFIT
    try:
        return _parse_rfc3339(value)
    except ValueError:
        return MISFIT


def _parse_rfc3339(text: str) -> datetime:
    if len(text) == 10:
        return datetime.combine(date.fromisoformat(text), time(), timezone.utc)
    text = text.strip().replace("Z", "+00:00").replace("z", "+00:00")
    head, dot, tail = text.partition(".")
    if dot:  # Python 3.10 reads 3 or 6 digits of a second's fraction only
        digits = len(tail) - len(tail.lstrip("0123456789"))
        text = f"{head}.{tail[: min(digits, 6)]:0<6}{tail[digits:]}"
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)


def datetime_to_json(value: Any, name: str) -> str:
    return _utc(_aware(value, name)).isoformat().replace("+00:00", "Z")


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(timezone.utc)
    except OverflowError:  # in the first or last day of the calendar
        return value


def _aware(value: Any, name: str) -> datetime:
    """What callers may give for a time: an aware datetime, a date (midnight UTC), or the text of either."""
    if isinstance(value, str):
        value = datetime_from_json(value)
        if value is MISFIT:
            raise UsageError("must be an RFC 3339 time or a date, such as '2026-01-31'", field=name)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise UsageError("must know its time zone, e.g. datetime(..., tzinfo=timezone.utc)", field=name)
        return value
    if isinstance(value, date):
        return datetime.combine(value, time(), timezone.utc)
    _check.wrong(value, "a datetime, a date or text", name)


def datetime_from_proto(value: Any) -> datetime | None:
    try:
        return _EPOCH + timedelta(seconds=value.seconds, microseconds=value.nanos // 1000)
    except OverflowError:
        return None


def datetime_to_proto(value: Any, target: Any, name: str) -> None:
    since = _aware(value, name) - _EPOCH
    target.seconds = since.days * 86400 + since.seconds
    target.nanos = since.microseconds * 1000
    target.SetInParent()


# --- date: google.protobuf.Timestamp <-> "2026-01-31" ----------------------------------------------------------------

date_from_json = datetime_from_json
date_from_proto = datetime_from_proto
date_to_proto = datetime_to_proto


def date_to_json(value: Any, name: str) -> str:
    return _utc(_aware(value, name)).date().isoformat()


# --- octets: bytes <-> list of numbers 0..255 ------------------------------------------------------------------------


def octets_from_json(value: Any) -> Any:
    try:
        return bytes(value) if value.__class__ is list else MISFIT
    except (TypeError, ValueError):
        return MISFIT


def octets_to_json(value: Any, name: str) -> list[int]:
    if not isinstance(value, (bytes, bytearray, memoryview)):
        _check.wrong(value, "bytes", name)
    return list(value)


def octets_to_proto(value: Any, name: str) -> bytes:
    return bytes(octets_to_json(value, name))


# --- base64: bytes <-> base64 text ------------------------------------------------------------------------------------


def base64_from_json(value: Any) -> Any:
    try:
        return b64decode(value, validate=True) if value.__class__ is str else MISFIT
    except ValueError:
        return MISFIT


def base64_to_json(value: Any, name: str) -> str:
    return b64encode(octets_to_proto(value, name)).decode("ascii")


base64_to_proto = octets_to_proto


# --- json_text: JSON text in a protobuf string <-> the JSON value itself ---------------------------------------------


def json_text_from_json(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else MISFIT


def json_text_to_json(value: Any, name: str) -> dict[str, Any]:
    return _check.mapping(value, name)


def json_text_from_proto(value: str) -> dict[str, Any]:
    import orjson

    try:
        parsed = orjson.loads(value)
    except orjson.JSONDecodeError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def json_text_to_proto(value: Any, name: str) -> str:
    import orjson

    try:
        return orjson.dumps(_check.mapping(value, name)).decode()
    except TypeError as error:
        raise UsageError(f"must be JSON: {error}", field=name) from None


# --- schema_text: the JSON schema inside {"name", "schema", "strict"} <-> its text alone -----------------------------

schema_text_from_json = json_text_from_json
schema_text_to_json = json_text_to_json


def schema_text_from_proto(value: str) -> dict[str, Any]:
    return {"schema": json_text_from_proto(value)}


def schema_text_to_proto(value: Any, name: str) -> str:
    value = _check.mapping(value, name)
    return json_text_to_proto(value.get("schema", value), name)


# --- texts: repeated string <-> text, or a list of texts -------------------------------------------------------------


def texts_from_json(value: Any) -> Any:
    if value.__class__ is str:
        return value
    return value if value.__class__ is list and all(x.__class__ is str for x in value) else MISFIT


def texts_to_json(value: Any, name: str) -> str | list[str]:
    return _check.string(value, name) if isinstance(value, str) else _check.strings(value, name)


def texts_from_proto(value: Sequence[str]) -> str | list[str]:
    return value[0] if len(value) == 1 else list(value)


def texts_to_proto(value: Any, target: Any, name: str) -> None:
    target.extend([_check.string(value, name)] if isinstance(value, str) else _check.strings(value, name))


# --- vector: repeated FeatureVector <-> list of numbers, or base64 text ----------------------------------------------


def vector_from_json(value: Any) -> Any:
    if value.__class__ is str:
        return value
    try:
        return vector(value) if value.__class__ is list else MISFIT
    except (TypeError, OverflowError):
        return MISFIT


def vector_to_json(value: Any, name: str) -> str | list[float]:
    if isinstance(value, str):
        return _check.string(value, name)
    return [_check.shortest(x) if x.__class__ is float else _check.float32(x, name) for x in _check.array(value, name)]


def vector_from_proto(value: Any) -> str | list[float]:
    if not value:
        return []
    return value[0].base64_array or list(value[0].float_array)


def vector_to_proto(value: Any, target: Any, name: str) -> None:
    if isinstance(value, str):
        target.add().base64_array = value
    else:
        target.add().float_array.extend(_check.scalars(_check.double, value, name))


# --- decimal: int64 <-> its digits as text ---------------------------------------------------------------------------


def decimal_from_json(value: Any) -> Any:
    if value.__class__ is int:
        return value
    digits = value.removeprefix("-") if value.__class__ is str else ""
    return int(value) if digits.isascii() and digits.isdecimal() and len(digits) < 20 else MISFIT


def decimal_to_json(value: Any, name: str) -> str:
    return str(_check.int64(value, name))


def decimal_to_proto(value: Any, name: str) -> int:
    return _check.int64(value, name)


# --- base64_image: a data URL <-> the base64 in it -------------------------------------------------------------------


def base64_image_from_json(value: Any) -> Any:
    return value if value.__class__ is str else MISFIT


def base64_image_to_json(value: Any, name: str) -> str:
    return _check.string(value, name)


def base64_image_from_proto(value: str) -> str:
    head, mark, data = value.partition(";base64,")
    return data if mark and head.startswith("data:") else value


# --- coercions: what a caller may pass beside the field's own type ---------------------------------------------------


def coerce_texts(value: Any, name: str) -> Sequence[str]:
    """One text stands for a list of one."""
    return [value] if isinstance(value, str) else _check.strings(value, name)
