"""IR -> the JSON side of calls: what a request sends, and what an answer is."""

from __future__ import annotations

from . import ir
from .codecs import CodecModule
from .lines import literal, upper


def emit_calls(m: CodecModule, op: ir.Operation) -> None:
    """`request_NAME` and `answer_NAME` for every route of an operation."""
    for route in op.rest:
        name = f"{upper(op.name).lower()}_{route.shape}"
        _request(m, op, route, name)
        if not op.download and not route.reader:
            _answer(m, op, route, name)


def _request(m: CodecModule, op: ir.Operation, route: ir.RestRoute, name: str) -> None:
    request = m.api.models.get(op.request or "")
    result = m.use("operation", "RestRequest")
    argument = m.cls(request.name) if request else "None"
    with m.body.block(f"def request_{name}(m: {argument}) -> {result}:"):
        sets = bool(route.const or route.default)
        path, query, filename, has_body = route.path, [], None, bool(op.upload or sets)
        for field in request.fields if request else ():
            slot = field.rest.get(route.shape)
            if slot is None and request and route.shape not in request.rest:
                slot = next(iter(field.rest.values()), None)
            if slot is None:
                continue
            if slot.where == "path" and f"{{{slot.path[0]}}}" in path:
                value = f"m.{field.name}"
                if isinstance(field.type, ir.Scalar) and field.type.wire != "string":
                    value = f"str({m.checked(field, value, repr(field.name))})"
                segment = f"{m.use('_check', 'segment')}({value}, {field.name!r})"
                path = path.replace(f"{{{slot.path[0]}}}", f"{{{segment}}}")
            elif slot.where == "query":
                query.append((slot.path[0], field))
            elif slot.where == "filename":
                filename = field.name
            elif slot.where == "body":
                has_body = True
        _refuse_grpc_only(m, op, request, has_body)
        if query:
            _query(m, query)
        if has_body and (request or sets):
            m.imports.add("typing", "Any")
            encode = m.function("encode", request.name, route.shape) if request else ""
            m.body(f"body = {encode}(m)" if request else "body: dict[str, Any] = {}")
            m.body(*[f"body.setdefault({literal(key)}, {literal(value)})" for key, value in route.default.items()])
            m.body(*[f"body[{literal(key)}] = {literal(value)}" for key, value in route.const.items()])
        parts = [f'f"{path}"' if path != route.path else literal(path)]
        parts += ["query=query"] if query else []
        parts += ["body=body" if request or sets else "body={}"] if has_body else []
        if filename:
            checked = f"{m.use('_check', 'string')}(m.{filename}, {literal(filename)})"
            parts.append(f"filename=None if m.{filename} is None else {checked}")
        m.body(f"return {result}({', '.join(parts)})")
    m.body("")


def _refuse_grpc_only(m: CodecModule, op: ir.Operation, request: ir.Model | None, has_body: bool) -> None:
    """Where there is no body, whose encoder would see to it."""
    for field in request.fields if request and not has_body else ():
        if field.one_sided == "grpc" and not field.drop:
            with m.body.block(f"if m.{field.name} is not None:"):
                m.body(f'{m.use("_check", "only_on")}("grpc", {literal(field.name)})')


def _query(m: CodecModule, fields: list[tuple[str, ir.Field]]) -> None:
    pairs = []
    for key, field in fields:
        type_ = ir.Scalar("string") if isinstance(field.type, ir.EnumRef) else field.type
        name, value = literal(field.name), f"m.{field.name}"
        if isinstance(type_, ir.Converted):
            to_json = m.converter(type_.converter, "to_json")
            call = f"{m.use('_check', 'scalars')}({to_json}, {value}, {name})"
            sent = call if field.many else f"{to_json}({value}, {name})"
        elif isinstance(type_, ir.Scalar):
            check = m.check(type_)
            sent = (
                f"{m.use('_check', 'scalars')}({check}, {value}, {name})" if field.many else f"{check}({value}, {name})"
            )
        else:
            raise TypeError(f"query parameter {key}: only scalars and lists of scalars can stand in a query")
        pairs.append(f"({literal(key)}, None if {value} is None else {sent})")
    m.body(f"query = {m.use('_check', 'query_pairs')}({', '.join(pairs)})")


def _answer(m: CodecModule, op: ir.Operation, route: ir.RestRoute, name: str) -> None:
    m.imports.add("collections.abc", "Mapping")
    m.imports.add("typing", "Any")
    answer = op.chunk or op.response  # the answer of a stream operation is one of its chunks
    if answer is None:
        m.body(f"def answer_{name}(d: Mapping[str, Any]) -> None:", "    return None", "")
        return
    decode = m.function("decode", answer, route.shape)
    cls = m.cls(answer) if answer in m.api.models else "Any"
    items = op.items.get(route.shape)
    if route.wraps:
        field = next(f for f in m.api.models[answer].fields if f.name == route.wraps)
        inner = m.function("decode", getattr(field.type, "name", ""))
        with m.body.block(f"def answer_{name}(d: Mapping[str, Any]) -> {cls}:"):
            m.body('if d.get("status") == "pending":', f'    return {cls}(status="pending")')
            m.body(f'return {cls}(status="done", {route.wraps}={inner}(d))')
        m.body("")
        return
    if items is None:
        m.body(f"def answer_{name}(d: Mapping[str, Any]) -> {cls}:", f"    return {decode}(d)", "")
        return
    read = f"items, _ = {m.use('_json', 'read_models')}({decode}, d.get({literal(items)}), {literal(items)}, None)"
    if op.page is None:
        listing = m.use("model", "Listing")
        m.body(f"def answer_{name}(d: Mapping[str, Any]) -> {listing}[{cls}]:", f"    {read}")
        m.body(f"    return {listing}(items)", "")
        return
    page = m.use("model", "Page")
    more = f", d.get({literal(op.page.more)})" if op.page.more else ""
    m.body(f"def answer_{name}(d: Mapping[str, Any]) -> {page}[{cls}]:", f"    {read}")
    m.body(f"    return {page}(items, {m.use('_json', 'page_token')}(d.get({literal(op.page.token)}){more}))", "")
