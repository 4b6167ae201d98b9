"""A caller's own HTTP client: httpx's, httpx2's, or one that looks like them, used as our own connections are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._http_clients import check_use
from .._inflate import ACCEPTED
from . import _io
from .transport import AsyncHttpClient, Attempt

__all__ = ["AsyncOwnHttp"]


class AsyncOwnHttp:
    """Sends with a caller's client."""

    def __init__(self, client: AsyncHttpClient, origin: str) -> None:
        self._client = client
        self._origin = origin  # "https://host:port"

    async def send(
        self, method: str, target: str, headers: Mapping[str, str], body: Any, attempt: Attempt
    ) -> AsyncOwnResponse:
        """Send a request and wait for the head of the answer. Raises the client's exceptions."""
        check_use(self._client, _io.scope())
        message = self._client.build_request(
            method,
            self._origin + target,
            headers={"accept-encoding": ACCEPTED, **headers},  # what unpacks within max_message_bytes
            content=body,
            extensions={"timeout": attempt.timeouts},
        )
        return AsyncOwnResponse(await self._client.send(message, stream=True, follow_redirects=False))


class AsyncOwnResponse:
    """An answer whose head is there."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self.network = response.extensions.get("network_stream")
        self._response = response
        self._parts = _io.http_chunks(response)

    async def read(self) -> bytes | None:
        """Some more of the body, decompressed; None at its end."""
        part: bytes | None = await anext(self._parts, None)
        return part

    async def aclose(self) -> None:
        """Give the connection back if all of the answer was read, else close it."""
        await self._response.aclose()
