"""IR -> the methods that users call: xai_dual/_async/resources/<resource>.py. The sync side is rewritten from them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from . import ir
from .emit_operations import answer_type
from .emit_types import Annotator
from .lines import Imports, Lines, clean, literal, module, quoted, split_sentence, upper

_OPTIONS = (
    ("timeout", "Timeout | float | Inherit | None", "INHERIT", "Seconds in total, a `Timeout`, or None for no limit."),
    ("headers", "Mapping[str, str] | None", "None", "Headers (gRPC: metadata) for this call, over the client's own."),
    ("max_retries", "int | Inherit", "INHERIT", "Attempts after the first."),
    ("extra_body", "Mapping[str, Any] | None", "None", "REST only: properties merged into the body as they are."),
)


def emit_resources(api: ir.Api) -> Iterator[tuple[str, str]]:
    """(path, text) of every module of resources."""
    resources = sorted({op.resource for op in api.operations.values()})
    for resource in resources:
        yield f"xai_dual/_async/resources/{resource}.py", _module(api, resource)
    yield "xai_dual/_async/resources/__init__.py", _all(resources)


def class_name(resource: str) -> str:
    """chat -> AsyncChat."""
    return "Async" + "".join(word.capitalize() for word in resource.split("_"))


def _all(resources: list[str]) -> str:
    imports, typing_only, body = Imports(), Imports(), Lines()
    imports.add("functools", "cached_property")
    typing_only.add("..call", "AsyncCaller")
    body(f"__all__ = [{quoted(['AsyncResources'])}]", "")
    with body.block("class AsyncResources:"):
        body.doc("The resources of a client. Each is made, and its models are loaded, when it is first used.")
        body("", "_caller: AsyncCaller")
        for resource in resources:
            cls = class_name(resource)
            typing_only.add(f".{resource}", cls)
            body("", "@cached_property")
            with body.block(f"def {resource}(self) -> {cls}:"):
                body(f"from .{resource} import {cls}", "", f"return {cls}(self._caller)")
    return module("Resources, one module each.", imports, body, typing_only)


def _module(api: ir.Api, resource: str) -> str:
    imports, typing_only, body = Imports(), Imports(), Lines()
    typing_only.add("..call", "AsyncCaller")
    imports.add("...options", "INHERIT", "CallOptions")
    typing_only.add("...options", "Inherit", "Timeout")
    typing_only.add("typing", "Any")
    typing_only.add("collections.abc", "Mapping")
    cls = class_name(resource)
    body(f"__all__ = [{literal(cls)}]", "")
    operations = [op for op in api.operations.values() if op.resource == resource]
    with body.block(f"class {cls}:"):
        body.doc(f"Calls of `client.{resource}`: {', '.join(op.method for op in operations)}")
        body("", '__slots__ = ("_caller",)', "")
        with body.block("def __init__(self, caller: AsyncCaller) -> None:"):
            body("self._caller = caller")
        for op in operations:
            body("")
            _Method(api, op, imports, typing_only, body).emit()
    return module(f"Calls of `client.{resource}`.", imports, body, typing_only)


class _Method:
    def __init__(self, api: ir.Api, op: ir.Operation, imports: Imports, typing_only: Imports, body: Lines) -> None:
        self.api = api
        self.op = op
        self.imports = imports
        self.body = body
        self.annotate = Annotator(api, "", typing_only, prefix="...types.")
        self.typing_only = typing_only
        request = api.models.get(op.request or "")
        fields = request.fields if request else []
        self.required = [f for name in op.required for f in fields if f.name == name]
        self.optional = [f for f in fields if f.name not in op.required]

    def emit(self) -> None:
        op, body = self.op, self.body
        self.imports.add(f"..._gen.operations.{op.domain}", upper(op.name))
        if self.required:
            self.imports.add("..._required", "required")
            body(f"@required({quoted(op.required)})")
        with body.block(self._head()):
            self._doc()
            request = "None"
            if op.request:
                self.imports.add(f"...types.{self.api.models[op.request].domain}", op.request)
                names = [f.name for f in (*self.required, *self.optional)]
                request = f"{op.request}({', '.join(f'{n}={n}' for n in names)})"
            body(f"request = {request}")
            body("options = CallOptions(timeout, headers, max_retries, extra_body)")
            call = "self._caller.stream" if op.chunk else "await self._caller.unary"
            body(f"return {call}({upper(op.name)}, request, options)")

    def _head(self) -> str:
        op = self.op
        parameters = [f"{f.name}: {self.annotate.field(f, True)}" for f in self.required]
        parameters += [f"{f.name}: {self.annotate.field(f, True)} | None = None" for f in self.optional]
        parameters += [f"{name}: {annotation} = {default}" for name, annotation, default, _ in _OPTIONS]
        for name in filter(None, (op.response, op.chunk)):
            self.annotate.named(name)
        if op.chunk:
            self.typing_only.add("..stream", "AsyncStream")
            return f"def {op.method}(self, *, {', '.join(parameters)}) -> AsyncStream[{op.chunk}, {op.response}]:"
        if op.items:
            self.typing_only.add("...model", "Listing")
        return f"async def {op.method}(self, *, {', '.join(parameters)}) -> {answer_type(op)}:"

    def _doc(self) -> None:
        op, body = self.op, self.body
        summary, rest = split_sentence(clean(op.doc or op.name))
        body(f'"""{summary}', "")
        if rest:
            body(*textwrap.wrap(rest, 108), "")
        if op.chunk:
            body("Sends nothing until the stream is entered or first iterated.", "")
        body("Args:")
        for field in (*self.required, *self.optional):
            self._argument(field.name, f"{clean(field.doc)} {self._only(field)}".strip())
        for name, _, _, doc in _OPTIONS:
            self._argument(name, doc)
        routes = [f"gRPC `{op.grpc}`"] if op.grpc else []
        routes += [f"REST `{r.route}`" for r in op.rest]
        body("", "Raises:")
        body("    UsageError: the request cannot be sent as it is.")
        body("    ApiError: the service refuses; its subclasses tell why.")
        body("    TransportError: the service was not reached, or did not answer in time.")
        body("", f"Source: {', '.join(routes)}.", '"""')

    def _argument(self, name: str, doc: str) -> None:
        self.body(*textwrap.wrap(f"{name}: {doc}", 106, initial_indent="    ", subsequent_indent="        "))

    def _only(self, field: ir.Field) -> str:
        if not (self.op.grpc and self.op.rest) or not field.one_sided or field.drop:
            return ""
        return "gRPC only." if field.one_sided == "grpc" else "REST only."
