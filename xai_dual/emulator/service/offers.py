"""What a prompt offers to those who need values: its numbers and strings, each handed out once, in their order."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from xai_dual.emulator.service.arithmetic import find_sum

_PLACE = re.compile(r"\b(?:in|for|at|of|to|from|near)\s+((?:[A-Z][\w'\u2019-]*)(?:[ ,]+[A-Z][\w'\u2019-]*)*)")
_NAME = re.compile(r"(?<=[\w,] )([A-Z][\w'\u2019-]*(?: [A-Z][\w'\u2019-]*)*)")
_QUOTED = re.compile(r"""\"([^\"]+)\"|\u201c([^\u201d]+)\u201d|(?<!\w)'([^']+)'(?!\w)""")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w])")
_EDGES = ".,;:!?()[]<>\"'"


class Offers:
    """The values of one prompt."""

    def __init__(self, prompt: str) -> None:
        self.prompt = prompt
        found = find_sum(prompt)
        self.result = found.value if found else None
        plain, inside = _QUOTED.sub(" ; ", prompt), " ; ".join(_texts(prompt))
        self.numbers = [Fraction(match) for text in (plain, inside) for match in _NUMBER.findall(text)]
        quoted = _texts(prompt)
        self.are_quoted = bool(quoted)
        self.strings = quoted or [*_PLACE.findall(prompt), *_NAME.findall(prompt)]
        self._last = ""

    @property
    def quoted(self) -> list[str]:
        """The quoted strings that are left; a place or a name is less sure to be meant."""
        return self.strings if self.are_quoted else []

    def number(self, fits: Callable[[Fraction], bool]) -> Fraction | None:
        """The next number that fits."""
        for position, number in enumerate(self.numbers):
            if fits(number):
                return self.numbers.pop(position)
        return None

    def string(self) -> str:
        """The next string; the last one over and over; empty if there was none."""
        if self.strings:
            self._last = self.strings.pop(0)
        return self._last

    def find(self, fits: Callable[[str], object]) -> str | None:
        """A string or word that fits, which may be found again."""
        words = (item.strip(_EDGES) for item in self.prompt.split())
        return next((text for text in (*self.strings, *words) if text and fits(text)), None)

    def mentioned(self, values: list[Any]) -> list[Any]:
        """Those of some values that the prompt mentions, in its order; else one that is part of a word."""
        places: list[tuple[int, int, Any]] = []
        for order, value in enumerate(values):
            if isinstance(value, str) and value:
                pattern = rf"(?<!\w){re.escape(value)}(?!\w)"
                if match := re.search(pattern, self.prompt, re.IGNORECASE):
                    places.append((match.start(), order, value))
            elif isinstance(value, (int, float)) and not isinstance(value, bool) and value in self.numbers:
                places.append((len(self.prompt), order, value))
        if places:
            return [value for _, _, value in sorted(places, key=lambda place: place[:2])]
        lowered = self.prompt.lower()
        return [value for value in values if isinstance(value, str) and value and value.lower() in lowered][:1]


def _texts(prompt: str) -> list[str]:
    return [text for match in _QUOTED.finditer(prompt) for text in match.groups() if text]
