"""Tiny projects for the generator: a few lines of protobuf, OpenAPI and binding, linked, emitted and imported."""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import itertools
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import attrs
import pytest
import yaml

from codegen import ir
from codegen.build import _emit, read
from codegen.errors import LinkError
from codegen.lines import snake, upper
from xai_dual._async.pager import AsyncPager
from xai_dual._routes import encoded_for_route

if TYPE_CHECKING:
    from xai_dual.operation import Operation

_NUMBERS = itertools.count(1)

ROOT = Path(__file__).resolve().parents[2]

_SHARED = (
    *(
        "_chat.checks",
        "_check",
        "_convert",
        "_convert_messages",
        "_convert_models",
        "_json",
        "_protowire",
        "_required",
        "_chat.reshape",
        "accumulate",
        "content",
        "errors",
        "helpers",
        "meta",
        "model",
    ),
    *("operation", "options", "polling", "views"),
)
"""Hand-written modules that a mini package has from xai_dual; `_proto` it loads anew, for its own descriptors."""


@attrs.define
class Package:
    """An emitted package, imported."""

    name: str
    api: ir.Api
    texts: Mapping[str, str]
    domain: str = "mini"

    def module(self, path: str) -> Any:
        """A module of the package: "types.mini", "_gen.json.mini"."""
        return import_module(f"{self.name}.{path}")

    def text(self, path: str) -> str:
        """The source of a module, as emitted."""
        return self.texts[f"{self.name}/{path.replace('.', '/')}.py"]

    @property
    def types(self) -> Any:
        return self.module(f"types.{self.domain}")

    def _codec(self, wire: str, verb: str, cls: str) -> Any:
        domain = (self.api.models.get(cls) or self.api.unions[cls]).domain
        return getattr(self.module(f"_gen.{wire}.{domain}"), f"{verb}_{snake(cls)}")

    def message(self, cls: str) -> Any:
        """An empty protobuf message of a model."""
        full = (self.api.models.get(cls) or self.api.unions[cls]).grpc
        return self.module("_proto").message(full)()

    def from_grpc(self, cls: str, **values: Any) -> Any:
        """What users read of that message."""
        message = self.message(cls).__class__(**values)
        again = message.__class__.FromString(message.SerializeToString())
        return self._codec("proto", "decode", cls)(again)

    def from_rest(self, cls: str, data: Mapping[str, Any]) -> Any:
        """What users read of that JSON object."""
        return self._codec("json", "decode", cls)(data)

    def to_grpc(self, model: Any) -> Any:
        """The message that is sent for a model."""
        message = self.message(model.__class__.__name__)
        self._codec("proto", "encode", model.__class__.__name__)(model, message)
        return message

    def to_rest(self, model: Any) -> dict[str, Any]:
        """The JSON that is sent for a model."""
        result: dict[str, Any] = self._codec("json", "encode", model.__class__.__name__)(model)
        return result

    def method(self, name: str, caller: Caller) -> Any:
        """A method of the client: "items.list", "a.b.c"."""
        first, *path = name.split(".")
        words = first.split("_")
        resource = getattr(self.module(f"_async.resources.{first}"), f"Async{''.join(map(str.capitalize, words))}")
        found: Any = resource(caller)
        for step in path:
            found = getattr(found, step)
        return found

    def call(self, wire: str, name: str, *answers: Any, **arguments: Any) -> tuple[list[Any], Any]:
        """(what is sent, what the caller gets), where the server gives `answers`."""
        caller = Caller(wire, list(answers))

        async def run() -> Any:
            result = self.method(name, caller)(**arguments)
            return await result if inspect.isawaitable(result) else result

        result = asyncio.run(run())
        return caller.sent, result

    def pages(self, wire: str, name: str, *answers: Any, **arguments: Any) -> tuple[list[Any], list[Any]]:
        """(what is sent, the pages that the caller gets)."""
        caller = Caller(wire, list(answers))

        async def run() -> list[Any]:
            return [page async for page in self.method(name, caller)(**arguments).pages()]

        return caller.sent, asyncio.run(run())

    def record(self, name: str) -> Any:
        """The record of a call: "items.list"."""
        return getattr(self.module(f"_gen.operations.{self.domain}"), upper(name))

    def route(self, name: str, rest_route: str = "", **fields: Any) -> tuple[str, dict[str, Any]]:
        """(shape of the REST route that a call takes, the body that it sends)."""
        op = self.record(name)
        request = getattr(self.types, self.api.operations[name].request or "")(**fields)
        binding, sent = encoded_for_route(op, request, rest_route)
        assert sent.body is not None
        return binding.shape, sent.body

    def bytes(self, name: str, **values: Any) -> bytes:
        """A serialised message of the package `mini`."""
        data: bytes = self.module("_proto").message(f"mini.{name}")(**values).SerializeToString()
        return data

    def parsed(self, name: str, data: bytes) -> Any:
        """A message of the package `mini`."""
        return self.module("_proto").message(f"mini.{name}").FromString(data)

    def both(self, cls: str, grpc: Mapping[str, Any], rest: Mapping[str, Any]) -> tuple[Any, Any]:
        """One model read from each wire."""
        return self.from_grpc(cls, **grpc), self.from_rest(cls, rest)


@attrs.define
class Caller:
    """Stands for a transport: encodes what a method sends on one wire, and decodes what is given as the answers."""

    wire: str
    answers: list[Any]
    sent: list[Any] = attrs.field(factory=list)
    asked: dict[str, Any] = attrs.field(factory=dict)  # what a method says beside its request

    def _codec(self, op: Operation[Any]) -> Any:
        return op.grpc.codec if self.wire == "grpc" and op.grpc else next(iter(op.rest.values())).codec

    async def unary(self, op: Operation[Any], request: Any, options: Any) -> Any:
        self.sent.append(self._codec(op).encode(request))
        return self._codec(op).decode(self.answers.pop(0))

    def pages(self, op: Any, request: Any, options: Any) -> AsyncPager[Any]:
        return AsyncPager(self, op, request, options)  # type: ignore[arg-type]

    async def upload(self, op: Any, request: Any, content: Any, options: Any) -> Any:
        self.asked = {"operation": op, "content": content}
        return await self.unary(op, request, options)

    def download(self, op: Any, request: Any, options: Any) -> list[bytes]:
        self.sent.append(self._codec(op).encode(request))
        return [self._codec(op).decode(x) if self.wire == "grpc" else x for x in self.answers]

    async def wait(self, op: Any, request: Any, options: Any, **asked: Any) -> Any:
        self.asked = asked
        while asked["state"](answer := await self.unary(op, request, options)) == "pending":
            pass
        return answer


@attrs.define
class Mini:
    """The files of a tiny project."""

    root: Path

    @property
    def bindings(self) -> Path:
        return self.root / "codegen" / "bindings"

    def link(self) -> ir.Api:
        return read(self.root)

    def problems(self) -> tuple[str, ...]:
        """What linking says; linking must fail."""
        with pytest.raises(LinkError) as caught:
            self.link()
        return caught.value.problems

    def problem(self, *words: str) -> str:
        """The one problem that there is, which has all of `words`."""
        problems = self.problems()
        assert len(problems) == 1, problems
        for word in words:
            assert word in problems[0], problems[0]
        return problems[0]

    def load(self, **by_hand: Mapping[str, Any]) -> Package:
        """Link, emit and import. `by_hand` are modules of `_async` and what stands in them."""
        api = self.link()
        name = f"mini_{next(_NUMBERS)}"
        texts = {p.replace("xai_dual", name): t.replace("xai_dual", name) for p, t in _emit(api)}
        for path, text in texts.items():
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        (self.root / name / "_gen" / "descriptors.binpb").write_bytes(api.descriptors)
        _package(name, self.root / name)
        for module, contents in by_hand.items():
            sys.modules[f"{name}._async.{module}"] = found = ModuleType(f"{name}._async.{module}")
            found.__dict__.update(contents)
        return Package(name, api, texts, next(iter(api.models.values())).domain)


def _package(name: str, folder: Path) -> None:
    module = ModuleType(name)
    module.__path__ = [str(folder)]
    sys.modules[name] = module
    for shared in _SHARED:
        sys.modules[f"{name}.{shared}"] = import_module(f"xai_dual.{shared}")
    # loaded as if it stood in the folder: it looks for the descriptors beside itself
    spec = importlib.util.spec_from_file_location(f"{name}._proto", ROOT / "xai_dual" / "_proto.py")
    assert spec is not None
    assert spec.loader is not None
    proto = importlib.util.module_from_spec(spec)
    sys.modules[f"{name}._proto"] = proto
    spec.loader.exec_module(proto)
    proto.__file__ = str(folder / "_proto.py")


def mini(
    root: Path, proto: str = "", openapi: str = "", bindings: str = "", *, paths: str = "", **more: Mapping[str, str]
) -> Mini:
    """Write a project. `openapi` is what stands below `components.schemas`; `more` adds files: domain -> the same."""
    _write(root, "mini", {"proto": proto, "openapi": openapi, "bindings": bindings, "paths": paths})
    for name, texts in more.items():
        _write(root, name, texts)
    return Mini(root)


def _write(root: Path, name: str, texts: Mapping[str, str]) -> None:
    protos, openapi, bindings = root / "protos" / "mini", root / "protos" / "openapi", root / "codegen" / "bindings"
    for folder in (protos, openapi, bindings):
        folder.mkdir(parents=True, exist_ok=True)
    imports = (
        'import "google/protobuf/timestamp.proto";\n' if "google.protobuf.Timestamp" in texts.get("proto", "") else ""
    )
    (protos / f"{name}.proto").write_text(f'syntax = "proto3";\npackage mini;\n{imports}{texts.get("proto", "")}')
    document = {
        "openapi": "3.1.0",
        "info": {"title": name, "version": "1"},
        "paths": yaml.safe_load(texts.get("paths", "")) or {},
        "components": {"schemas": yaml.safe_load(texts.get("openapi", "")) or {}},
    }
    (openapi / f"{name}.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    (bindings / f"{name}.toml").write_text(texts.get("bindings", ""))


def paste_lines(problem: str) -> dict[str, str]:
    """What a problem offers to paste: "field" (one wire only), "pair", "waive"."""
    lines = [line.strip() for line in problem.splitlines()[1:]]
    found = {"pair" if "..." in x else "field": x for x in lines if x.startswith("field")}
    return {**found, "waive": "\n".join(["[waive.no-counterpart]", *(x for x in lines if x.startswith('"'))])}


def body(schema: str) -> dict[str, Any]:
    """Content of a body or an answer."""
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}


ECHO_RPC = "service Mini { rpc Echo(Thing) returns (Thing); }"
ECHO_PATH = yaml.safe_dump({"/v1/echo": {"post": {"requestBody": body("Thing"), "responses": {"200": body("Thing")}}}})
ECHO = """
[operation."mini.echo"]
request = "Thing"
response = "Thing"
grpc = "mini.Mini/Echo"
rest = "POST /v1/echo"
"""


def thing(
    root: Path, proto: str, openapi: str, fields: str = "", *, required: str = "", more: Any = ("", "", "")
) -> Mini:
    """A project with one model, Thing, which is both sent and received on both wires.

    `proto` and `openapi` are its fields and its properties, `fields` the lines of its binding; `more` is more of each.
    """
    schema = {"type": "object", "required": required.split(), "properties": yaml.safe_load(openapi) or {}}
    schemas = {"Thing": schema, **(yaml.safe_load(more[1]) or {})}
    return mini(
        root,
        f"message Thing {{ {proto} }}\n{more[0]}\n{ECHO_RPC}",
        yaml.safe_dump(schemas, sort_keys=False),
        f'{ECHO}\n[model.Thing]\ngrpc = "mini.Thing"\nrest = "Thing"\n{fields}\n{more[2]}',
        paths=ECHO_PATH,
    )


def rest_thing(root: Path, openapi: str, schemas: str = "", bindings: str = "", *, required: str = "") -> Mini:
    """A project with one model, Thing, which only REST has; sent and received."""
    schema = {"type": "object", "required": required.split(), "properties": yaml.safe_load(openapi) or {}}
    every = {"Thing": schema, **(yaml.safe_load(schemas) or {})}
    operation = ECHO.replace('grpc = "mini.Mini/Echo"\n', "")
    text = f'{operation}\n[model.Thing]\nrest = "Thing"\n{bindings}'
    return mini(root, "", yaml.safe_dump(every, sort_keys=False), text, paths=ECHO_PATH)
