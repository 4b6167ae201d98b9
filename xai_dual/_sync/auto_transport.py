"""The transport that picks the wire for each call."""

from __future__ import annotations

import importlib.util
from typing import Any, TypeVar

from ..errors import UnsupportedOnTransport
from ..operation import Operation, StreamOperation
from .transport import Attempt, RawStream, Transport

__all__ = ["AutoTransport"]

C = TypeVar("C")
R = TypeVar("R")


class AutoTransport:
    """gRPC for what has it, where gRPC can be expected to work, else REST.

    A call or a field that the preferred wire cannot carry goes over the other one; that is found out while the request
    is encoded, so nothing has been sent by then.
    """

    name = "auto"

    def __init__(self, grpc: Transport | None, rest: Transport) -> None:
        self._grpc = grpc
        self._rest = rest

    def unary(self, op: Operation[R], request: Any, attempt: Attempt) -> R:
        first, second = self._choose(op)
        try:
            return first.unary(op, request, attempt)
        except UnsupportedOnTransport as error:
            if second is None:
                raise
            refusal = error
        try:
            return second.unary(op, request, attempt)
        except UnsupportedOnTransport:
            raise refusal from None

    def server_stream(self, op: StreamOperation[C, R], request: Any, attempt: Attempt) -> RawStream[C]:
        first, second = self._choose(op)
        try:
            return first.server_stream(op, request, attempt)
        except UnsupportedOnTransport as error:
            if second is None:
                raise
            refusal = error
        try:
            return second.server_stream(op, request, attempt)
        except UnsupportedOnTransport:
            raise refusal from None

    def close(self) -> None:
        if self._grpc is not None:
            self._grpc.close()
        self._rest.close()

    def _choose(self, op: Operation[Any]) -> tuple[Transport, Transport | None]:
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
