"""What a comparison of definitions says: a change, where it stands, whether it breaks users, and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, TypeVar

import attrs

Level = Literal["breaking", "compatible", "note"]
Side = frozenset[str]  # of "request" and "answer"; empty: no call names it

T = TypeVar("T")

LEVELS: tuple[Level, ...] = ("breaking", "compatible", "note")
REQUEST, ANSWER, BOTH, NONE = (frozenset(s) for s in (["request"], ["answer"], ["request", "answer"], []))


@attrs.frozen
class Change:
    """One difference between two versions."""

    kind: str  # rpc message field enum value route parameter body answer stream schema property variant
    where: str
    change: str
    level: Level
    reason: str
    file: str  # below protos/
    side: str  # request answer both none


@attrs.frozen
class Verdict:
    """Whether a change breaks users, and why."""

    level: Level
    reason: str


@attrs.frozen
class Place:
    """What a change is said of."""

    kind: str
    where: str
    file: str
    side: Side = BOTH

    def says(self, change: str, verdict: Verdict) -> Change:
        side = "both" if self.side == BOTH else next(iter(self.side), "none")
        return Change(self.kind, self.where, change, verdict.level, verdict.reason, self.file, side)

    def below(self, kind: str, step: str) -> Place:
        """A part of what stands here."""
        return attrs.evolve(self, kind=kind, where=self.where + step)


def breaks(reason: str) -> Verdict:
    return Verdict("breaking", reason)


def fits(reason: str) -> Verdict:
    return Verdict("compatible", reason)


def note(reason: str) -> Verdict:
    return Verdict("note", reason)


GONE = breaks("programs that use it fail")
NEW = fits("nobody has to use it")
OPEN_VALUE = fits("values are open: programs take ones they do not know")
OPEN_VARIANT = fits("variants are open: programs take ones they do not know")
OTHER_NAME = breaks("programs name it")
OTHER_TYPE = breaks("each version misreads what the other sends")
PROSE = note("nothing on the wire changes")


def narrowed(side: Side, refused: str, surer: str) -> Verdict:
    """Less is allowed than before: bad for who sends, fine for who reads. What no call names is held to both."""
    return fits(surer) if side == ANSWER else breaks(refused)


def widened(side: Side, surprise: str, freer: str) -> Verdict:
    """More is allowed than before: fine for who sends, bad for who reads."""
    return fits(freer) if side == REQUEST else breaks(surprise)


def pairs(old: Mapping[str, T], new: Mapping[str, T]) -> Iterator[tuple[str, T | None, T | None]]:
    """(name, old, new) of everything that either version has, sorted."""
    for name in sorted({*old, *new}):
        yield name, old.get(name), new.get(name)


def reached(starts: Iterable[tuple[str, str]], links: Callable[[str], Iterable[str]]) -> dict[str, Side]:
    """Name -> the sides that reach it, from (side, name) on along `links`."""
    found: dict[str, Side] = {}
    todo = list(starts)
    while todo:
        side, name = todo.pop()
        if side not in found.get(name, NONE):
            found[name] = found.get(name, NONE) | {side}
            todo += [(side, linked) for linked in links(name)]
    return found


def side_of(name: str, old: Mapping[str, Side], new: Mapping[str, Side]) -> Side:
    """Who sends and reads it: as users know it, else as they will."""
    return old.get(name) or new.get(name) or NONE


def text(changes: tuple[Change, ...]) -> str:
    """All changes for people, by file, and a summary."""
    if not changes:
        return "no changes"
    lines: list[str] = []
    file = ""
    for change in changes:
        if change.file != file:
            file = change.file
            lines += [*([""] if lines else []), printable(file)]
        said = f"{change.kind} {change.where}: {change.change}; {change.reason}"
        lines.append(f"  {change.level:10}  {change.side:7}  {printable(said)}")
    counts = {level: sum(change.level == level for change in changes) for level in LEVELS}
    summary = "{breaking} breaking, {compatible} compatible, {note} notes".format(**counts)
    return "\n".join([*lines, "", f"{len(changes)} changes: {summary}"])


def printable(said: str) -> str:
    """One line that any terminal takes: names and values come from files and may hold anything."""
    return re.sub(r"[^ -~]", _escaped, said)


def _escaped(character: re.Match[str]) -> str:
    return character[0].encode("unicode_escape").decode("ascii")
