from __future__ import annotations

from collections.abc import Iterator

import pytest

from xai_dual.emulator import Server, serve

from .ways import WAYS


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The emulator, one process for the session."""
    with serve() as running:
        yield running


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """How the test's client sends chat."""
    return str(request.param)
