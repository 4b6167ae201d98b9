from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _forget_mini_packages() -> Iterator[None]:
    """Mini packages of one test are gone before the next."""
    yield
    for name in [n for n in sys.modules if n.startswith("mini_")]:
        del sys.modules[name]
