"""Protobuf files -> facts. protoc does the parsing; this reads its descriptor set."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import grpc_tools
from google.protobuf import descriptor_pb2 as pb
from grpc_tools import protoc

from .errors import DefinitionError
from .raw import ProtoEnum, ProtoField, ProtoMessage, Protos, Rpc

_TYPES = {number: name.removeprefix("TYPE_").lower() for name, number in pb.FieldDescriptorProto.Type.items()}


def read_protos(folder: Path) -> Protos:
    """Compile every .proto below `folder` and return its facts."""
    files = _compile(folder)
    messages: dict[str, ProtoMessage] = {}
    enums: dict[str, ProtoEnum] = {}
    rpcs: dict[str, Rpc] = {}
    for file in files.file:
        if file.name.startswith("google/protobuf/"):
            continue
        reader = _File(file)
        messages.update((m.name, m) for m in reader.messages())
        enums.update((e.name, e) for e in reader.enums())
        rpcs.update((r.name, r) for r in reader.rpcs())
    return Protos(messages, enums, rpcs, _strip(files))


def _compile(folder: Path) -> pb.FileDescriptorSet:
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.proto"))
    if not names:
        raise DefinitionError(f"no .proto file below {folder}")
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "set.binpb"
        flags = ["--include_imports", "--include_source_info", f"--descriptor_set_out={out}"]
        # protoc prints what is wrong, with file and line, on stderr
        if protoc.main(["protoc", f"-I{folder}", f"-I{well_known}", *flags, *names]):
            raise DefinitionError(f"protoc refuses the definitions below {folder}; its messages stand above")
        return pb.FileDescriptorSet.FromString(out.read_bytes())


def _strip(files: pb.FileDescriptorSet) -> bytes:
    """The set without comments and file options: what runs, and the same bytes from every version of protoc."""
    slim = pb.FileDescriptorSet()
    slim.CopyFrom(files)
    for file in slim.file:
        file.ClearField("source_code_info")
        file.ClearField("options")
    return slim.SerializeToString(deterministic=True)


class _File:
    """One compiled file."""

    def __init__(self, file: pb.FileDescriptorProto) -> None:
        self.file = file
        self.docs = {tuple(x.path): _text(x.leading_comments) for x in file.source_code_info.location}

    def _walk(self) -> Iterator[tuple[str, tuple[int, ...], pb.DescriptorProto]]:
        """(full name, path in the file, message), nested ones included."""
        todo: list[tuple[str, tuple[int, ...], pb.DescriptorProto]]
        todo = [(f"{self.file.package}.{m.name}", (4, i), m) for i, m in enumerate(self.file.message_type)]
        while todo:
            name, path, message = todo.pop(0)
            yield name, path, message
            todo += [(f"{name}.{m.name}", (*path, 3, i), m) for i, m in enumerate(message.nested_type)]

    def messages(self) -> Iterator[ProtoMessage]:
        for name, path, message in self._walk():
            if message.options.map_entry:
                continue
            nested = {f".{name}.{m.name}": m for m in message.nested_type if m.options.map_entry}
            fields = {
                f.name: self._field(f, message, nested, self.docs.get((*path, 2, i), ""))
                for i, f in enumerate(message.field)
            }
            yield ProtoMessage(name, self.file.name, fields, self.docs.get(path, ""))

    def _field(
        self, f: pb.FieldDescriptorProto, message: pb.DescriptorProto, maps: dict[str, pb.DescriptorProto], doc: str
    ) -> ProtoField:
        entry = maps.get(f.type_name)
        in_oneof = f.HasField("oneof_index") and not f.proto3_optional
        repeated = f.label == pb.FieldDescriptorProto.LABEL_REPEATED
        return ProtoField(
            name=f.name,
            number=f.number,
            type=_TYPES[f.type],
            type_name=f.type_name.lstrip(".") or None,
            repeated=repeated and entry is None,
            presence=not repeated and (f.proto3_optional or in_oneof or _TYPES[f.type] == "message"),
            oneof=message.oneof_decl[f.oneof_index].name if in_oneof else None,
            deprecated=f.options.deprecated,
            map_value=self._field(entry.field[1], entry, {}, "") if entry else None,
            doc=doc,
        )

    def enums(self) -> Iterator[ProtoEnum]:
        found: list[tuple[str, tuple[int, ...], pb.EnumDescriptorProto]]
        found = [(f"{self.file.package}.{e.name}", (5, i), e) for i, e in enumerate(self.file.enum_type)]
        for name, path, message in self._walk():
            found += [(f"{name}.{e.name}", (*path, 4, i), e) for i, e in enumerate(message.enum_type)]
        for name, path, enum in found:
            yield ProtoEnum(
                name,
                self.file.name,
                {v.name: v.number for v in enum.value},
                self.docs.get(path, ""),
                {v.name: self.docs.get((*path, 2, i), "") for i, v in enumerate(enum.value)},
            )

    def rpcs(self) -> Iterator[Rpc]:
        for i, service in enumerate(self.file.service):
            for j, m in enumerate(service.method):
                yield Rpc(
                    f"{self.file.package}.{service.name}/{m.name}",
                    self.file.name,
                    m.input_type.lstrip("."),
                    m.output_type.lstrip("."),
                    m.client_streaming,
                    m.server_streaming,
                    self.docs.get((6, i, 2, j), ""),
                )


def _text(comment: str) -> str:
    return "\n".join(line.strip() for line in comment.strip().splitlines())
