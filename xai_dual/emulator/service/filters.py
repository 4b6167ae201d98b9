"""Filters of lists and searches: ``size_bytes > 10 AND (name = "a.txt" OR name:report)``.

The grammar is that of AIP-160 as far as the API shows it: ``=  !=  <  <=  >  >=`` and ``:`` (contains; also before
another operator, as in ``year:>2020``), ``AND``, ``OR``, ``NOT``, parentheses and ``null``. OR binds tighter than AND.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from xai_dual.emulator.errors import ServiceError, invalid

Lookup = Callable[[str], Any]
Test = Callable[[Lookup], bool]
_TOKEN = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\')|(!=|<=|>=|[=<>:()])|([^\s()=!<>:"\']+))')
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_MAX_DEPTH = 50


class Partial(str):
    """A text that ``=`` finds by any part of it."""


class _Literal(str):
    quoted = False


class _Quoted(_Literal):
    quoted = True


def parse(text: str | None, fields: Callable[[str], bool]) -> Test:
    """The test a filter makes; ``fields`` says which names it may use. No filter lets all pass."""
    if not text or not text.strip():
        return lambda lookup: True
    parser = _Parser(_tokens(text), fields)
    test = parser.conjunction()
    parser.end()
    return test


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _broken(f"unexpected {text[at:].strip()[:1]} at position {at}")
        quoted, symbol, word = match.groups()
        if quoted:
            tokens.append(_Quoted(re.sub(r"\\(.)", r"\1", quoted[1:-1])))
        else:
            tokens.append(symbol or _Literal(word))
        at = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[str], fields: Callable[[str], bool]) -> None:
        self.tokens = tokens
        self.fields = fields
        self.at = 0
        self.depth = 0

    def conjunction(self) -> Test:
        tests = [self._alternatives()]
        while self._keyword("AND"):
            tests.append(self._alternatives())
        return lambda lookup: all(test(lookup) for test in tests)

    def end(self) -> None:
        if self.at < len(self.tokens):
            raise _broken(f"unexpected {self.tokens[self.at]}")

    def _alternatives(self) -> Test:
        tests = [self._term()]
        while self._keyword("OR"):
            tests.append(self._term())
        return lambda lookup: any(test(lookup) for test in tests)

    def _term(self) -> Test:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise _broken("it is nested too deeply")
        try:
            if self._keyword("NOT"):
                inner = self._term()
                return lambda lookup: not inner(lookup)
            if self._symbol("("):
                inner = self.conjunction()
                if not self._symbol(")"):
                    raise _broken("a closing parenthesis is missing")
                return inner
            return self._comparison()
        finally:
            self.depth -= 1

    def _comparison(self) -> Test:
        field = str(self._literal("a field"))
        if not self.fields(field):
            raise _broken(f"there is no field {field}")
        sign = self._next()
        if sign == ":" and self.at < len(self.tokens) and self._is_sign(self.tokens[self.at]):
            sign = self._next()
        if sign is None or isinstance(sign, _Literal) or sign not in (*_COMPARE, ":"):
            raise _broken(f"{field} needs a comparison")
        wanted = self._literal(f"a value for {field}")
        return lambda lookup: _compare(field, lookup(field), str(sign), wanted)

    @staticmethod
    def _is_sign(token: str) -> bool:
        return not isinstance(token, _Literal) and token in _COMPARE

    def _literal(self, what: str) -> _Literal:
        token = self._next()
        if not isinstance(token, _Literal):
            raise _broken(f"{what} is missing")
        return token

    def _next(self) -> str | None:
        token = self.tokens[self.at] if self.at < len(self.tokens) else None
        self.at += 1
        return token

    def _keyword(self, word: str) -> bool:
        token = self.tokens[self.at] if self.at < len(self.tokens) else None
        found = isinstance(token, _Literal) and not token.quoted and token == word
        self.at += found
        return found

    def _symbol(self, symbol: str) -> bool:
        token = self.tokens[self.at] if self.at < len(self.tokens) else None
        found = token is not None and not isinstance(token, _Literal) and token == symbol
        self.at += found
        return found


def _compare(field: str, found: Any, sign: str, wanted: _Literal) -> bool:
    if wanted == "null" and not wanted.quoted:
        return (found is None) if sign in ("=", ":") else found is not None and sign == "!="
    if found is None:
        return sign == "!="
    if isinstance(found, datetime):
        return _COMPARE["=" if sign == ":" else sign](found, _moment(field, wanted))
    if isinstance(found, int):
        number = _number(wanted)
        if number is None:
            raise _broken(f"{field} is compared with numbers; got {wanted}")
        return _COMPARE["=" if sign == ":" else sign](found, number)
    if sign == ":" or (isinstance(found, Partial) and sign in ("=", "!=")):
        return (wanted.casefold() in found.casefold()) != (sign == "!=")
    left, right = _number(found), _number(wanted)
    if left is not None and right is not None and not wanted.quoted:
        return _COMPARE[sign](left, right)
    return _COMPARE[sign](str(found), str(wanted))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _moment(field: str, text: str) -> datetime:
    try:
        number = _number(text)
        if number is not None:
            return datetime.fromtimestamp(number, timezone.utc)
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except (ValueError, OverflowError, OSError):
        raise _broken(f"{field} is compared with times such as 2026-03-15T00:00:00Z; got {text}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _broken(reason: str) -> ServiceError:
    return invalid(f"The filter is not valid: {reason}.")
