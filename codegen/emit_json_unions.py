"""IR -> JSON codecs of unions: members told apart by a tag property, or by the key that they stand under."""

from __future__ import annotations

from . import ir
from .codecs import CodecModule, not_here
from .lines import literal, snake, upper


def emit_union(m: CodecModule, union: ir.Union) -> None:
    """`decode_NAME` and `encode_NAME`; never by trial."""
    m.imports.add("typing", "Any")
    m.imports.add("collections.abc", "Mapping", "Callable")
    if any(union.tag.values()):
        _tagged(m, union)
        for shape in union.other_shapes:
            _tagged_otherwise(m, union, shape)
    else:
        _keyed(m, union)


def _tagged(m: CodecModule, union: ir.Union) -> None:
    name, table, unknown = snake(union.name), upper(union.name), m.use("model", "Unknown")
    tag = next(t for t in union.tag.values() if t)
    # what only gRPC has is tagged by the name of its case, in the JSON form that no wire sees
    members = [(v.model, next(iter(v.tags.values()), v.case or "")) for v in union.variants]
    decoders: dict[str, str] = {}
    encoders = []
    for model, value in members:
        decoders.setdefault(value, _decode(m, model, None, tag))
        encoders.append(f"{m.cls(model)}: {_encode(m, model, None, tag, value)}")
    pairs = ", ".join(f"{literal(value)}: {decode}" for value, decode in decoders.items())
    m.body(f"_{table}_DECODERS: dict[str, Callable[[Any], Any]] = {{{pairs}}}", "")
    with m.body.block(f"def decode_{name}(d: Mapping[str, Any]) -> Any:"):
        default = f", {literal(union.default)}" if union.default else ""
        m.body(f"tag = d.get({literal(tag)}{default})")
        if union.default:
            m.body("if tag is None:", f"    tag = {literal(union.default)}")
        m.body(f"decode = _{table}_DECODERS.get(tag) if isinstance(tag, str) else None")
        m.body(f'return decode(d) if decode else {unknown}(tag if isinstance(tag, str) else "", dict(d))')
    kind = "dict[type, Callable[[Any, bool], dict[str, Any]]]"
    m.body("", f"_{table}_ENCODERS: {kind} = {{{', '.join(encoders)}}}", "")
    with m.body.block(f"def encode_{name}(m: Any, wire: bool = True) -> dict[str, Any]:"):
        m.body("if isinstance(m, Mapping):", f"    m = decode_{name}(m)")
        _refuse_elsewhere(m, union, union.shape or "", "wire and ")
        m.body(f"encode = _{table}_ENCODERS.get(m.__class__)")
        m.body("if encode is not None:", "    return encode(m, wire)")
        m.body(f"if isinstance(m, {unknown}):", "    return m.to_dict()")
        _refuse(m, [model for model, _ in members])
    m.body("")


def _decode(m: CodecModule, model: str, shape: str | None, tag: str) -> str:
    """Source of a member's decoder."""
    decode = m.function("decode", model, shape)
    if m.api.models[model].tags:
        return decode
    # its schema stands elsewhere too, without the tag
    return f"lambda d: {decode}({m.use('_json', 'without')}(d, {literal(tag)}))"


def _encode(m: CodecModule, model: str, shape: str | None, tag: str, value: str) -> str:
    """Source of a member's encoder."""
    encode, own = m.function("encode", model, shape), m.api.models[model].tags
    if not own:
        return f"lambda m, w: {{{literal(tag)}: {literal(value)}, **{encode}(m, w)}}"
    if (tag, value) not in own.values():  # another union has it under another tag
        return f"lambda m, w: {{**{encode}(m, w), {literal(tag)}: {literal(value)}}}"
    return encode


def _tagged_otherwise(m: CodecModule, union: ir.Union, shape: str) -> None:
    """What calls need of a shape that is not that of the JSON form."""
    name, table, unknown = snake(union.name), f"_{upper(union.name)}_{shape.upper()}", m.use("model", "Unknown")
    tag = union.tag[shape] or ""
    members = [(v.model, v.tags[shape]) for v in union.variants if shape in v.tags]
    if union.received:
        pairs = {value: _decode(m, model, shape, tag) for model, value in reversed(members)}
        decoders = ", ".join(f"{literal(value)}: {decode}" for value, decode in pairs.items())
        m.body(f"{table}_DECODERS: dict[str, Callable[[Any], Any]] = {{{decoders}}}", "")
        with m.body.block(f"def decode_{name}_{shape}(d: Mapping[str, Any]) -> Any:"):
            m.body(f"tag = d.get({literal(tag)})")
            m.body(f"decode = {table}_DECODERS.get(tag) if isinstance(tag, str) else None")
            m.body(f'return decode(d) if decode else {unknown}(tag if isinstance(tag, str) else "", dict(d))', "")
    if not union.sent:
        return
    encoders = ", ".join(f"{m.cls(model)}: {_encode(m, model, shape, tag, value)}" for model, value in members)
    m.body(f"{table}_ENCODERS: dict[type, Callable[[Any, bool], dict[str, Any]]] = {{{encoders}}}", "")
    with m.body.block(f"def encode_{name}_{shape}(m: Any, wire: bool = True) -> dict[str, Any]:"):
        m.body("if isinstance(m, Mapping):", f"    m = decode_{name}(m)")
        _refuse_elsewhere(m, union, shape)
        m.body(f"encode = {table}_ENCODERS.get(m.__class__)")
        m.body("if encode is not None:", "    return encode(m, wire)")
        m.body(f"if isinstance(m, {unknown}):", "    return m.to_dict()")
        _refuse(m, [model for model, _ in members])
    m.body("")


def _refuse_elsewhere(m: CodecModule, union: ir.Union, shape: str, only_if: str = "") -> None:
    """Lines that refuse members which this shape lacks: another has them, or only gRPC."""
    groups: dict[str, list[str]] = {}
    for v in union.variants if union.sent else ():
        if shape not in v.tags:
            groups.setdefault(next(iter(v.tags), ""), []).append(v.model)
    for other, models in groups.items():
        classes = ", ".join(m.cls(model) for model in models)
        with m.body.block(f"if {only_if}isinstance(m, ({classes},)):"):
            m.body(not_here(m, [other], ""))


def _keyed(m: CodecModule, union: ir.Union) -> None:
    """{"key": {...}}; a union that only gRPC has looks like that as protobuf's own JSON form."""
    name, table, unknown = snake(union.name), upper(union.name), m.use("model", "Unknown")
    members = [(v.model, next(iter(v.tags.values()), v.case)) for v in union.variants if v.tags or not union.rest]
    pairs = ", ".join(f"{literal(key)}: {m.function('decode', model)}" for model, key in members)
    m.body(f"_{table}_DECODERS: dict[str, Callable[[Any], Any]] = {{{pairs}}}", "")
    with m.body.block(f"def decode_{name}(d: Mapping[str, Any]) -> Any:"):
        with m.body.block(f"for key, decode in _{table}_DECODERS.items():"):
            m.body("if isinstance(d.get(key), Mapping):", "    return decode(d[key])")
        m.body(f'return {unknown}(next(iter(d), ""), dict(d))')
    encoders = ", ".join(f"{m.cls(model)}: ({literal(key)}, {m.function('encode', model)})" for model, key in members)
    kind = "dict[type, tuple[str, Callable[[Any, bool], dict[str, Any]]]]"
    m.body("", f"_{table}_ENCODERS: {kind} = {{{encoders}}}", "")
    with m.body.block(f"def encode_{name}(m: Any, wire: bool = True) -> dict[str, Any]:"):
        m.body("if isinstance(m, Mapping):", f"    m = decode_{name}(m)")
        m.body(f"if isinstance(m, {unknown}):", "    return m.to_dict()")
        m.body(f"found = _{table}_ENCODERS.get(m.__class__)")
        with m.body.block("if found is not None:"):
            m.body("key, encode = found", "return {key: encode(m, wire)}")
        others = [v.model for v in union.variants if v.model not in {model for model, _ in members}]
        if others and union.sent:
            classes = ", ".join(m.cls(model) for model in others)
            with m.body.block(f"if isinstance(m, ({classes},)):"):
                m.body(f'{m.use("_check", "only_on")}("grpc", "")')
        _refuse(m, [model for model, _ in members])
    m.body("")


def _refuse(m: CodecModule, members: list[str]) -> None:
    """The line for what is no member."""
    words = " or ".join(members) + ", or a dict"
    m.body(f'{m.use("_check", "wrong")}(m, {literal(words)}, "")')
