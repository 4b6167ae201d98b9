"""Two versions of the REST definitions -> what changed, route by route and schema by schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import attrs

from .diff_limits import compare_limits
from .diff_schema import SchemaDiff
from .diff_words import (
    ANSWER,
    GONE,
    NEW,
    PROSE,
    REQUEST,
    Change,
    Place,
    Side,
    breaks,
    fits,
    note,
    pairs,
    reached,
    side_of,
)
from .raw import OpenApi, Parameter, Route, Schema


def compare_openapi(old: OpenApi, new: OpenApi) -> Iterator[Change]:
    """Every difference, in no special order."""
    schemas = SchemaDiff(old.schemas, new.schemas)
    for route, route_now in _routes(old.routes, new.routes):
        yield from _route(route, route_now, schemas)
    sides = _sides(old), _sides(new)
    for name, schema, schema_now in pairs(old.schemas, new.schemas):
        side = side_of(name, *sides)
        file = _file(new.files[name] if schema_now else old.files[name])
        place = Place("schema", name, file, side)
        if schema is None:
            yield place.says("added", note("JSON does not name schemas: see what uses it"))
        elif schema_now is None:
            # what no call names is seen nowhere else
            yield place.says("removed", note("JSON does not name schemas: see what used it") if side else GONE)
        else:
            yield from schemas.changes(place, schema, schema_now)
    yield from compare_limits(old, new, sides)


def _file(name: str) -> str:
    return f"openapi/{name}"


def _refs(schema: Schema | None) -> Iterator[str]:
    """The names of the schemas that a schema refers to."""
    if schema is None:
        return
    if schema.ref:
        yield schema.ref
    yield from _refs(schema.items)
    for part in (*schema.variants, *(p.schema for p in schema.properties.values())):
        yield from _refs(part)


def _sides(api: OpenApi) -> dict[str, Side]:
    """Name of a schema -> the sides that reach it."""
    starts: list[tuple[str, str]] = []
    for route in api.routes.values():
        for schema in (route.body, *(p.schema for p in route.parameters.values())):
            starts += [("request", name) for name in _refs(schema)]
        for schema in (route.answer, route.stream):
            starts += [("answer", name) for name in _refs(schema)]
    return reached(starts, lambda name: _refs(api.schemas.get(name)))


def _routes(old: Mapping[str, Route], new: Mapping[str, Route]) -> Iterator[tuple[Route | None, Route | None]]:
    """(old, new): of one name, or of one path but for the names of its parameters."""
    gone = {_shape(name): name for name in sorted(old, reverse=True) if name not in new}
    back = {gone.pop(_shape(n)): n for n in sorted(new) if n not in old and _shape(n) in gone}
    moved = {name: before for before, name in back.items()}
    now = {moved.get(name, name): route for name, route in new.items()}
    for _, route, route_now in pairs(old, now):
        yield route, route_now


def _shape(name: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", name)


def _route(old: Route | None, new: Route | None, schemas: SchemaDiff) -> Iterator[Change]:
    if old is None or new is None:
        for route, change, verdict in ((old, "removed", GONE), (new, "added", NEW)):
            if route is not None:
                yield Place("route", route.name, _file(route.file)).says(change, verdict)
        return
    place = Place("route", old.name, _file(new.file))
    if old.file != new.file:
        yield place.says(f"moved from {_file(old.file)}", PROSE)
    if old.name != new.name:
        yield place.says(f"path written as {new.path}", note("paths do not carry the names of parameters"))
    if old.host != new.host:
        yield place.says(f"host changed from {old.host} to {new.host}", breaks("callers call the other host"))
    yield from _parameters(place, old, new, schemas)
    body, answer, stream = (
        Place(kind, f"{old.name} {kind}", place.file, side)
        for kind, side in (("body", REQUEST), ("answer", ANSWER), ("stream", ANSWER))
    )
    yield from _content(body, old.body, new.body, schemas)
    yield from _content_type(body, old.body_type, new.body_type)
    yield from _content(answer, old.answer, new.answer, schemas)
    yield from _content_type(answer, old.answer_type, new.answer_type)
    yield from _content(stream, old.stream, new.stream, schemas)


def _content(place: Place, old: Schema | None, new: Schema | None, schemas: SchemaDiff) -> Iterator[Change]:
    if old is not None and new is not None:
        yield from schemas.changes(place, old, new)
    elif old is not None:
        yield place.says("removed", GONE)
    elif new is not None:
        demands = place.side == REQUEST and schemas.demands(new)
        yield place.says("added", breaks("requests without it are refused") if demands else NEW)


def _content_type(place: Place, old: str | None, new: str | None) -> Iterator[Change]:
    if old and new and old != new:
        yield place.says(f"content type changed from {old} to {new}", breaks("each version misreads the other's bytes"))


def _parameters(place: Place, old: Route, new: Route, schemas: SchemaDiff) -> Iterator[Change]:
    # a parameter of the path is known by where it stands there; the key of any may say the place before the name
    names = dict(zip(_path_names(new), _path_names(old), strict=True))
    now = {
        key.removesuffix(p.name) + names.get(p.name, p.name) if p.where == "path" else key: p
        for key, p in new.parameters.items()
    }
    for name, parameter, parameter_now in pairs(old.parameters, now):
        here = attrs.evolve(place.below("parameter", f"?{name}"), side=REQUEST)
        if parameter is None:
            demands = parameter_now is not None and parameter_now.required
            yield here.says("added", breaks("requests without it are refused") if demands else NEW)
        elif parameter_now is None:
            yield here.says("removed", GONE)
        else:
            yield from _parameter(here, parameter, parameter_now, schemas)


def _path_names(route: Route) -> list[str]:
    return re.findall(r"\{([^}]*)\}", route.path)


def _parameter(place: Place, old: Parameter, new: Parameter, schemas: SchemaDiff) -> Iterator[Change]:
    if old.where != new.where:
        yield place.says(f"moved from the {old.where} to the {new.where}", breaks("servers look for it elsewhere"))
    if new.required and not old.required:
        yield place.says("now required", breaks("requests without it are refused"))
    if old.required and not new.required:
        yield place.says("no longer required", fits("requests that have it still may"))
    yield from schemas.changes(place, old.schema, new.schema)
