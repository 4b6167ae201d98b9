"""Required arguments: type checkers see them in the signature; at run time their absence is a `UsageError`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from .errors import UsageError

P = ParamSpec("P")
R = TypeVar("R")


def required(*names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Refuse a call that lacks one of the keyword arguments `names`, before it is made."""

    def decorate(method: Callable[P, R]) -> Callable[P, R]:
        @wraps(method)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            for name in names:
                if kwargs.get(name) is None:
                    absent = [f"{one}=" for one in names if kwargs.get(one) is None]
                    raise UsageError(f"{method.__qualname__}() needs {' and '.join(absent)}")
            return method(*args, **kwargs)

        return checked

    return decorate
