from __future__ import annotations

from collections.abc import Iterator

import pytest

from xai_dual.emulator import Server, serve


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The emulator, one process for the session."""
    with serve() as running:
        yield running


@pytest.fixture(params=["grpc", "rest"])
def transport(request: pytest.FixtureRequest) -> str:
    """The wire that our client uses; theirs have but one each."""
    return str(request.param)
