"""A local server that speaks the xAI API over gRPC and REST on one port: for tests, demos and work without a network.

    import xai_dual.emulator

    with xai_dual.emulator.serve() as server:
        ...  # server.url, server.api_key

It answers deterministically and imports nothing of the client. Needs the extra: ``pip install "xai-dual[emulator]"``.
"""

from xai_dual.emulator.calls import Call
from xai_dual.emulator.server import Server, serve

__all__ = ["Call", "Server", "serve"]
