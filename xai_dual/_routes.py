"""From a request to what is sent, and over which REST route. All of it follows from what the codecs can carry."""

from __future__ import annotations

from typing import Any

from ._check import OtherRoute
from .errors import UnsupportedOnTransport, UsageError
from .operation import Codec, Operation, RestBinding, RestRequest

__all__ = ["encoded", "encoded_for_route"]


def encoded(codec: Codec, request: Any) -> Any:
    """The request in the form of the wire. Whatever its content breaks in the encoder is a UsageError."""
    try:
        return codec.encode(request)
    except UsageError:
        raise
    except (TypeError, ValueError, OverflowError, AttributeError) as error:
        raise UsageError(f"The request cannot be encoded: {error}") from error


def encoded_for_route(op: Operation[Any], request: Any, rest_route: str) -> tuple[RestBinding, RestRequest]:
    """The route to take and what it sends: the one that `rest_route` names, if the call has it; else the first one,
    unless the request sets what only another one carries. What needs two routes is refused."""
    if not op.rest:
        raise UnsupportedOnTransport(op.name, "rest", "the API has this call over gRPC only; use transport='grpc'")
    forced = op.rest.get(rest_route)
    first = forced or next(iter(op.rest.values()))
    try:
        return first, encoded(first.codec, request)
    except OtherRoute as error:
        needs = error
    second = op.rest.get(needs.shape)
    if second is None:
        raise UnsupportedOnTransport(needs.field, "rest", f"{first.route} does not take it; transport='grpc' does")
    if forced:
        why = f"only {second.route} carries it, and rest_route={rest_route!r} takes {first.route}"
        raise UnsupportedOnTransport(needs.field, "rest", why)
    try:
        return second, encoded(second.codec, request)
    except OtherRoute as error:
        why = f"only {second.route} carries it, and only {first.route} carries {error.field}: leave out one of the two"
        raise UnsupportedOnTransport(needs.field, "rest", why) from None
