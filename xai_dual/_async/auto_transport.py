"""The transport that picks the wire for each call."""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import attrs

from ..errors import ConnectError, TlsError, UnsupportedOnTransport, XaiError
from ..meta import PoolState
from ..operation import DownloadOperation, Host, Operation, StreamOperation, UploadOperation
from . import _io
from .grpc_transport import AsyncGrpcTransport
from .transport import AsyncRawStream, AsyncTransport, Attempt, Scoped, total

if TYPE_CHECKING:
    from .upload import AsyncUpload

__all__ = ["AsyncAutoTransport"]

C = TypeVar("C")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

PROBES: dict[Host, str] = {
    "api": "xai_api.Auth/get_api_key_info",
    "management": "collections.Collections/ListCollections",
}
"""What is asked, without a key, to see that gRPC answers: calls that change nothing."""

PROBE_SECONDS = 3.0
UNREACHED_SECONDS = 30.0
"""How long REST is taken without another probe when there was nobody to answer one."""

logger = logging.getLogger("xai_dual")


@attrs.frozen
class _Verdict:
    """What a probe has shown."""

    grpc: bool
    until: float = float("inf")  # by time.monotonic


_verdicts: dict[tuple[Any, ...], _Verdict] = {}  # by process, and the way to the address


class _Call(Protocol[R_co]):
    async def __call__(self, wire: AsyncTransport) -> R_co: ...


class AsyncAutoTransport:
    """gRPC for what has it, where gRPC works, else REST.

    Whether it works is found out by the first call that both wires have, once per process and address: a channel that
    is connected proves nothing, so an RPC is made and has to be answered. A call or a field that the preferred wire
    cannot carry goes over the other one; that is found out while the request is encoded, so nothing was sent by then.
    """

    name = "auto"

    def __init__(self, host: Host, grpc: AsyncGrpcTransport | None, rest: AsyncTransport) -> None:
        self._host: Host = host
        self._grpc = grpc
        self._rest = rest
        self._probing: Scoped[Any] = Scoped(_io.lock)

    async def unary(self, op: Operation[R], request: Any, attempt: Attempt) -> R:
        async def call(wire: AsyncTransport) -> R:
            return await wire.unary(op, request, attempt)

        return await self._on_either(op, call)

    async def server_stream(self, op: StreamOperation[C, R], request: Any, attempt: Attempt) -> AsyncRawStream[C]:
        async def call(wire: AsyncTransport) -> AsyncRawStream[C]:
            return await wire.server_stream(op, request, attempt)

        return await self._on_either(op, call)

    async def upload(self, op: UploadOperation[R], request: Any, contents: AsyncUpload, attempt: Attempt) -> R:
        async def call(wire: AsyncTransport) -> R:
            return await wire.upload(op, request, contents, attempt)

        return await self._on_either(op, call, contents)

    async def download(self, op: DownloadOperation, request: Any, attempt: Attempt) -> AsyncRawStream[bytes]:
        async def call(wire: AsyncTransport) -> AsyncRawStream[bytes]:
            return await wire.download(op, request, attempt)

        return await self._on_either(op, call)

    async def _on_either(self, op: Operation[Any], call: _Call[R], contents: AsyncUpload | None = None) -> R:
        """Make the call on the wire to try first; on the other one if the first cannot carry it."""
        first, second = await self._choose(op)
        try:
            return await call(first)
        except UnsupportedOnTransport as error:
            if second is None or (contents is not None and (contents.began or contents.error is not None)):
                raise
            refusal = error
        try:
            return await call(second)
        except UnsupportedOnTransport as error:
            if error.field == refusal.field:
                raise refusal from None
            why = f"{refusal.why}; but then {error}" if refusal.why else str(error)
            raise UnsupportedOnTransport(refusal.field, refusal.transport, why) from None

    def pool(self) -> PoolState:
        states = [wire.pool() for wire in (self._grpc, self._rest) if wire is not None]
        return total(states, states[0].limit)

    async def aclose(self) -> None:
        if self._grpc is not None:
            await self._grpc.aclose()
        await self._rest.aclose()

    async def _choose(self, op: Operation[Any]) -> tuple[AsyncTransport, AsyncTransport | None]:
        """The wire to try, and the one for what it cannot carry."""
        if op.grpc is None:
            return self._rest, None
        if self._grpc is not None and (not op.rest or await self._works(self._grpc)):
            return self._grpc, self._rest if op.rest else None
        if not op.rest:
            raise UnsupportedOnTransport(
                op.name, "rest", "the API has this call over gRPC only, which is not to be expected at this address"
            )
        return self._rest, None

    async def _works(self, grpc: AsyncGrpcTransport) -> bool:
        """Whether gRPC answers; those who ask while a probe is under way wait for its end."""
        address = (os.getpid(), *grpc.way)
        verdict = _verdicts.get(address)
        if verdict is None or time.monotonic() >= verdict.until:
            async with self._probing.get():
                verdict = _verdicts.get(address)
                if verdict is None or time.monotonic() >= verdict.until:
                    verdict = _verdicts[address] = await self._probe(grpc)
        return verdict.grpc

    async def _probe(self, grpc: AsyncGrpcTransport) -> _Verdict:
        start = time.monotonic()
        try:
            await grpc.probe(PROBES[self._host], PROBE_SECONDS)
        except XaiError as error:
            absent = isinstance(error, ConnectError) and not isinstance(error, TlsError)
            unreached = absent and "HTTP/2" not in str(error)  # one who answers in HTTP/1.1 is there
            until = time.monotonic() + UNREACHED_SECONDS if unreached else float("inf")
            logger.info("auto: REST, for gRPC does not answer at %s: %s", grpc.address, error)
            return _Verdict(False, until)
        logger.info("auto: gRPC answers at %s (%.0f ms)", grpc.address, 1000 * (time.monotonic() - start))
        return _Verdict(True)
