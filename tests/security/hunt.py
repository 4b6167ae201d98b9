"""A key and a prompt that are told from all else, and the places where they must not be found."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import logging
import pickle
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from xai_dual import XaiError

__all__ = ["CANARY", "PROMPT", "Hunt"]

# not spelled out: tracebacks show lines of the source
CANARY = "".join(("canary", "8c1f", "key"))
PROMPT = " ".join(("the", "prompt", "canary", "51d0"))

LOGGERS = ("", "httpx", "httpcore", "grpc", "grpc._cython", "asyncio", "xai_dual", "hpack", "h11")
OF_ANSWER = ("body", "partial", "result", "response", "text", "last", "run", "meta")
"""Attributes of errors that hold what the server sent."""


class Hunt:
    """Collects what can be seen from outside, and looks through it."""

    def __init__(
        self, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], key: str, prompt: str
    ) -> None:
        for name in LOGGERS:
            caplog.set_level(logging.DEBUG, name)
        self._caplog = caplog
        self._capfd = capfd
        self._key = key
        self._prompt = prompt
        self.errors: list[BaseException] = []
        self.things: list[object] = []
        self.results: list[object] = []

    def begin(self) -> None:
        """Within a test: event loops tell what they run."""
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop().set_debug(True)

    def failed(self, error: BaseException) -> None:
        """An error came out of a call."""
        self.errors.append(error)

    def shows(self, *things: object) -> None:
        """Things that somebody may print."""
        self.things += things

    def came(self, *results: object) -> None:
        """Answers, which may hold the prompt."""
        self.results += results

    def end(self) -> None:
        """Look everywhere."""
        seen = self._capfd.readouterr()
        texts = [("out", seen.out), ("err", seen.err)]
        texts += [("log", f"{one.getMessage()} {one.__dict__}") for one in self._caplog.records]
        texts += [("thing", text) for thing in self.things for text in (str(thing), repr(thing))]
        texts += [("error", text) for error in self.errors for text in _texts(error)]
        for where, text in texts:
            assert self._key not in text, (where, text)
            assert self._prompt not in text, (where, text)
        for value in [*self.errors, *self.results]:
            for text in (repr(value), repr(vars(value)) if isinstance(value, BaseException) else ""):
                assert self._key not in text, text
            assert self._key.encode() not in _pickled(value), value
        for error in self.errors:
            assert isinstance(error, XaiError), repr(error)


def _pickled(value: Any) -> bytes:
    """The pickles of a value and of its copy; of what cannot be pickled (a stream), nothing."""
    try:
        return pickle.dumps(value) + pickle.dumps(copy.deepcopy(value))
    except (TypeError, AttributeError, pickle.PicklingError):
        return b""


def _texts(error: BaseException) -> Iterator[str]:
    """All that loggers and trackers of errors show of one, and of those that caused it."""
    yield "".join(traceback.format_exception(error))
    one: BaseException | None = error
    while one is not None:
        yield str(one)
        yield repr(one)
        yield repr(one.args)
        yield repr({name: value for name, value in vars(one).items() if name not in OF_ANSWER})
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
