"""Bindings of operations -> their IR."""

from __future__ import annotations

from collections.abc import Mapping

from . import ir
from .bindings import Bindings, OperationBinding
from .coverage import Coverage
from .facts import Facts
from .names import unfit_argument


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
        if b.poll:
            return self._poll(b.poll)
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
        )

    def _poll(self, target: str) -> ir.Operation:
        """Waiting is asking another operation again and again."""
        asked = self.bindings.operations.get(target)
        if asked is None or asked.response is None:
            self.problem(f"poll names {target}, which is no operation with an answer")
            return ir.Operation(
                self.b.name, self.doc, self.b.domain, None, None, {}, None, None, ("", ""), (), (), True, "api"
            )
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
            required=asked.required,
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
        if rpc.server_streaming != bool(self.b.chunk or self.b.download):
            self.problem(f"{name} streams its answer or not; `chunk` and `download` say otherwise")
        if rpc.client_streaming != bool(self.b.upload):
            self.problem(f"{name} streams its request or not; `upload` says otherwise")
        for message, used in ((rpc.request, self.b.upload), (rpc.response, self.b.download)):
            if used:  # the messages around pieces of content
                self.coverage.use_inside([message])
        return rpc.request, rpc.response

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
        for name in [*r.const, *filter(None, [self.b.upload])]:
            place = self.facts.place(body, (name,)) if body else None
            if place is None:
                self.problem(f"{name!r} is set by the call, but the request body does not have it")
            else:
                self.coverage.use_all(place.items, "rest")
        self._check_parameters(route.name)
        return ir.RestRoute(shape, r.route, route.method, route.path, dict(r.const), r.pending, r.wraps)

    def _check_parameters(self, route: str) -> None:
        slots = [s for f in (self.request.fields if self.request else ()) for s in f.rest.values()]
        bound = {(s.where, s.path[0]) for s in slots if s.path}
        for p in self.facts.openapi.routes[route].parameters.values():
            if p.where == "path" and (p.where, p.name) not in bound:
                self.problem(f"path parameter {p.name} of {route} is not bound by the request model")

    def _required(self) -> tuple[str, ...]:
        """What the path needs, and what the binding says."""
        fields = self.request.fields if self.request else []
        in_path = [f.name for f in fields if any(s.where == "path" for s in f.rest.values())]
        for field in fields:
            why = unfit_argument(field.name)
            if why:
                self.problems.append(
                    f"[model.{self.b.request}] field.{field.name}: {field.name!r} {why}; write `field.OTHER`"
                )
        for name in self.b.required:
            if name not in {f.name for f in fields}:
                self.problem(f"required names {name!r}, which {self.b.request} does not have")
        return tuple(dict.fromkeys([*in_path, *self.b.required]))

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
