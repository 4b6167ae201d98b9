"""Two versions of the gRPC definitions -> what changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .diff_words import (
    GONE,
    NEW,
    OPEN_VALUE,
    OTHER_NAME,
    OTHER_TYPE,
    PROSE,
    Change,
    Place,
    Side,
    breaks,
    narrowed,
    pairs,
    reached,
    side_of,
    widened,
)
from .raw import ProtoEnum, ProtoField, ProtoMessage, Protos, Rpc

_STREAMS = {
    (False, False): "no stream",
    (True, False): "a stream of requests",
    (False, True): "a stream of answers",
    (True, True): "streams both ways",
}


def compare_protos(old: Protos, new: Protos) -> Iterator[Change]:
    """Every difference, in no special order."""
    sides = _sides(old), _sides(new)
    for name, rpc, rpc_now in pairs(old.rpcs, new.rpcs):
        yield from _rpc(name, rpc, rpc_now)
    for name, message, message_now in pairs(old.messages, new.messages):
        yield from _message(name, side_of(name, *sides), message, message_now)
    for name, enum, enum_now in pairs(old.enums, new.enums):
        yield from _enum(name, side_of(name, *sides), enum, enum_now)


def _sides(protos: Protos) -> dict[str, Side]:
    """Full name of a message or enum -> the sides that reach it."""

    def links(name: str) -> Iterator[str]:
        message = protos.messages.get(name)
        for field in message.fields.values() if message else ():
            held = field.map_value or field
            if held.type_name:
                yield held.type_name

    starts = [(side, n) for r in protos.rpcs.values() for side, n in (("request", r.request), ("answer", r.response))]
    return reached(starts, links)


def _moved(place: Place, old: str, new: str) -> Iterator[Change]:
    if old != new:
        yield place.says(f"moved from {old}", PROSE)


def _rpc(name: str, old: Rpc | None, new: Rpc | None) -> Iterator[Change]:
    if old is None or new is None:
        yield from _one_sided("rpc", name, old, new)
        return
    place = Place("rpc", name, new.file)
    yield from _moved(place, old.file, new.file)
    if old.request != new.request:
        yield place.says(f"request changed from {old.request} to {new.request}", breaks("callers send another message"))
    if old.response != new.response:
        reason = breaks("callers read another message")
        yield place.says(f"answer changed from {old.response} to {new.response}", reason)
    before, after = ((r.client_streaming, r.server_streaming) for r in (old, new))
    if before != after:
        verdict = breaks("callers call it in another way")
        yield place.says(f"streaming changed from {_STREAMS[before]} to {_STREAMS[after]}", verdict)


def _one_sided(
    kind: str, name: str, old: Rpc | ProtoMessage | ProtoEnum | None, new: Rpc | ProtoMessage | ProtoEnum | None,
    *side: Side,
) -> Iterator[Change]:  # fmt: skip
    if old is not None:
        yield Place(kind, name, old.file, *side).says("removed", GONE)
    if new is not None:
        yield Place(kind, name, new.file, *side).says("added", NEW)


def _message(name: str, side: Side, old: ProtoMessage | None, new: ProtoMessage | None) -> Iterator[Change]:
    if old is None or new is None:
        yield from _one_sided("message", name, old, new, side)
        return
    place = Place("message", name, new.file, side)
    yield from _moved(place, old.file, new.file)
    numbers = {f.name: f.number for f in old.fields.values()}, {f.name: f.number for f in new.fields.values()}
    renamed = _renamed(*numbers)
    now = {renamed.get(n, n): f for n, f in new.fields.items()}  # by the names that users know
    for field_name, field, field_now in pairs(old.fields, now):
        here = place.below("field", f".{field_name}")
        if field is None:
            yield here.says("added", NEW)
        elif field_now is None:
            yield here.says("removed", GONE)
        else:
            yield from _field(here, field, field_now)


def _renamed(old: Mapping[str, int], new: Mapping[str, int]) -> dict[str, str]:
    """New name -> old name, of what kept its number and nothing else has its name."""
    gone: dict[int, str] = {}
    for name, number in old.items():
        if name not in new:
            gone.setdefault(number, name)
    return {name: gone.pop(number) for name, number in new.items() if name not in old and number in gone}


def _field(place: Place, old: ProtoField, new: ProtoField) -> Iterator[Change]:
    if old.name != new.name:
        yield place.says(f"renamed to {new.name}", OTHER_NAME)
    if old.number != new.number:
        yield place.says(f"number changed from {old.number} to {new.number}", OTHER_TYPE)
    before, after = _type(old), _type(new)
    if before != after:
        yield place.says(f"type changed from {before} to {after}", OTHER_TYPE)
    if old.oneof != new.oneof:
        change = f"oneof changed from {old.oneof or 'none'} to {new.oneof or 'none'}"
        yield place.says(change, breaks("it excludes other fields than before"))
    elif before == after and old.presence != new.presence:
        yield _presence(place, new.presence)
    if old.deprecated != new.deprecated:
        yield place.says("now deprecated" if new.deprecated else "no longer deprecated", PROSE)


def _presence(place: Place, gained: bool) -> Change:
    if gained:
        verdict = widened(place.side, "answers may now lack it", "requests that leave it out still may")
        return place.says("now has presence", verdict)
    verdict = narrowed(place.side, "an empty value is no longer told from none", "answers always have a value")
    return place.says("no longer has presence", verdict)


def _type(field: ProtoField) -> str:
    if field.map_value is not None:
        return f"map of {_type(field.map_value)}"
    name = field.type_name or field.type
    return f"repeated {name}" if field.repeated else name


def _enum(name: str, side: Side, old: ProtoEnum | None, new: ProtoEnum | None) -> Iterator[Change]:
    if old is None or new is None:
        yield from _one_sided("enum", name, old, new, side)
        return
    place = Place("enum", name, new.file, side)
    yield from _moved(place, old.file, new.file)
    renamed = _renamed(old.values, new.values)
    back = {before: after for after, before in renamed.items()}
    now = {renamed.get(n, n): number for n, number in new.values.items()}
    for value, number, number_now in pairs(old.values, now):
        here = place.below("value", f".{value}")
        if number is None:
            yield here.says("added", OPEN_VALUE)
        elif number_now is None:
            yield here.says("removed", GONE)
        elif value in back:
            yield here.says(f"renamed to {back[value]}", OTHER_NAME)
        elif number != number_now:
            yield here.says(f"number changed from {number} to {number_now}", OTHER_TYPE)
