"""Async source -> sync source, by rewriting names. A rule that matched nothing in the whole tree is an error."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Mapping

from .errors import DefinitionError

WORDS: Mapping[str, str] = {
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
    "aclose": "close",
    "anext": "next",
    "StopAsyncIteration": "StopIteration",
}
"""Names that change as wholes. Beside them, `async` and `await` go, and AsyncName becomes Name."""

Tokens = list[tokenize.TokenInfo]


class Rewriter:
    """Rewrites modules and remembers which rules served."""

    def __init__(self, words: Mapping[str, str] = WORDS) -> None:
        self.words = words
        self.used: set[str] = set()

    def rewrite(self, text: str) -> str:
        """The sync twin of one module."""
        lines = text.splitlines(keepends=True)
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
        edits: list[tuple[int, int, int, str]] = []  # line, start, end, replacement
        for token, following in zip(tokens, [*tokens[1:], None], strict=True):
            if token.type == tokenize.NAME:
                (line, start), end = token.start, token.end[1]
                if token.string in ("async", "await"):
                    self.used.add(token.string)
                    # the keyword goes with the space behind it
                    stop = following.start[1] if following and following.start[0] == line else end
                    edits.append((line, start, stop, ""))
                elif (word := self.word(token.string)) != token.string:
                    edits.append((line, start, end, word))
            elif token.type == tokenize.STRING and token.start[0] == token.end[0]:
                text_ = self._string(token.string)
                if text_ != token.string:
                    edits.append((token.start[0], token.start[1], token.end[1], text_))
            elif token.type == tokenize.STRING:
                edits += self._long_string(token, lines)
        for line, start, end, replacement in sorted(edits, reverse=True):
            row = lines[line - 1]
            lines[line - 1] = row[:start] + replacement + row[end:]
        return "".join(lines)

    def word(self, name: str) -> str:
        """The sync twin of a name."""
        if name in self.words:
            self.used.add(name)
            return self.words[name]
        for lead in ("_Async", "Async"):
            if name.startswith(lead) and len(name) > len(lead):
                return name.replace("Async", "", 1)
        return name

    def _string(self, text: str) -> str:
        """Names inside text: annotations in quotes, module paths, and what docstrings say in backticks."""
        out, word = [], ""
        for char in text + "\0":
            if char.isalnum() or char == "_":
                word += char
                continue
            out.append(self.word(word) if word else "")
            out.append(char)
            word = ""
        return "".join(out)[:-1]

    def _long_string(self, token: tokenize.TokenInfo, lines: list[str]) -> list[tuple[int, int, int, str]]:
        """The edits of a string over several lines, line by line."""
        (first, start), (last, end) = token.start, token.end
        edits = []
        for number in range(first, last + 1):
            row = lines[number - 1]
            left, right = start if number == first else 0, end if number == last else len(row)
            edits.append((number, left, right, self._string(row[left:right])))
        return edits

    def unused(self) -> list[str]:
        """Rules that matched nothing."""
        return sorted({*self.words, "async", "await"} - self.used)


def rewrite_tree(sources: Mapping[str, str], banner: str) -> dict[str, str]:
    """Sync twins of all sources (path -> text); every path has `_async` in it."""
    rewriter = Rewriter()
    result = {}
    for path, text in sources.items():
        twin = rewriter.rewrite(text)
        head, sep, rest = twin.partition('"""\n')
        marked = twin if banner in twin else f"{head}{sep}\n{banner}\n{rest}"
        result[path.replace("_async", "_sync")] = marked
    if rewriter.unused():
        raise DefinitionError(f"codegen/unasync.py: no source has {', '.join(rewriter.unused())}: remove the rules")
    return result
