"""What was found: costs by round, and the medians of their ratios."""

from __future__ import annotations

import statistics

import attrs

Costs = dict[str, list[float]]
"""By label, one a round: seconds, or bytes, for one item."""


@attrs.frozen
class Ratio:
    """Ours by a peer's."""

    label: str
    median: float
    low: float
    high: float
    """Quartiles."""
    target: float | None

    @property
    def met(self) -> bool:
        return self.target is None or round(self.median, 3) <= self.target

    @property
    def verdict(self) -> str:
        return "" if self.target is None else "met" if self.met else "missed"


@attrs.frozen
class Result:
    """One case."""

    name: str
    measure: str
    """cpu, wall or memory."""
    unit: str
    costs: Costs
    ratios: list[Ratio]

    def cost(self, label: str) -> str:
        """The median cost, for people."""
        value = statistics.median(self.costs[label])
        if self.measure == "memory":
            return f"{value / (1 << 20):.1f} MiB"
        return f"{value * 1e6:.1f} us" if value < 1e-3 else f"{value * 1e3:.1f} ms"

    @property
    def what(self) -> str:
        """Of what and for what the cost is."""
        return f"{'CPU' if self.measure == 'cpu' else self.measure} a {self.unit}".replace("a answer", "an answer")


def summed_up(name: str, measure: str, unit: str, costs: Costs, targets: dict[str, float]) -> Result:
    """The result of a case; ours is labelled so."""
    ratios = []
    for label, theirs in costs.items():
        if label == "ours":
            continue
        found = [a / b for a, b in zip(costs["ours"], theirs, strict=True)]
        low, median, high = statistics.quantiles(found, n=4, method="inclusive") if len(found) > 1 else found * 3
        ratios.append(Ratio(label, median, low, high, targets.get(label)))
    return Result(name, measure, unit, costs, ratios)
