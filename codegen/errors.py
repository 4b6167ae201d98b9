"""How the generator says no."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class DefinitionError(Exception):
    """A definition or a binding cannot be read at all."""


class LinkError(Exception):
    """Definitions and bindings do not fit; carries every problem found, each with what to do."""

    def __init__(self, problems: Iterable[str], counts: Mapping[str, Mapping[str, int]]) -> None:
        self.problems = tuple(problems)
        self.counts = counts  # as ir.Api has them, with "unbound" beside
        super().__init__("\n".join(self.problems))
