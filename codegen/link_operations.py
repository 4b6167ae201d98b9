"""Bindings of operations -> their IR."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import ir
from .bindings import Bindings, OperationBinding
from .coverage import Coverage
from .facts import Facts
from .names import unfit_argument, unfit_operation, unfit_own


class OperationLinker:
    """Links one operation."""

    def __init__(
        self,
        b: OperationBinding,
        facts: Facts,
        bindings: Bindings,
        coverage: Coverage,
        models: Mapping[str, ir.Model],
        unions: Mapping[str, ir.Union],
        problems: list[str],
    ) -> None:
        self.b = b
        self.facts = facts
        self.bindings = bindings
        self.coverage = coverage
        self.models = models
        self.unions = unions
        self.problems = problems
        self.where = f'[operation."{b.name}"]'
        self.request = models.get(b.request or "")
        self.doc = b.doc or ""
        self.host = "api"

    def problem(self, text: str) -> None:
        self.problems.append(f"{self.where}: {text}")

    def run(self) -> ir.Operation:
        b = self.b
        why = unfit_operation(b.name)
        if why:
            self.problem(f"{b.name!r} {why}")
        if b.poll:
            return self._poll(b.poll)
        if b.like:
            return self._helper(b.like)
        for role, name in (("request", b.request), ("response", b.response), ("chunk", b.chunk)):
            if name and name not in self.models and not ((role == "chunk" or b.items) and name in self.unions):
                self.problem(f"{role} {name} is no [model] or [union] member")
        if b.chunk and b.response not in self.bindings.folds:
            self.problem(f"answers with a stream, so [fold.{b.response}] is needed")
        messages = self._grpc(b.grpc) if b.grpc else ("", "")
        routes = tuple(r for shape in b.rest if (r := self._route(shape)))
        return ir.Operation(
            name=b.name,
            doc=self.doc,
            domain=b.domain,
            request=b.request,
            response=b.response,
            items=self._items(),
            chunk=b.chunk,
            grpc=b.grpc,
            messages=messages,
            rest=routes,
            required=self._required(),
            read_only=b.read_only,
            host=self.host,
            page=self._page(),
            upload=b.upload,
            several=b.several,
            optional=b.optional,
            download=b.download,
            slices=self._slices(),
            stream=b.stream,
        )

    def _helper(self, target: str) -> ir.Operation:
        """The arguments of another operation, handed to a function that is written by hand."""
        b, asked = self.b, self.bindings.operations.get(target)
        request = self.models.get(asked.request or "") if asked else None
        if asked is None or request is None:
            self.problem(f"like names {target}, which is no operation with a request")
        fields = {f.name for f in request.fields} if request else set()
        for name in b.without:
            if name not in fields:
                self.problem(f"without names {name!r}, which {target} does not have")
        options = ("rest_route",) if asked and len(asked.rest) > 1 else ()
        for name in b.arguments:
            if name in fields - set(b.without):
                self.problem(f"argument.{name}: {target} has it already; name it in `without`")
            elif why := unfit_own(name, options):
                self.problem(f"argument.{name}: {name!r} {why}")
        own = tuple(ir.Argument(name, a["type"], a.get("default"), a.get("doc", "")) for name, a in b.arguments.items())
        module, _, function = (b.by or "").partition(":")
        gives = (b.gives or "").removeprefix("plain ")
        awaited = not (b.gives or "").startswith("plain ")
        helper = ir.Helper(target, module, function, gives, awaited, b.without, own)
        required = tuple(n for n in (asked.required if asked else ()) if n not in b.without)
        return ir.Operation(
            name=b.name,
            doc=self.doc,
            domain=b.domain,
            request=asked.request if asked else None,
            response=None,
            items={},
            chunk=None,
            grpc=None,
            messages=("", ""),
            rest=(),
            required=required,
            read_only=False,
            host="api",
            helper=helper,
        )

    def _poll(self, target: str) -> ir.Operation:
        """Waiting is asking another operation again and again."""
        asked = self.bindings.operations.get(target)
        if asked is None or asked.response is None:
            self.problem(f"poll names {target}, which is no operation with an answer")
            return ir.Operation(
                self.b.name, self.doc, self.b.domain, None, None, {}, None, None, ("", ""), (), (), True, "api"
            )
        self._check_arguments(asked.request, ("interval", "deadline", "on_progress"))
        request = self.models.get(asked.request or "")
        in_path = [f.name for f in request.fields if any(s.where == "path" for s in f.rest.values())] if request else []
        return ir.Operation(
            name=self.b.name,
            doc=self.doc,
            domain=self.b.domain,
            request=asked.request,
            response=asked.response,
            items={},
            chunk=None,
            grpc=None,
            messages=("", ""),
            rest=(),
            required=tuple(dict.fromkeys([*in_path, *asked.required])),
            read_only=True,
            host="api",
            poll=target,
            until=self.b.until,
        )

    def _grpc(self, name: str) -> tuple[str, str]:
        rpc = self.facts.protos.rpcs.get(name)
        if rpc is None:
            self.problem(f"there is no rpc {name}")
            return ("", "")
        self.doc = self.doc or rpc.doc
        self.host = "management" if name.startswith("collections.") else "api"
        self.coverage.use(name, "grpc")
        if rpc.server_streaming and not (self.b.chunk or self.b.download):
            self.problem(f"{name} streams its answer: say of what with `chunk`, or `download`")
        if not rpc.server_streaming and (self.b.chunk or self.b.download):
            self.problem(f"{name} does not stream its answer: `chunk` and `download` do not fit")
        if rpc.client_streaming != bool(self.b.upload):
            does, fits = ("streams", "is needed") if rpc.client_streaming else ("does not stream", "does not fit")
            self.problem(f"{name} {does} its request: `upload` {fits}")
        for message, used in ((rpc.request, self.b.upload), (rpc.response, self.b.download)):
            if used:  # the messages around pieces of content
                self.coverage.use_inside([message])
                self._check_wrapper(name, message)
        if self.request and not self.b.upload and self.request.grpc != rpc.request:
            self._unequal("request", self.b.request, self.request.grpc, f"{name} takes {rpc.request}")
        answer = self.b.chunk or self.b.response
        node = self.models.get(answer or "") or self.unions.get(answer or "")
        given = rpc.response
        if self.b.items:
            field = self.facts.proto_field(rpc.response, (self.b.items,))
            given = (field.type_name if field else None) or given
        if node and node.grpc != given:
            self._unequal("chunk" if self.b.chunk else "response", answer, node.grpc, f"{name} gives {given}")
        return rpc.request, rpc.response

    def _unequal(self, role: str, name: str | None, stands_for: str | None, rpc: str) -> None:
        self.problem(f"{role} {name} stands for {stands_for or 'no message'}, but {rpc}")

    def _check_wrapper(self, rpc: str, message: str) -> None:
        """The message around pieces of content, or around what is said before them."""
        known = self.facts.protos.messages.get(message)
        fields = known.fields.values() if known else ()
        if not any(f.type == "bytes" for f in fields):
            self.problem(f"{message} of {rpc} has no field of bytes for the content")
        first = self.request.grpc if self.request and self.b.upload else None
        if first and first != message and not any(f.type_name == first for f in fields):
            self.problem(f"request {self.b.request} stands for {first}, of which {message} of {rpc} has no field")

    def _route(self, shape: str) -> ir.RestRoute | None:
        r = self.b.rest[shape]
        route = self.facts.openapi.routes.get(r.route)
        if route is None:
            self.problem(f"there is no route {r.route}")
            return None
        self.doc = self.b.doc or route.doc or self.doc
        self.host = route.host
        self.coverage.use(r.route, "rest")
        body = route.body.ref if route.body else None
        for name in [*r.const, *r.default, *filter(None, [self.b.upload])]:
            place = self.facts.place(body, (name,)) if body else None
            if place is None:
                self.problem(f"{name!r} is set by the call, but the request body does not have it")
            else:
                self.coverage.use_all(place.items, "rest")
        self._check_parameters(route.name)
        answers = () if r.reader else (self.b.chunk or self.b.response,)
        for name in filter(None, (self.b.request, *answers)):
            node = self.models.get(name) or self.unions.get(name)
            if node and node.other_shapes and shape not in node.rest:
                self.problem(f"rest.{shape}: {name} has no such shape; it has {', '.join(node.rest)}")
        return ir.RestRoute(
            shape, r.route, route.method, route.path, dict(r.const), dict(r.default), r.reader, r.pending, r.wraps
        )

    def _check_parameters(self, route: str) -> None:
        slots = [s for f in (self.request.fields if self.request else ()) for s in f.rest.values()]
        bound = {(s.where, s.path[0]) for s in slots if s.path}
        for p in self.facts.openapi.routes[route].parameters.values():
            if p.where == "path" and (p.where, p.name) not in bound:
                self.problem(f"path parameter {p.name} of {route} is not bound by the request model")
        for f in self.request.fields if self.request else ():
            simple = isinstance(f.type, (ir.Scalar, ir.EnumRef, ir.Converted)) and f.many != "map"
            if not simple and any(s.where != "body" for s in f.rest.values()):
                self.problem(f"field {f.name} cannot stand in a path or a query: only scalars and lists of them can")

    def _required(self) -> tuple[str, ...]:
        """What the path needs, and what the binding says."""
        fields = self.request.fields if self.request else []
        in_path = [f.name for f in fields if any(s.where == "path" for s in f.rest.values())]
        others = [*(["content"] if self.b.upload else []), *(["rest_route"] if len(self.b.rest) > 1 else [])]
        self._check_arguments(self.b.request, tuple(others))
        for name in self.b.required:
            if name not in {f.name for f in fields}:
                self.problem(f"required names {name!r}, which {self.b.request} does not have")
        return tuple(dict.fromkeys([*in_path, *self.b.required]))

    def _check_arguments(self, request: str | None, others: tuple[str, ...]) -> None:
        model = self.models.get(request or "")
        for field in model.fields if model else ():
            why = unfit_argument(field.name, others)
            if why:
                self.problems.append(f"[model.{request}] field.{field.name}: {field.name!r} {why}; write `field.OTHER`")

    def _slices(self) -> Mapping[str, Any] | None:
        slices = self.b.slices
        if slices and slices["field"] not in {f.name for f in (self.request.fields if self.request else ())}:
            self.problem(f"slices: {self.b.request} has no field {slices['field']}")
        return slices

    # --- lists ---

    def _items(self) -> dict[str, str]:
        """Where the items of a list stand in its envelope, on each wire."""
        b, found = self.b, {}
        if b.items and b.grpc and b.grpc in self.facts.protos.rpcs:
            found["grpc"] = b.items
            self._use_message(b.items)
        for shape, r in b.rest.items():
            name = r.items or b.items
            if name:
                found[shape] = name
                self._use_answer(r.route, name)
        return found

    def _page(self) -> ir.Paging | None:
        page = self.b.page
        if page is None:
            return None
        if self.request is None or page["argument"] not in {f.name for f in self.request.fields}:
            self.problem(f"page: {self.b.request} has no field {page['argument']}")
        for name in filter(None, (page["token"], page.get("more"))):
            if self.b.grpc:
                self._use_message(name)
            for r in self.b.rest.values():
                self._use_answer(r.route, name)
        return ir.Paging(page["argument"], page["token"], page.get("more"))

    def _use_message(self, name: str) -> None:
        rpc = self.facts.protos.rpcs.get(self.b.grpc or "")
        if rpc and self.facts.proto_field(rpc.response, (name,)) is None:
            self.problem(f"{rpc.response} has no field {name}")
        elif rpc:
            self.coverage.use(f"{rpc.response}.{name}", "both" if self.b.rest else "grpc")

    def _use_answer(self, route_name: str, name: str) -> None:
        route = self.facts.openapi.routes.get(route_name)
        envelope = route.answer.ref if route and route.answer else None
        place = self.facts.place(envelope, (name,)) if envelope else None
        if place is None:
            self.problem(f"the answer of {route_name} has no property {name}")
        else:
            self.coverage.use_all(place.items, "both" if self.b.grpc else "rest")
