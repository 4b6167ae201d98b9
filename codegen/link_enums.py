"""Bindings of enums -> their IR: public spellings, numbers, and what is on one wire only."""

from __future__ import annotations

from collections.abc import Mapping

from . import ir
from .bindings import EnumBinding
from .coverage import Coverage
from .facts import Facts


class EnumLinker:
    """Links one enum."""

    def __init__(self, b: EnumBinding, facts: Facts, coverage: Coverage, problems: list[str]) -> None:
        self.b = b
        self.facts = facts
        self.coverage = coverage
        self.problems = problems
        self.where = f"[enum.{b.name}]"
        self.values: dict[str, ir.EnumValue] = {}
        self.zero: str | None = None
        self.unset: list[str] = []  # spellings of number 0 where it means "not set"
        self.doc = b.doc or ""

    def run(self) -> ir.Enum:
        b = self.b
        if b.grpc:
            self._grpc(b.grpc)
        if b.rest:
            self._rest(b.rest)
        if b.grpc and b.rest:
            self._one_sided()
        return ir.Enum(b.name, b.domain, self.doc, tuple(self.values.values()), b.grpc, self.zero, tuple(self.unset))

    def _grpc(self, name: str) -> None:
        proto = self.facts.protos.enums.get(name)
        if proto is None:
            self.problems.append(f"{self.where}: there is no enum {name}")
            return
        self.doc = self.doc or proto.doc
        spelt = {proto_name: public for public, proto_name in self.b.values.items()}
        for public, value in self.b.values.items():
            if value not in proto.values:
                self.problems.append(f"{self.where}: value.{public} names {value}, which {name} does not have")
        for value, number in proto.values.items():
            short = _spelling(value, proto.values) if self.b.spelling == "short" else value
            public = spelt.get(value) or short
            if number == 0 and _means_unset(value) and value not in spelt:
                self.unset.append(public)
                continue
            if public in self.values:
                other = next(k for k, v in proto.values.items() if v == self.values[public].number)
                self.problems.append(
                    f"{self.where}: {other} and {value} are both spelt {public!r}; give one another spelling with"
                    f' `value."..." = "{value}"`'
                )
            self.zero = public if number == 0 else self.zero
            self.values[public] = ir.EnumValue(public, number, not self.b.rest)
            self.coverage.use(f"{name}.{value}", "grpc")

    def _rest(self, name: str) -> None:
        schema = self.facts.openapi.schemas.get(name)
        if schema is None:
            self.problems.append(f"{self.where}: there is no schema {name}")
            return
        self.doc = self.b.doc or schema.doc or self.doc
        for value in schema.values:
            self.coverage.use(f"{name}={value}", "rest")
            if not self.b.grpc and _means_unset(value):
                self.unset.append(value)
            if value not in self.unset:
                number = self.values[value].number if value in self.values else None
                self.values[value] = ir.EnumValue(value, number, True)
        self.unset = [value for value in self.unset if value in schema.values]

    def _one_sided(self) -> None:
        b, values = self.b, self.values
        actual = {
            "grpc_only": {v.name for v in values.values() if not v.rest},
            "rest_only": {v.name for v in values.values() if v.number is None},
        }
        for key, declared in (("grpc_only", set(b.grpc_only)), ("rest_only", set(b.rest_only))):
            for name in sorted(actual[key] - declared):
                other = "REST" if key == "grpc_only" else "gRPC"
                line = f"{key} = {sorted(actual[key])}".replace("'", '"')
                self.problems.append(
                    f'{self.where}: value {name!r} is unknown on {other}. Pair it with `value."{name}" = "..."`, or say'
                    f" that it is one-sided; in bindings/{b.domain}.toml under {self.where}:\n    {line}"
                )
            for name in sorted(declared - actual[key]):
                self.problems.append(
                    f"{self.where}: {key} lists {name!r}, which is not one-sided (any more); remove it"
                )


def _means_unset(name: str) -> bool:
    return "INVALID" in name or name.endswith(("UNSPECIFIED", "UNKNOWN"))


def _spelling(name: str, names: Mapping[str, int]) -> str:
    """REASON_STOP -> stop: what all values but the zero one begin with is dropped."""
    others = [n for n, number in names.items() if number or not _means_unset(n)]
    words = [n.split("_") for n in others]
    common = 0
    while len(others) > 1 and all(len(w) > common + 1 and w[common] == words[0][common] for w in words):
        common += 1
    if len(others) == 1:
        zero = next(iter(names)).split("_")
        common = next((i for i, (a, b) in enumerate(zip(words[0], zero, strict=False)) if a != b), 0)
    return "_".join(name.split("_")[common:]).lower()
