"""Sums in a prompt: found, computed exactly and told in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_NUMBER = r"\d+(?:\.\d+)?"
_OPERATOR = r"\*\*|[-+*/^x\u00d7\u00f7]|plus|minus|times|multiplied by|divided by|to the power of"
_CHAIN = re.compile(rf"(?<![\w.-])-?{_NUMBER}(?:\s*(?:{_OPERATOR})\s*-?{_NUMBER})+(?![\w])", re.IGNORECASE)
_STEP = re.compile(rf"\s*({_OPERATOR})\s*(-?{_NUMBER})", re.IGNORECASE)
_ASKED = re.compile(r"what(?:'s| is| are)|how much|calculate|compute|solve|evaluate|sum of|result of|=", re.IGNORECASE)
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_SYMBOLS = {
    "plus": "+", "minus": "-", "times": "*", "x": "*", "\u00d7": "*", "multiplied by": "*", "\u00f7": "/",
    "divided by": "/", "**": "^", "to the power of": "^",
}  # fmt: skip
_WORDS = {"+": "plus", "-": "minus", "*": "multiplied by", "/": "divided by", "^": "to the power of"}
_RANK = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 3}
_MAX_EXPONENT = 256


@dataclass(frozen=True)
class Sum:
    """A solved sum: how it is said and its value (``None``: undefined)."""

    sentence: str
    value: Fraction | None


def find_sum(text: str) -> Sum | None:
    """The sum a text asks for, if any. A bare expression counts as a question, one inside other prose does not."""
    text = _DATE.sub(" ", text)
    match = _CHAIN.search(text)
    if match is None:
        return None
    if not _ASKED.search(text) and match.group().strip() != text.strip(" \t\n?.!="):
        return None
    return _solve(match.group())


def _solve(expression: str) -> Sum:
    first = re.match(rf"-?{_NUMBER}", expression)
    assert first is not None
    numbers = [first.group()]
    operators = []
    for operator, number in _STEP.findall(expression[first.end() :]):
        operators.append(_SYMBOLS.get(operator.lower(), operator))
        numbers.append(number)
    try:
        value: Fraction | None = _evaluate([Fraction(number) for number in numbers], list(operators))
        shown = show(value) if value is not None else ""
    except (ZeroDivisionError, OverflowError):
        value, shown = None, "undefined"
    if len(operators) == 1:
        said = f"{numbers[0]} {_WORDS[operators[0]]} {numbers[1]}"
    else:
        said = numbers[0] + "".join(
            f" {operator} {number}" for operator, number in zip(operators, numbers[1:], strict=True)
        )
    return Sum(f"{said} is {shown}.", value)


def _evaluate(values: list[Fraction], operators: list[str]) -> Fraction:
    for rank in (3, 2, 1):
        position = 0
        while position < len(operators):
            if _RANK[operators[position]] != rank:
                position += 1
                continue
            values[position : position + 2] = [_apply(operators.pop(position), values[position], values[position + 1])]
    return values[0]


def _apply(operator: str, left: Fraction, right: Fraction) -> Fraction:
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    if operator == "/":
        return left / right
    if right.denominator != 1 or abs(right) > _MAX_EXPONENT:
        raise OverflowError("exponent")
    return Fraction(left ** int(right))


def show(value: Fraction) -> str:
    """A number as people write it: whole, or with at most ten decimals."""
    if value.denominator == 1:
        return str(value.numerator)
    return f"{float(value):.10f}".rstrip("0").rstrip(".")


def as_json_number(value: Fraction) -> int | float:
    """The value as a JSON number."""
    return value.numerator if value.denominator == 1 else float(value)
