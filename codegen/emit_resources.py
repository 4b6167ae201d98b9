"""IR -> the methods that users call: xai_dual/_async/resources/<resource>.py. The sync side is rewritten from them."""

from __future__ import annotations

import builtins
import re
import textwrap
from collections.abc import Iterator

from . import ir
from .emit_operations import answer_type
from .emit_types import ZEROS, Annotator, py_scalar
from .lines import Imports, Lines, clean, literal, module, quoted, split_sentence, upper

_OPTIONS = (
    ("timeout", "Timeout | float | Inherit | None", "INHERIT", "Seconds in total, a `Timeout`, or None for no limit."),
    ("headers", "Mapping[str, str] | None", "None", "Headers (gRPC: metadata) for this call, over the client's own."),
    ("max_retries", "int | Inherit", "INHERIT", "Attempts after the first."),
    ("extra_body", "Mapping[str, Any] | None", "None", "REST only: properties merged into the body as they are."),
)

_ROUTE = (
    "rest_route",
    "str | Inherit",
    "INHERIT",
    "REST only: the route to take, ROUTES; else the first one that carries the request.",
)

_WAITING = (
    (
        "interval",
        "float",
        "1.0",
        "Seconds before the second look; pauses grow from there to ten times that, with jitter.",
    ),
    (
        "deadline",
        "float | None",
        "None",
        "Seconds after which waiting ends with a `TimeoutError`; None waits for ever.",
    ),
    ("on_progress", "Callable[[RESULT], Any] | None", "None", "Called with what each look found."),
)


def emit_resources(api: ir.Api) -> Iterator[tuple[str, str]]:
    """(path, text) of every module of resources; one module for each attribute of the client."""
    tree = _Tree()
    for op in api.operations.values():
        tree.add(op.resource.split("."), op)
    for name, node in sorted(tree.children.items()):
        yield f"xai_dual/_async/resources/{name}.py", _module(api, name, node)
    yield "xai_dual/_async/resources/__init__.py", _all(sorted(tree.children))


class _Tree:
    """Resources and the resources in them: collections, collections.documents."""

    def __init__(self) -> None:
        self.operations: list[ir.Operation] = []
        self.children: dict[str, _Tree] = {}

    def add(self, path: list[str], op: ir.Operation) -> None:
        if path:
            self.children.setdefault(path[0], _Tree()).add(path[1:], op)
        else:
            self.operations.append(op)


def class_name(resource: str) -> str:
    """collections.documents -> AsyncCollectionsDocuments."""
    return "Async" + "".join(word.capitalize() for word in resource.replace(".", "_").split("_"))


def _all(resources: list[str]) -> str:
    imports, typing_only, body = Imports(), Imports(), Lines()
    imports.add("functools", "cached_property")
    typing_only.add("..call", "AsyncCaller")
    body(f"__all__ = [{quoted(['AsyncResources'])}]", "")
    with body.block("class AsyncResources:"):
        body.doc("The resources of a client. Each is made, and its models are loaded, when it is first used.")
        body("", "@cached_property")
        with body.block("def _caller(self) -> AsyncCaller:"):
            body("raise NotImplementedError")
        for resource in resources:
            cls = class_name(resource)
            typing_only.add(f".{resource}", cls)
            body("", "@cached_property")
            with body.block(f"def {resource}(self) -> {cls}:"):
                body(f"from .{resource} import {cls}", "", f"return {cls}(self._caller)")
    return module("Resources, one module each.", imports, body, typing_only)


def _module(api: ir.Api, resource: str, tree: _Tree) -> str:
    imports, typing_only, body = Imports(), Imports(), Lines()
    typing_only.add("..call", "AsyncCaller")
    imports.add("...options", "INHERIT", "CallOptions")
    typing_only.add("...options", "Inherit", "Timeout")
    typing_only.add("typing", "Any")
    typing_only.add("collections.abc", "Mapping")
    classes: list[str] = []
    _resource(api, resource, tree, imports, typing_only, body, classes)
    lines = Lines()
    lines(f"__all__ = [{quoted(sorted(classes))}]", "")
    return module(f"Calls of `client.{resource}`.", imports, _joined(lines, body), typing_only)


def _joined(first: Lines, second: Lines) -> Lines:
    both = Lines()
    both(*first.text().splitlines(), *second.text().splitlines())
    return both


def _resource(
    api: ir.Api, path: str, tree: _Tree, imports: Imports, typing_only: Imports, body: Lines, classes: list[str]
) -> None:
    """The class of one resource, after those of the resources in it."""
    for name, child in tree.children.items():
        _resource(api, f"{path}.{name}", child, imports, typing_only, body, classes)
    cls = class_name(path)
    classes.append(cls)
    with body.block(f"class {cls}:"):
        names = [op.method for op in tree.operations] + [f"{name}.*" for name in tree.children]
        body.doc(f"Calls of `client.{path}`: {', '.join(names)}")
        body("", f"__slots__ = ({', '.join(map(literal, ['_caller', *tree.children]))},)", "")
        with body.block("def __init__(self, caller: AsyncCaller) -> None:"):
            body("self._caller = caller")
            for name in tree.children:
                body(f"self.{name} = {class_name(f'{path}.{name}')}(caller)")
        for op in tree.operations:
            body("")
            _Method(api, op, imports, typing_only, body).emit()
    body("", "")


class _Method:
    """One method."""

    def __init__(self, api: ir.Api, op: ir.Operation, imports: Imports, typing_only: Imports, body: Lines) -> None:
        self.api = api
        self.op = op
        self.asked = api.operations[op.poll or (op.helper.like if op.helper else op.name)]
        self.imports = imports
        self.body = body
        self.annotate = Annotator(api, "", typing_only, prefix="...types.")
        self.typing_only = typing_only
        request = api.models.get(op.request or "")
        fields = request.fields if request else []
        self.required = [f for name in op.required for f in fields if f.name == name]
        without = op.helper.without if op.helper else ()
        self.optional = [f for f in fields if f.name not in op.required and f.name not in without]
        self.options: tuple[tuple[str, str, str, str], ...] = _OPTIONS
        if len(self.asked.rest) > 1:
            shapes = " or ".join(f'"{r.shape}"' for r in self.asked.rest)
            self.options = (*_OPTIONS, (*_ROUTE[:3], _ROUTE[3].replace("ROUTES", shapes)))

    def emit(self) -> None:
        op, body = self.op, self.body
        record = upper(self.asked.name)
        if not op.helper:
            self.imports.add(f"..._gen.operations.{self.asked.domain}", record)
        needed = [f.name for f in self.required] + (["content"] if op.upload and not op.optional else [])
        needed += [a.name for a in self._own(True)]
        if needed:
            self.imports.add("..._required", "required")
            body(f"@required({quoted(needed)})")
        with body.block(self._head()):
            self._doc()
            body(f"request = {self._request()}")
            body(f"options = CallOptions({', '.join(name for name, *_ in self.options)})")
            body(f"return {self._call(record)}")

    def _request(self) -> str:
        if not self.op.request:
            return "None"
        made, home = self.op.request, self.api.home(self.op.request)
        if home not in self.api.late:
            self.imports.add(f"...types.{home}", made)
        else:  # loaded when the call is made
            whole = self.api.parts[home]
            self.imports.add("...types", f"{whole} as {whole}_types")
            made = f"{whole}_types.{made}"
        arguments = [f"{f.name}={f.name}" for f in (*self.required, *self.optional)]
        # what a helper leaves to its function, the request has to have all the same
        without = self.op.helper.without if self.op.helper else ()
        fields = self.api.models[self.op.request].fields
        arguments += [f"{f.name}={_empty(f)}" for f in fields if f.name in without and f.name in self.asked.required]
        return f"{made}({', '.join(arguments)})"

    def _own(self, required: bool) -> list[ir.Argument]:
        """Arguments of a helper that the other operation has not."""
        arguments = self.op.helper.arguments if self.op.helper else ()
        return [a for a in arguments if (a.default is None) == required]

    def _helped(self, helper: ir.Helper) -> str:
        """The call of a function written by hand; it is loaded when it is first used."""
        self.body(f"from ..{helper.module} import {helper.function}", "")
        own = "".join(f", {a.name}={a.name}" for a in helper.arguments)
        return f"{'await ' if helper.awaited else ''}{helper.function}(self._caller, request, options{own})"

    def _call(self, record: str) -> str:
        op = self.op
        if op.helper:
            return self._helped(op.helper)
        if op.stream:
            module_name, _, cls = op.stream.partition(":")
            self.imports.add(f"..{module_name}", cls)
            return f"{cls}(self._caller, {record}, request, options)"
        if op.chunk:
            return f"self._caller.stream({record}, request, options)"
        if op.page:
            return f"self._caller.pages({record}, request, options)"
        if op.download:
            return f"self._caller.download({record}, request, options)"
        if op.upload:
            return f"await self._caller.upload({record}, request, content, options)"
        if op.slices:
            self.imports.add("...slices", "Slicing")
            limits = ", ".join(f"{key}={literal(value)}" for key, value in op.slices.items())
            return f"await self._caller.sliced({record}, request, options, Slicing({limits}))"
        if op.poll:
            self.imports.add("...", "polling")
            look = f"state=polling.{op.until}, interval=interval, timeout=deadline, on_progress=on_progress"
            return f"await self._caller.wait({record}, request, options, {look})"
        return f"await self._caller.unary({record}, request, options)"

    def _head(self) -> str:
        op = self.op
        parameters = [f"{f.name}: {self.annotate.field(f, True)}" for f in self.required]
        if op.upload:
            self.typing_only.add("...content", "AsyncContent")
            self.annotate.raw("Sequence[int]")
            kind = "AsyncContent | Sequence[AsyncContent]" if op.several else "AsyncContent"
            parameters.append(f"content: {kind} | None = None" if op.optional else f"content: {kind}")
        parameters += [f"{a.name}: {self._annotation(a)}" for a in self._own(True)]
        parameters += [f"{a.name}: {self._annotation(a)} = {a.default}" for a in self._own(False)]
        parameters += [f"{f.name}: {self.annotate.field(f, True)} | None = None" for f in self.optional]
        if op.poll:
            self.typing_only.add("collections.abc", "Callable")
            parameters += [f"{n}: {a.replace('RESULT', str(op.response))} = {d}" for n, a, d, _ in _WAITING]
        parameters += [f"{name}: {annotation} = {default}" for name, annotation, default, _ in self.options]
        for name in filter(None, (op.response, op.chunk)):
            self.annotate.named(name)
        plain = op.chunk or op.page or op.download or (op.helper and not op.helper.awaited)
        word = "def" if plain else "async def"
        return f"{word} {op.method}(self, *, {', '.join(parameters)}) -> {self._result()}:"

    def _annotation(self, argument: ir.Argument) -> str:
        return self._handwritten(argument.annotation)

    def _handwritten(self, annotation: str) -> str:
        """An annotation of the binding; names that no model has are those of the function's own module."""
        self.annotate.raw(annotation)
        words = re.findall(r"[A-Za-z_]\w*", annotation)
        assert self.op.helper is not None
        known = {*dir(builtins), "Any", "Callable", "Mapping", "Sequence", *self.api.models, *self.api.unions}
        for word in words:
            if word not in known:
                self.typing_only.add(f"..{self.op.helper.module}", word)
        return annotation

    def _result(self) -> str:
        op = self.op
        if op.helper:
            return self._handwritten(op.helper.gives)
        if op.stream:
            return op.stream.partition(":")[2]
        if op.chunk:
            self.typing_only.add("..stream", "AsyncStream")
            return f"AsyncStream[{op.chunk}, {op.response}]"
        if op.page:
            self.typing_only.add("..pager", "AsyncPager")
            return f"AsyncPager[{op.response}]"
        if op.download:
            self.typing_only.add("..download", "AsyncByteStream")
            return "AsyncByteStream"
        if op.items:
            self.typing_only.add("...model", "Listing")
        return answer_type(op)

    # --- documentation ---

    def _doc(self) -> None:
        op, body = self.op, self.body
        summary, rest = split_sentence(clean(op.doc or op.name))
        body(*textwrap.wrap(summary, 108, initial_indent='"""'), "")
        if rest:
            body(*textwrap.wrap(rest, 108), "")
        note = self._note()
        if note:
            body(*textwrap.wrap(note, 108), "")
        body("Args:")
        for field in self.required:
            self._argument(field.name, f"{clean(field.doc)} {self._only(field)}".strip())
        if op.upload:
            what = "A path, bytes, a file object, an iterable of bytes, or (name, one of these)."
            self._argument("content", what + (" Several of them." if op.several else ""))
        for argument in (*self._own(True), *self._own(False)):
            self._argument(argument.name, argument.doc)
        for field in self.optional:
            self._argument(field.name, f"{clean(field.doc)} {self._only(field)}".strip())
        for name, _, _, doc in (*(_WAITING if op.poll else ()), *self.options):
            self._argument(name, doc)
        body("", "Raises:")
        if op.poll:
            body("    JobFailed: the work has failed or expired.")
        body("    UsageError: the request cannot be sent as it is.")
        body("    ApiError: the service refuses; its subclasses tell why.")
        body("    TransportError: the service was not reached, or did not answer in time.")
        routes = [f"gRPC `{self.asked.grpc}`"] if self.asked.grpc else []
        routes += [f"REST `{r.route}`" for r in self.asked.rest]
        source = textwrap.wrap(f"Source: {', '.join(routes)}.", 108, break_on_hyphens=False)
        body("", *source, '"""')

    def _note(self) -> str:
        op = self.op
        if op.chunk or op.download:
            return "Sends nothing until the stream is entered or first iterated."
        if op.page:
            return "Sends nothing until iterated; pages are fetched as they are needed."
        if op.slices:
            size, calls, seconds = op.slices["most_bytes"] // 1_000_000, op.slices["calls"], op.slices["seconds"]
            return f"A list too long for one call is sent in slices of up to {size} MB, {calls} in {seconds} seconds."
        if op.helper:
            return f"Other arguments are those of `{op.helper.like}`."
        return f"Asks `{op.poll}` again and again." if op.poll else ""

    def _argument(self, name: str, doc: str) -> None:
        self.body(*textwrap.wrap(f"{name}: {doc}", 106, initial_indent="    ", subsequent_indent="        "))

    def _only(self, field: ir.Field) -> str:
        if not (self.asked.grpc and self.asked.rest) or not field.one_sided or field.drop:
            return ""
        return "gRPC only." if field.one_sided == "grpc" else "REST only."


def _empty(field: ir.Field) -> str:
    """Source of a value that says nothing yet."""
    if isinstance(field.type, ir.Scalar) and not field.many:
        return ZEROS[py_scalar(field.type.wire)]
    return "()"
