"""What of the definitions is bound, what is waived and why, and what was forgotten."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from .bindings import Bindings
from .facts import Facts, Item


class Coverage:
    """Counts every item of the definitions exactly once: bound, waived, or a problem."""

    def __init__(self, facts: Facts, bindings: Bindings, problems: list[str]) -> None:
        self.facts = facts
        self.bindings = bindings
        self.problems = problems
        self.used: dict[str, set[str]] = defaultdict(set)
        self.converted: set[str] = set()

    def use(self, item: str, side: str) -> None:
        """Note that a binding takes care of `item`; side is "grpc", "rest" or "both"."""
        self.used[item].add(side)

    def use_all(self, items: Iterable[str], side: str) -> None:
        """`use` for several items."""
        for item in items:
            self.use(item, side)

    def use_inside(self, holders: Iterable[str]) -> None:
        """Note that a converter takes care of everything in these messages, enums and schemas."""
        for holder in holders:
            self.converted.add(holder)

    def _waiver(self, item: Item) -> str | None:
        """The entry that waives `item`: itself, its holder ("Schema" for "Schema.property"), or its file."""
        found = next((name for name in _holders(item.name) if name in self.bindings.waivers), None)
        return found or (item.file if item.file in self.bindings.waivers else None)

    def sides(self, item: Item) -> set[str]:
        """What takes care of `item`: "grpc", "rest" or "both"; empty where nothing does."""
        found = self.used.get(item.name, set())
        if not found and any(name in self.converted for name in _holders(item.name)):
            return {"both"}
        return found

    def check(self) -> None:
        """Report what is unbound, and waivers that waive nothing (any more)."""
        needed: set[str] = set()
        for item in self.facts.items():
            waiver, bound = self._waiver(item), bool(self.sides(item))
            if not bound and waiver is None:
                self.problems.append(self._how_to(item))
            elif not bound and waiver is not None:
                needed.add(waiver)
            elif waiver == item.name:
                self.problems.append(f"[waive] {item.name} is bound: remove the waiver")
        for name in self.bindings.waivers:
            if name not in needed:
                self.problems.append(
                    f"[waive] {name} waives nothing: remove it from {self.bindings.waiver_domains[name]}.toml"
                )

    def _how_to(self, item: Item) -> str:
        """What is not bound, and the TOML that would settle it."""
        waive = f'or waive it with\n    [waive.no-counterpart]\n    "{item.name}" = "WHY"'
        head = f"{item.what} {item.name} ({item.file}) is not bound."
        if item.what in ("rpc", "route"):
            return f"{head} Bind it with\n{self._operation(item)}\n  {waive}"
        return f"{head} Bind it where its model, union or enum stands, {waive}"

    def _operation(self, item: Item) -> str:
        """The operation to paste, with the models that stand for what goes in and out, where there are some already."""
        rpc, route = self.facts.protos.rpcs.get(item.name), self.facts.openapi.routes.get(item.name)
        ends: list[tuple[str, str | None]] = []
        if rpc:
            ends = [("request", rpc.request), ("response", rpc.response)]
        elif route:
            ends = [(key, s.ref) for key, s in (("request", route.body), ("response", route.answer)) if s]
        models = {name: b.name for b in self.bindings.models.values() for name in (b.grpc, *b.rest.values()) if name}
        lines = ['[operation."RESOURCE.METHOD"]']
        for key, name in ends:
            if name:
                lines.append(f'{key} = "{models.get(name, "MODEL")}"   # the [model] of {name}')
        return "\n".join(f"    {line}" for line in [*lines, f'{"grpc" if rpc else "rest"} = "{item.name}"'])

    def counts(self) -> dict[str, dict[str, int]]:
        """Domain of the definition -> "both", "grpc", "rest", "unbound" or the reason of a waiver -> items."""
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for item in self.facts.items():
            sides, waiver = self.sides(item), self._waiver(item)
            if sides:
                key = (
                    "unbound"
                    if "asked" in sides
                    else "both"
                    if len(sides) > 1 or "both" in sides
                    else next(iter(sides))
                )
            else:
                key = self.bindings.waivers[waiver] if waiver else "unbound"
            counts[domain(item.file)][key] += 1
        return {d: dict(c) for d, c in sorted(counts.items())}


def _holders(name: str) -> Iterator[str]:
    """The item's name, and the names of what holds it: "Union#tag.property", "Union#tag", "Union"."""
    while name:
        yield name
        cut = max(name.rfind(c) for c in ".#=?/" if c != "/" or " " not in name)
        name = name[: max(cut, 0)]


def domain(file: str) -> str:
    """The file's name without folder and ending."""
    return file.rsplit("/", 1)[-1].rsplit(".", 1)[0]
