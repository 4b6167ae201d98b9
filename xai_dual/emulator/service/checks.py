"""Ranges of request values, the same for both wires. (What has the wrong type never gets here.)"""

from __future__ import annotations

from xai_dual.emulator.errors import invalid
from xai_dual.emulator.service.forms import Sampling

_MAX_CHOICES = 128
_MAX_STOPS = 4
INT32_MAX = 2**31 - 1


def between(name: str, value: float | None, low: float, high: float) -> None:
    """Refuse a value outside ``low..high``."""
    if value is not None and not low <= value <= high:
        raise invalid(f"{name} must be between {low:g} and {high:g}; got {value:g}.")


def check_sampling(sampling: Sampling) -> None:
    """Refuse what no model can sample with."""
    between("n", sampling.n, 1, _MAX_CHOICES)
    if sampling.max_tokens is not None and not 1 <= sampling.max_tokens <= INT32_MAX:
        raise invalid(f"max_tokens must be a positive 32-bit integer; got {sampling.max_tokens}.")
    between("temperature", sampling.temperature, 0, 2)
    if sampling.top_p is not None and not 0 < sampling.top_p <= 1:
        raise invalid(f"top_p must be greater than 0 and at most 1; got {sampling.top_p:g}.")
    between("frequency_penalty", sampling.frequency_penalty, -2, 2)
    between("presence_penalty", sampling.presence_penalty, -2, 2)
    between("top_logprobs", sampling.top_logprobs, 0, 8)
    if sampling.top_logprobs is not None and not sampling.logprobs:
        raise invalid("top_logprobs needs logprobs to be true.")
    if len(sampling.stop) > _MAX_STOPS:
        raise invalid(f"At most {_MAX_STOPS} stop sequences may be given; got {len(sampling.stop)}.")
