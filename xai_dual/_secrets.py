"""What must not be shown: which headers hold secrets, and how these are taken out of errors and kept headers; no I/O.

A server may send back what it was sent: "Incorrect API key provided: xai-...". Errors go to logs, and are pickled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from .errors import XaiError

__all__ = ["HIDDEN", "is_secret_header", "kept_headers", "scrub", "scrubbed", "secrets_of", "without_secrets"]

HIDDEN = "[secret]"
"""What stands in place of a secret."""

SHORTEST = 8
"""Characters of the shortest secret that is looked for: a shorter one would be found in words that are none."""

DEPTH = 50
"""Levels of JSON that are shown of a dict in place of a model."""

_SECRET = re.compile(r"authorization|cookie|api[-_]?key|token|secret|password", re.IGNORECASE)
_OF_JSON = ("headers", "extra_headers", "upload_url", "upload_urls")
"""Properties that are secret too, where they are texts."""
_NOT_KEPT = re.compile(r"(?:.*-)?(?:authorization|(?:set-)?cookie2?|api-?key|authentication-info)")


@lru_cache(maxsize=256)
def is_secret_header(name: str) -> bool:
    """Whether the value of a request's header is a secret, by its name."""
    return _SECRET.search(name) is not None


def secrets_of(headers: Mapping[str, str]) -> tuple[str, ...]:
    """The secrets in a request's headers, without words such as "Bearer"; the longest first."""
    found: tuple[str, ...] = ()
    for name, value in headers.items():
        if is_secret_header(name):
            found += _words(value)
    return tuple(sorted(set(found), key=len, reverse=True)) if len(found) > 1 else found


@lru_cache(maxsize=4)
def _words(value: str) -> tuple[str, ...]:
    """What of a header is secret; most often it is that of the call before."""
    words = (part.strip(";,") for part in value.split())
    return tuple(word for word in words if len(word) >= SHORTEST)


def kept_headers(headers: Iterable[tuple[str, str | bytes]], secrets: tuple[str, ...]) -> dict[str, str]:
    """Headers of an answer for `Meta.headers`: text values only, names in lower case, no cookies, no secrets.

    A list of names to leave out, and none of names to keep: headers are kept to look into what went wrong, and those of
    tomorrow must be there too. What is secret among them is known: cookies by their names, our own key by its value.
    """
    found = {name.lower(): value for name, value in headers if isinstance(value, str)}
    for name in _not_kept(tuple(found)):
        del found[name]
    for secret in secrets:
        for name, value in found.items():
            if secret in value:
                found[name] = value.replace(secret, HIDDEN)
    return found


@lru_cache(maxsize=256)
def _not_kept(names: tuple[str, ...]) -> list[str]:
    """Those of an answer's headers that are left out; answers of one server have the same names again and again."""
    return [name for name in names if _NOT_KEPT.fullmatch(name)]


def without_secrets(value: Any, depth: int = DEPTH) -> Any:
    """JSON to be shown: where a dict stands in place of a model, nothing but the names in it tells what is secret."""
    if isinstance(value, Mapping):
        return {k: _shown(k, v, depth - 1) for k, v in value.items()} if depth else "..."
    if isinstance(value, (list, tuple)):
        items = [without_secrets(item, depth - 1) for item in value] if depth else ["..."]
        return items if isinstance(value, list) else tuple(items)
    return value


def _shown(name: object, value: Any, depth: int) -> Any:
    texts = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else [value]
    if name in _OF_JSON and value and all(isinstance(text, str) for text in texts):
        return HIDDEN
    secret = isinstance(value, (str, bytes)) and value and isinstance(name, str) and is_secret_header(name)
    return HIDDEN if secret else without_secrets(value, depth)


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets: as they are, percent-encoded, with escapes of JSON or HTML, or cut at the end."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
        if "%" in text or "\\" in text or "&" in text:
            text = _spelled(secret).sub(HIDDEN, text)
        text = _without_tail(text, secret)
    return text


@lru_cache(maxsize=4)
def _spelled(secret: str) -> re.Pattern[str]:
    """Finds a secret each of whose characters may be written in any of these ways."""
    return re.compile("".join(map(_character, secret)))


def _character(char: str) -> str:
    number, plain = ord(char), re.escape(char)
    coded = rf"%{number:02x}|\\u{number:04x}|\\x{number:02x}|&#0*{number};|&#x0*{number:x};"
    named = {"&": "|&amp;", "<": "|&lt;", ">": "|&gt;", '"': "|&quot;", "'": "|&apos;"}.get(char, "")
    return rf"(?:{plain}|\\{plain}|(?i:{coded}{named}))"


def _without_tail(text: str, secret: str) -> str:
    """Text that was cut may end in the middle of a secret."""
    body = text.rstrip("'\".")
    for size in range(min(len(secret) - 1, len(body)), SHORTEST - 1, -1):
        if body.endswith(secret[:size]):
            return body[:-size] + HIDDEN + text[len(body) :]
    return text


def scrub(error: XaiError, secrets: tuple[str, ...]) -> None:
    """Take the secrets out of an error, of those that caused it, and of the facts about its call."""
    if not secrets:
        return
    meta = error.meta
    if meta is not None:
        meta.headers = {name: scrubbed(value, secrets) for name, value in meta.headers.items()}
        meta.request_id = None if meta.request_id is None else scrubbed(meta.request_id, secrets)
    one: BaseException | None = error
    for _ in range(8):  # a chain of causes may have no end
        if not isinstance(one, XaiError):
            break
        one.args = tuple(_clean(list(one.args), secrets))
        state = vars(one)
        for name, value in list(state.items()):
            if isinstance(value, (str, bytes, dict, list)):
                state[name] = _clean(value, secrets)
        one = one.__cause__


def _clean(value: Any, secrets: tuple[str, ...]) -> Any:
    """A JSON value without the secrets. Lists and objects are changed in place, and not by recursion: a server may nest
    them as deep as it likes."""
    box = [value]
    parts: list[Any] = [box]
    while parts:
        part = parts.pop()
        for key, item in list(part.items()) if isinstance(part, dict) else list(enumerate(part)):
            if isinstance(item, (dict, list)):
                parts.append(item)
            elif isinstance(item, str):
                part[key] = scrubbed(item, secrets)
            elif isinstance(item, bytes):
                part[key] = scrubbed(item.decode("latin-1"), secrets).encode("latin-1")
            if isinstance(key, str) and (name := scrubbed(key, secrets)) != key:
                part[name] = part.pop(key)
    return box[0]
