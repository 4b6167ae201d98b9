"""Strings that callers keep and send back unchanged: reasoning and compacted conversations."""

from __future__ import annotations

import base64
import binascii
import json

from xai_dual.emulator.errors import invalid

_VERSION = "emu1."


def seal(kind: str, text: str) -> str:
    """The opaque form of a text."""
    data = json.dumps([kind, text], ensure_ascii=False).encode("utf-8", "surrogatepass")
    return _VERSION + base64.urlsafe_b64encode(data).decode()


def unseal(sealed: str) -> tuple[str, str]:
    """Kind and text of an opaque string that the emulator made."""
    try:
        if not sealed.startswith(_VERSION):
            raise ValueError
        kind, text = json.loads(base64.b64decode(sealed[len(_VERSION) :], b"-_", validate=True))
        return str(kind), str(text)
    except (ValueError, binascii.Error):
        raise invalid("encrypted_content was not made by this service, or was changed.") from None
