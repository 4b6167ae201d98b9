"""The transport that picks the wire for each call."""

from __future__ import annotations

import importlib.util
from typing import Any, Protocol, TypeVar

from ..errors import UnsupportedOnTransport
from ..operation import DownloadOperation, Operation, StreamOperation, UploadOperation
from .transport import AsyncRawStream, AsyncTransport, Attempt
from .upload import AsyncUpload

__all__ = ["AsyncAutoTransport"]

C = TypeVar("C")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class _Call(Protocol[R_co]):
    async def __call__(self, wire: AsyncTransport) -> R_co: ...


class AsyncAutoTransport:
    """gRPC for what has it, where gRPC can be expected to work, else REST.

    A call or a field that the preferred wire cannot carry goes over the other one; that is found out while the request
    is encoded, so nothing has been sent by then.
    """

    name = "auto"

    def __init__(self, grpc: AsyncTransport | None, rest: AsyncTransport) -> None:
        self._grpc = grpc
        self._rest = rest

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
        first, second = self._choose(op)
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

    async def aclose(self) -> None:
        if self._grpc is not None:
            await self._grpc.aclose()
        await self._rest.aclose()

    def _choose(self, op: Operation[Any]) -> tuple[AsyncTransport, AsyncTransport | None]:
        """The wire to try, and the one for what it cannot carry."""
        if op.grpc is None:
            return self._rest, None
        if self._grpc is None:
            if not op.rest:
                raise UnsupportedOnTransport(
                    op.name, "rest", "the API has this call over gRPC only, which is not to be expected at this address"
                )
            return self._rest, None
        return self._grpc, self._rest if op.rest else None


def grpc_installed() -> bool:
    """Whether grpcio can be imported; it is not."""
    return importlib.util.find_spec("grpc") is not None
