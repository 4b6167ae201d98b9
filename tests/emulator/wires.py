"""Both wires of an emulator that a test module has for itself, with an API key and with a management key."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from typing import Any

import grpc
import httpx
import pytest

from xai_dual.emulator import Server, definitions


class Wires:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.rest = self._client(server.api_key)
        self.admin = self._client(server.management_key)
        self.channel = grpc.insecure_channel(server.target)

    def _client(self, key: str) -> httpx.Client:
        return httpx.Client(base_url=self.server.url, headers={"authorization": f"Bearer {key}"}, timeout=30)

    def close(self) -> None:
        self.rest.close()
        self.admin.close()
        self.channel.close()

    def metadata(self, name: str, **more: str) -> list[tuple[str, str]]:
        key = self.server.management_key if name.startswith("collections.") else self.server.api_key
        given = {
            "authorization": f"Bearer {key}",
            **{header.replace("_", "-"): value for header, value in more.items()},
        }
        return list(given.items())

    def call(self, name: str, /, headers: dict[str, str] | None = None, **fields: Any) -> Any:
        """An RPC by its full name, ``xai_api.Files/ListFiles``, with the fields of its request."""
        service, _, method = name.partition("/")
        found = definitions.pool().FindServiceByName(service).methods_by_name[method]
        request = definitions.message(found.input_type.full_name)(**fields)
        reader = definitions.message(found.output_type.full_name).FromString
        kind = self.channel.unary_stream if found.server_streaming else self.channel.unary_unary
        call: Any = kind(f"/{name}", type(request).SerializeToString, reader)
        return call(request, metadata=self.metadata(name, **headers or {}), timeout=30)

    def refused(self, answer: httpx.Response, name: str, /, **fields: Any) -> tuple[int, str]:
        """An RPC is refused as REST refused it."""
        return refusal(answer, lambda: self.call(name, **fields))

    def upload(self, name: str, pieces: Iterable[bytes], **init: Any) -> Any:
        """Files/UploadFile."""
        chunk: Any = definitions.message("xai_api.UploadFileChunk")

        def messages() -> Iterable[Any]:
            yield chunk(init={"name": name, **init})
            for piece in pieces:
                yield chunk(data=piece)

        return self.send(messages())

    def send(self, messages: Iterable[Any]) -> Any:
        chunk = definitions.message("xai_api.UploadFileChunk")
        reader = definitions.message("xai_api.File").FromString
        call = self.channel.stream_unary("/xai_api.Files/UploadFile", chunk.SerializeToString, reader)
        return call(iter(messages), metadata=self.metadata("xai_api.Files"), timeout=60)

    def store(self, name: str, data: bytes, **form: Any) -> dict[str, Any]:
        """POST /v1/files."""
        answer = self.rest.post("/v1/files", files={"file": (name, data)}, data=form)
        assert answer.status_code == 200, answer.text
        stored: dict[str, Any] = answer.json()
        return stored


def refusal(answer: httpx.Response, call: Callable[[], Any]) -> tuple[int, str]:
    """Both wires refuse with the same text; the HTTP status and the gRPC code."""
    with pytest.raises(grpc.RpcError) as caught:
        list(call())  # a stream fails when it is read
    error: Any = caught.value
    assert error.details() == answer.json()["error"]
    assert set(answer.json()) == {"code", "error"}
    assert dict(error.trailing_metadata())["x-request-id"]
    assert answer.headers["x-request-id"]
    return answer.status_code, error.code().name


def moment(stamp: Any) -> str | None:
    """A protobuf timestamp as REST tells it."""
    if not stamp.ListFields():
        return None
    return stamp.ToDatetime(timezone.utc).isoformat().replace("+00:00", "Z")  # type: ignore[no-any-return]


def parsed(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
