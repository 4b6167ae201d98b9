"""Prompts that tell the emulator how a job of image or video generation ends, for tests of what seldom happens."""

from __future__ import annotations

from dataclasses import dataclass

FAILURES = ("invalid_argument", "permission_denied", "failed_precondition", "service_unavailable", "internal_error")
FAIL, EXPIRE, MODERATE = "fail:", "expire:", "moderate:"


@dataclass(frozen=True)
class Failure:
    """Why a job failed."""

    code: str
    message: str


def failure(prompt: str) -> Failure | None:
    """The failure asked for by ``fail: CODE``; any other word than a known code is an internal error."""
    if not prompt.startswith(FAIL):
        return None
    wanted = prompt[len(FAIL) :].strip()
    return Failure(wanted if wanted in FAILURES else "internal_error", f"The job failed as its prompt says: {wanted}.")
