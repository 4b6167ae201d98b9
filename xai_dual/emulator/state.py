"""What the emulator keeps while it runs: keys, pictures it made and counters a test can read."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from xai_dual.emulator.errors import ServiceError, invalid

DEFAULT_API_KEY = "xai-emulator-key"
DEFAULT_MANAGEMENT_KEY = "xai-token-emulator"
_CONSOLE = "You can obtain an API key from https://console.x.ai."
_MAX_IMAGES = 1000


@dataclass
class Stats:
    """Counters of streams: a client's test reads them to see that a cancel arrived."""

    requests: int = 0
    streams_open: int = 0
    streams_finished: int = 0
    streams_cancelled: int = 0


@dataclass
class State:
    """All state of one running emulator."""

    api_key: str = DEFAULT_API_KEY
    management_key: str = DEFAULT_MANAGEMENT_KEY
    legacy: bool = False
    url: str = ""
    images: OrderedDict[str, bytes] = field(default_factory=OrderedDict)
    stats: Stats = field(default_factory=Stats)

    def authenticate(self, authorization: str | None) -> None:
        """Check an ``authorization`` header. As on api.x.ai, a wrong key is an invalid argument, unlike none."""
        scheme, _, key = (authorization or "").strip().partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not key:
            raise ServiceError(
                "UNAUTHENTICATED",
                f"No API key provided. Send it as `Authorization: Bearer <key>`. {_CONSOLE} "
                "[WKE=unauthenticated:no-credentials]",
            )
        if key != self.api_key:
            raise invalid(f"Incorrect API key provided: {redact(key)}. {_CONSOLE}")

    def keep_image(self, name: str, data: bytes) -> str:
        """Store a picture and return the URL that serves it."""
        self.images[name] = data
        self.images.move_to_end(name)
        while len(self.images) > _MAX_IMAGES:
            self.images.popitem(last=False)
        return f"{self.url}/emulator/images/{name}.png"


def redact(key: str) -> str:
    """A key as error texts show it: ``xa***ey``."""
    return f"{key[:2]}***{key[-2:]}" if len(key) > 4 else "***"
