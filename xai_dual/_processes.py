"""Forks: what a child process leaves alone, and where gRPC can work.

A child inherits the sockets of its parent, but none of the threads that serve them. Whatever the child did with them
would reach the parent's calls: so connections and streams of the parent are kept there, neither used, closed nor
collected. HTTP connections are then simply made anew.

gRPC is one machine for the whole process, and cannot be made anew. grpcio has handlers to carry it over a fork; up
to version 1.85 they fail where calls are under way, or where asyncio's client was used: the child hangs or
dies before any of its own code runs. With the handlers off, the child lives, and only gRPC hangs in it. So grpcio is
imported with them off, and the rule is: where gRPC was used before a fork, the child gets a ForkedError at once.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import os
import sys
import threading
from typing import Any, Protocol
from weakref import WeakSet

from .errors import ForkedError

__all__ = ["Forgetful", "abandon", "forget_after_fork", "grpc_installed", "grpc_module"]

HANDLERS = "GRPC_ENABLE_FORK_SUPPORT"
"""The environment variable that turns grpcio's handlers on and off; it is read while grpcio is imported."""

_abandoned: list[Any] = []  # what belongs to a parent process
_grpc_process: int | None = None  # the process that used gRPC first; its children inherit the number
_importing = threading.Lock()


class Forgetful(Protocol):
    """What holds connections."""

    def forget(self) -> None:
        """Abandon them: this is a new process."""


_forgetful: WeakSet[Forgetful] = WeakSet()


def abandon(thing: Any) -> None:
    """Keep what belongs to a parent process from being collected, as that could close it."""
    _abandoned.append(thing)


def forget_after_fork(holder: Forgetful) -> None:
    """Call `holder.forget()` in each process that is forked from this one."""
    _forgetful.add(holder)


@functools.cache
def _keep_abandoned() -> None:
    """Keep them also while the process ends: channels of a parent crash or hang when they are collected."""
    with contextlib.suppress(ImportError):
        import ctypes

        ctypes.pythonapi.Py_IncRef(ctypes.py_object(_abandoned))


def _before_fork() -> None:
    if _forgetful:
        _keep_abandoned()


def _after_fork() -> None:
    for holder in list(_forgetful):
        holder.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_after_fork)


def grpc_installed() -> bool:
    """Whether grpcio can be imported; it is not."""
    return importlib.util.find_spec("grpc") is not None


def grpc_module(name: str) -> Any:
    """grpcio's module of that name, for making a channel. Raises ForkedError where gRPC cannot work."""
    global _grpc_process
    if _grpc_process is None:  # noted before the import: a child forked during it would wait for its end for ever
        _grpc_process = os.getpid()
    if _grpc_process != os.getpid():
        raise ForkedError("gRPC was in use before this process was forked: use transport='rest' or 'auto' here.")
    with _importing:
        if "grpc" not in sys.modules:
            _import_without_handlers()
    return importlib.import_module(name)


def _import_without_handlers() -> None:
    """Import grpcio. A program that wants its handlers, for others who use gRPC there, imports it before its calls."""
    before = os.environ.get(HANDLERS)
    os.environ[HANDLERS] = "0"
    try:
        importlib.import_module("grpc")
    finally:
        if before is None:
            del os.environ[HANDLERS]
        else:
            os.environ[HANDLERS] = before
