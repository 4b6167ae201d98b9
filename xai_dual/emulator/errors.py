"""What can go wrong, in one table: every error has one meaning and one face on each wire."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Code:
    """A canonical error code: its gRPC name and number, its HTTP status and the ``code`` sentence of REST bodies."""

    name: str
    number: int
    http: int
    sentence: str


_TABLE = (
    Code("CANCELLED", 1, 499, "The operation was cancelled"),
    Code("UNKNOWN", 2, 500, "Unknown error"),
    Code("INVALID_ARGUMENT", 3, 400, "Client specified an invalid argument"),
    Code("DEADLINE_EXCEEDED", 4, 504, "Deadline expired before operation could complete"),
    Code("NOT_FOUND", 5, 404, "Some requested entity was not found"),
    Code("ALREADY_EXISTS", 6, 409, "Some entity that we attempted to create already exists"),
    Code("PERMISSION_DENIED", 7, 403, "The caller does not have permission to execute the specified operation"),
    Code("RESOURCE_EXHAUSTED", 8, 429, "Some resource has been exhausted"),
    Code("FAILED_PRECONDITION", 9, 400, "The system is not in a state required for the operation's execution"),
    Code("ABORTED", 10, 409, "The operation was aborted"),
    Code("OUT_OF_RANGE", 11, 400, "Operation was attempted past the valid range"),
    Code("UNIMPLEMENTED", 12, 501, "Operation is not implemented or not supported"),
    Code("INTERNAL", 13, 500, "Internal error"),
    Code("UNAVAILABLE", 14, 503, "The service is currently unavailable"),
    Code("DATA_LOSS", 15, 500, "Unrecoverable data loss or corruption"),
    Code("UNAUTHENTICATED", 16, 401, "The request does not have valid authentication credentials"),
)
CODES = {code.name: code for code in _TABLE}


class ServiceError(Exception):
    """A refusal by the service, told equally on both wires."""

    def __init__(self, code: str, message: str, http: int | None = None) -> None:
        super().__init__(message)
        self.code = CODES[code] if http is None else replace(CODES[code], http=http)
        self.message = message

    def body(self) -> dict[str, object]:
        """The flat REST error body."""
        return {"code": self.code.sentence, "error": self.message}


def invalid(message: str) -> ServiceError:
    """The caller sent a value that no retry will make right."""
    return ServiceError("INVALID_ARGUMENT", message)


def not_found(message: str) -> ServiceError:
    """Something named in the request does not exist."""
    return ServiceError("NOT_FOUND", message)


def too_large(message: str) -> ServiceError:
    """What was sent is larger than the service takes: like a wrong value, and unlike a rate limit, never retried."""
    return ServiceError("OUT_OF_RANGE", message, http=413)


def unimplemented(what: str) -> ServiceError:
    """The API has it, the emulator does not."""
    return ServiceError("UNIMPLEMENTED", f"{what} is not implemented by the emulator.")
