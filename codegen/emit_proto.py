"""IR -> protobuf codecs: xai_dual/_gen/proto/<domain>.py. Straight-line code: one statement a field."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from . import ir
from .codecs import CodecModule, check_one_ofs, check_required, check_whole
from .emit_types import domains, zero_of
from .lines import Imports, Lines, literal, module, snake, upper


def emit_proto(api: ir.Api) -> Iterator[tuple[str, str]]:
    """(path, text) of every protobuf codec module."""
    for domain in domains(api):
        m = CodecModule(api, domain, "proto")
        for enum in api.enums.values():
            if enum.domain == domain and enum.grpc:
                _enum(m, enum)
        for model in api.models.values():
            if model.domain == domain and model.grpc:
                _Model(m, model).emit()
        for union in api.unions.values():
            if union.domain == domain and union.grpc:
                _union(m, union)
        for op in api.operations.values():
            if op.domain == domain and op.grpc:
                _operation(m, op)
        if m.body.text().strip():
            text = module(f"Protobuf codecs: {domain}.", m.imports, m.body, m.typing_only)
            yield f"xai_dual/_gen/proto/{domain}.py", text
    yield "xai_dual/_gen/proto/__init__.py", module("Protobuf codecs, one module a domain.", Imports(), Lines())


def _enum(m: CodecModule, enum: ir.Enum) -> None:
    """Two tables: number -> public value, public value -> number."""
    names = m.use("_proto", "EnumNames")
    known = [v for v in enum.values if v.number is not None]
    first = {v.number: v.name for v in reversed(known)}  # of aliases, the first is what is read
    pairs = [f"{v.number}: {literal(v.name)}" for v in known if first[v.number] == v.name]
    if enum.zero is None:
        pairs.insert(0, "0: None")
    m.body(f"{upper(enum.name)}_NAMES = {names}({{{', '.join(pairs)}}})")
    m.body(f"{upper(enum.name)}_NUMBERS = {{{', '.join(f'{literal(v.name)}: {v.number}' for v in known)}}}", "")


class _Model:
    """The two functions of one model."""

    def __init__(self, m: CodecModule, model: ir.Model) -> None:
        self.m = m
        self.model = model
        self.name = snake(model.name)

    def emit(self) -> None:
        self.m.imports.add("typing", "Any")
        self.m.cls(self.model.name)
        if self.model.received or self.model.echoed:
            self._decoder()
        if self.model.sent:
            self._encoder()

    def _table(self, enum: str, which: str) -> str:
        """The name of an enum's table, imported."""
        home = self.m.api.enums[enum].domain
        table = f"{upper(enum)}_{which}"
        if home != self.m.domain:
            self.m.imports.add(f".{home}", table)
        return table

    # --- decoding ---

    def _decoder(self) -> None:
        m = self.m
        with m.body.block(f"def decode_{self.name}(p: Any) -> {self.model.name}:"):
            # each attribute is set by itself: to go through `__init__`, by keywords, takes four times as long
            m.body(f"self = {self.model.name}.__new__({self.model.name})")
            for field in self.model.fields:
                m.body(f"self.{field.name} = {self._read(field) if field.grpc else self._zero(field)}")
            m.body("self.extra = None", *(["self.meta = None"] if self.model.answers else []), "return self")
        m.body("")

    def _zero(self, field: ir.Field) -> str:
        """Source of a field that gRPC does not have."""
        zero = zero_of(field, self.m.api, self.model.sent_only)
        if isinstance(field.type, ir.ModelRef) and field.kind == "plain" and zero != "None":
            self.m.cls(field.type.name)
        return zero

    def _read(self, field: ir.Field) -> str:
        assert field.grpc is not None
        if field.grpc.oneof:
            return f"p.WhichOneof({literal(field.grpc.oneof)}) or {literal('')}"
        steps = field.grpc.path
        source = ".".join(["p", *steps])
        value = self._value(field, source)
        proto = field.grpc.field
        if proto is None:
            union = self.m.api.unions.get(getattr(field.type, "name", ""))
            always = union is None or (field.required and self.model.sent_only)
            return value if always else f"{value} if p.WhichOneof({literal(union.oneof if union else None)}) else None"
        if proto.repeated or proto.map_value or not proto.presence:
            # what callers make is not set where protobuf has nothing but zero
            if self.model.sent_only and isinstance(field.type, ir.EnumRef) and not field.many and not field.required:
                return f"{value} if {source} else None"
            if self.model.sent_only and not field.required:
                return f"{value} or None"
            # to ask whether there are items costs less than to go through none
            empty = {"[": "[]", "{": "{}"}.get(value[0])
            return f"{value} if {source} else {empty}" if empty else value
        if self._reads_zero(field):
            return value
        holder = ".".join(["p", *steps[:-1]])
        return f"{value} if {holder}.HasField({literal(steps[-1])}) else {self._absent(field)}"

    def _reads_zero(self, field: ir.Field) -> bool:
        """Whether an unset protobuf field has just the value that absent reads as."""
        if field.required and self.model.sent_only:
            return True
        if field.kind != "plain" or self.model.sent_only:
            return False
        if isinstance(field.type, ir.Converted):  # the part of an unset message is zero as well
            return bool(field.type.converter.proto_part and field.type.converter.zero)
        return isinstance(field.type, (ir.Scalar, ir.ModelRef, ir.EnumRef))

    def _absent(self, field: ir.Field) -> str:
        if field.kind == "plain" and isinstance(field.type, ir.Converted):
            return field.type.converter.zero or "None"
        return "None"

    def _value(self, field: ir.Field, source: str) -> str:
        """Source of a field that is set. Slices are lists, made at once; repeated fields are slow to go through."""
        m, type_ = self.m, field.type
        if isinstance(type_, ir.Converted):
            if field.many == "list":
                return f"[{self._converted(type_, 'x')} for x in {source}[:]]"
            if field.many:
                return f"{{k: {self._converted(type_, 'v')} for k, v in {source}.items()}}"
            return self._converted(type_, source)
        if isinstance(type_, ir.EnumRef) and m.api.enums[type_.name].grpc:
            table = self._table(type_.name, "NAMES")
            if not field.many:
                return f"{table}[{source}]"
            unset = m.api.enums[type_.name].zero is None  # a zero that means nothing is no item of a list
            return f"[{table}[x] for x in {source}[:]{' if x' if unset else ''}]"
        if isinstance(type_, ir.EnumRef) and not field.many:
            return f"{source} or None"  # a text that protobuf has in place of an enum: "" is not set
        if isinstance(type_, (ir.ModelRef, ir.UnionRef)):
            decode = m.function("decode", type_.name)
            if field.many == "list":
                return f"[{decode}(x) for x in {source}[:]]"
            return f"{{k: {decode}(v) for k, v in {source}.items()}}" if field.many else f"{decode}({source})"
        return f"{source}[:]" if field.many == "list" else f"dict({source})" if field.many else source

    def _converted(self, type_: ir.Converted, value: str) -> str:
        """Source of one converted value."""
        part = type_.converter.proto_part
        return f"{self.m.converter(type_.converter, 'from_proto')}({value})" if part is None else f"{value}{part}"

    # --- encoding ---

    def _encoder(self) -> None:
        m = self.m
        with m.body.block(f"def encode_{self.name}(m: {self.model.name}, p: Any) -> None:"):
            check_required(self.model, m)
            check_one_ofs(self.model, m)
            check_whole(self.model, m)
            for field in self.model.fields:
                self._write(field)
            m.body(f"{m.use('_proto', 'refuse_extra')}(m)")
        m.body("")

    def _write(self, field: ir.Field) -> None:
        m = self.m
        if field.grpc is not None and field.grpc.oneof:
            return  # said by the member that is set
        if field.grpc is None:
            if not field.drop:
                with m.body.block(f"if m.{field.name} is not None:"):
                    m.body(f'{m.use("_check", "only_on")}("rest", {literal(field.name)})')
            return
        line = self._set(field, ".".join(["p", *field.grpc.path]))
        if self.model.sent_only and (field.required or field.unset is not None):
            m.body(line)
            return
        skip_empty = not self.model.sent_only and field.kind in ("plain", "many")
        with m.body.block(f"if m.{field.name}:" if skip_empty else f"if m.{field.name} is not None:"):
            m.body(line)

    def _set(self, field: ir.Field, target: str) -> str:
        m, type_, name = self.m, field.type, literal(field.name)
        value = m.coerced(field)
        if self.model.sent_only and field.unset is not None:
            value = f"{literal(field.unset)} if {value} is None else {value}"
        if isinstance(type_, ir.Converted):
            to_proto = m.converter(type_.converter, "to_proto")
            if field.many and type_.converter.style == "value":
                check, add = ("scalars", "extend") if field.many == "list" else ("entries", "update")
                return f"{target}.{add}({m.use('_check', check)}({to_proto}, {value}, {name}))"
            if field.many:
                fill = m.use("_proto", "convert_list" if field.many == "list" else "convert_map")
                return f"{fill}({to_proto}, {value}, {target}, {name})"
            if type_.converter.style == "value":
                return f"{target} = {to_proto}({value}, {name})"
            return f"{to_proto}({value}, {target}, {name})"
        if isinstance(type_, ir.EnumRef) and not m.api.enums[type_.name].grpc:
            type_ = ir.Scalar("string")
            field = attrs.evolve(field, type=type_)
        if isinstance(type_, ir.EnumRef):
            table = self._table(type_.name, "NUMBERS")
            if field.many:
                return f"{target}.extend({m.use('_proto', 'enum_numbers')}({table}, {value}, {name}))"
            return f"{target} = {m.use('_proto', 'enum_number')}({table}, {value}, {name})"
        if isinstance(type_, ir.ModelRef):
            encode, cls = m.function("encode", type_.name), m.cls(type_.name)
            if field.many == "map":
                return f"{m.use('_proto', 'model_map')}({encode}, {cls}, {value}, {target}, {name})"
            return f"{m.use('_proto', 'many' if field.many else 'one')}({encode}, {cls}, {value}, {target}, {name})"
        if isinstance(type_, ir.UnionRef):
            encode = m.function("encode", type_.name)
            return f"{m.use('_proto', 'unions' if field.many else 'union')}({encode}, {value}, {target}, {name})"
        if isinstance(type_, ir.Scalar):
            checked = m.checked(field, value, name)
            if field.many == "list":
                return f"{target}.extend({checked})"
            return f"{target}.update({checked})" if field.many else f"{target} = {checked}"
        raise TypeError(f"{self.model.name}.{field.name}: free-form JSON has no protobuf form without a converter")


def _union(m: CodecModule, union: ir.Union) -> None:
    name = snake(union.name)
    m.imports.add("typing", "Any")
    m.imports.add("collections.abc", "Mapping", "Callable")
    unknown = m.use("model", "Unknown")
    cases = [v for v in union.variants if v.case]
    if union.received or union.echoed:
        pairs = ", ".join(f"{literal(v.case)}: {m.function('decode', v.model)}" for v in cases)
        m.body(f"_{upper(union.name)}_DECODERS: dict[str, Callable[[Any], Any]] = {{{pairs}}}", "")
        with m.body.block(f"def decode_{name}(p: Any) -> Any:"):
            m.body(f"case = p.WhichOneof({literal(union.oneof)})")
            m.body(f"decode = _{upper(union.name)}_DECODERS.get(case)")
            m.body(f'return decode(getattr(p, case)) if decode else {unknown}(case or "")')
        m.body("")
    if not union.sent:
        return
    pairs = ", ".join(f"{m.cls(v.model)}: ({literal(v.case)}, {m.function('encode', v.model)})" for v in cases)
    m.body(f"_{upper(union.name)}_ENCODERS: dict[type, tuple[str, Callable[[Any, Any], None]]] = {{{pairs}}}", "")
    others = [v.model for v in union.variants if not v.case]
    with m.body.block(f"def encode_{name}(m: Any, p: Any) -> None:"):
        with m.body.block("if isinstance(m, Mapping):"):
            m.imports.add(f"..json.{union.domain}", f"decode_{name} as {name}_of")  # this module may have its own
            m.body(f"m = {name}_of(m)")
        m.body(f"found = _{upper(union.name)}_ENCODERS.get(m.__class__)")
        with m.body.block("if found is None:"):
            only = ", ".join([unknown, *[m.cls(o) for o in others]])
            with m.body.block(f"if isinstance(m, ({only}{',' if not others else ''})):"):
                m.body(f'{m.use("_check", "only_on")}("rest", "")')
            members = " or ".join(v.model for v in cases)
            m.body(f'{m.use("_check", "wrong")}(m, {literal(f"{members}, or a dict")}, "")')
        m.body("case, encode = found", "target = getattr(p, case)", "target.SetInParent()", "encode(m, target)")
    m.body("")


def _operation(m: CodecModule, op: ir.Operation) -> None:
    _request(m, op)
    if op.download:
        _piece(m, op)
    else:
        _answer(m, op)


def _request(m: CodecModule, op: ir.Operation) -> None:
    name = upper(op.name).lower()
    request_type = op.messages[0]
    request = m.api.models.get(op.request or "")
    message = m.use("_proto", "message")
    if request is None or request.grpc is None:
        m.body(f"def request_{name}(m: None) -> bytes:", '    return b""', "")
        return
    encode = m.function("encode", request.name)
    with m.body.block(f"def request_{name}(m: {m.cls(request.name)}) -> bytes:"):
        m.body(f"p = {message}({literal(request_type)})()")
        target = "p"
        if request.grpc != request_type:  # the first message of an upload, around what is said of it
            target = f"p.{_field_of(m, request_type, request.grpc)}"
            m.body(f"{target}.SetInParent()")
        m.body(f"{encode}(m, {target})", "data: bytes = p.SerializeToString()", "return data")
    m.body("")
    if op.upload:
        with m.body.block(f"def wrap_{name}(piece: bytes) -> bytes:"):
            m.body(f"p = {message}({literal(request_type)})({_bytes_of(m, request_type)}=piece)")
            m.body("data: bytes = p.SerializeToString()", "return data")
        m.body("")


def _field_of(m: CodecModule, message: str, type_name: str) -> str:
    return next(f.name for f in m.api.messages[message].fields.values() if f.type_name == type_name)


def _bytes_of(m: CodecModule, message: str) -> str:
    return next(f.name for f in m.api.messages[message].fields.values() if f.type == "bytes")


def _piece(m: CodecModule, op: ir.Operation) -> None:
    """What one message of a download carries."""
    name, answer_type = upper(op.name).lower(), op.messages[1]
    with m.body.block(f"def answer_{name}(data: bytes) -> bytes:"):
        parse = f"{m.use('_proto', 'message')}({literal(answer_type)}).FromString(data)"
        m.body(f"piece: bytes = {parse}.{_bytes_of(m, answer_type)}", "return piece")
    m.body("")


def _answer(m: CodecModule, op: ir.Operation) -> None:
    name, answer = upper(op.name).lower(), op.chunk or op.response
    if answer is None:
        m.body(f"def answer_{name}(data: bytes) -> None:", "    return None", "")
        return
    decode, cls = m.function("decode", answer), m.cls(answer) if answer in m.api.models else "Any"
    parse = f"{m.use('_proto', 'message')}({literal(op.messages[1])}).FromString(data)"
    items = op.items.get("grpc")
    if items is None:
        m.body(f"def answer_{name}(data: bytes) -> {cls}:", f"    return {decode}({parse})", "")
    elif op.page is None:
        listing = m.use("model", "Listing")
        m.body(f"def answer_{name}(data: bytes) -> {listing}[{cls}]:")
        m.body(f"    return {listing}({decode}(x) for x in {parse}.{items}[:])", "")
    else:
        page = m.use("model", "Page")
        m.body(f"def answer_{name}(data: bytes) -> {page}[{cls}]:", f"    p = {parse}")
        more = f"p.{op.page.more} and p.{op.page.token}" if op.page.more else f"p.{op.page.token}"
        m.body(f"    return {page}([{decode}(x) for x in p.{items}[:]], {more} or None)", "")
