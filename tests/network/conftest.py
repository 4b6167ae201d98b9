from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from xai_dual.emulator import Server, serve

from .boxes import Boxes
from .kit import Authority

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "grpc_proxy", "no_grpc_proxy")
TRUST = ("SSL_CERT_FILE", "SSL_CERT_DIR", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH")


@pytest.fixture(autouse=True)
def _no_network_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in the environment that says whom to trust or which way to go."""
    for name in (*PROXIES, *TRUST):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The emulator, one process for the session."""
    with serve() as running:
        yield running


@pytest.fixture
def key(server: Server) -> str:
    """A key of the test's own, by which the emulator tells its calls from others."""
    return f"{server.api_key}/{uuid.uuid4().hex}"


@pytest.fixture
def boxes() -> Iterator[Boxes]:
    made = Boxes()
    yield made
    made.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whom the clients of the tests trust."""
    return Authority.make(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whom nobody trusts."""
    return Authority.make(tmp_path_factory.mktemp("stranger"))


@pytest.fixture(params=["grpc", "rest"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)
