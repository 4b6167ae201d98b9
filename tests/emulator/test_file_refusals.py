"""What of files is refused, and how a transfer can break. The same on both wires."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from xai_dual.emulator import definitions
from xai_dual.emulator.errors import ServiceError
from xai_dual.emulator.service import files

from .wires import Wires, refusal


@pytest.mark.parametrize(
    ("method", "path", "rpc"),
    [
        ("GET", "", "RetrieveFile"),
        ("DELETE", "", "DeleteFile"),
        ("GET", "/content", "RetrieveFileContent"),
        ("POST", "/public-url", "CreatePublicUrl"),
        ("POST", "/public-url/revoke", "RevokePublicUrl"),
    ],
)
def test_unknown_file(wires: Wires, method: str, path: str, rpc: str) -> None:
    name = "file_a128090d-f0c9-4873-bd84-e499777e7417"
    answer = wires.rest.request(method, f"/v1/files/{name}{path}", json={} if path == "/public-url" else None)
    assert wires.refused(answer, f"xai_api.Files/{rpc}", file_id=name) == (404, "NOT_FOUND")
    assert answer.json()["code"] == "Some requested entity was not found"


@pytest.mark.parametrize("value", ["0", "-5", str(2**60), "soon"])
def test_refused_lifetimes(wires: Wires, value: str) -> None:
    answer = wires.rest.post("/v1/files", files={"file": ("a.txt", b"a")}, data={"expires_after": value})
    if value == "soon":
        assert (answer.status_code, answer.json()["error"].startswith("expires_after must be")) == (400, True)
        return
    assert refusal(answer, lambda: wires.upload("a.txt", [], expires_after=int(value))) == (400, "INVALID_ARGUMENT")


def test_refused_uploads(wires: Wires) -> None:
    chunk: Any = definitions.message("xai_api.UploadFileChunk")
    nameless = wires.rest.post(
        "/v1/files",
        content=b'--x\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\na\r\n--x--\r\n',
        headers={"content-type": "multipart/form-data; boundary=x"},
    )
    assert refusal(nameless, lambda: wires.upload("", [b"a"])) == (400, "INVALID_ARGUMENT")
    starts = [[], [chunk(data=b"a")], [chunk(init={"name": "a"}), chunk(init={"name": "a"})], [chunk()]]
    for messages in starts:
        with pytest.raises(Exception, match="An upload starts with its init, which comes only once"):
            wires.send(messages)
    for request in (
        {"json": {"file": "a"}},
        {"data": {"file": "a"}},
        {"files": {"purpose": (None, "x")}},
        {"files": {"file": (None, "no file name")}},
        {"content": b"x", "headers": {"content-type": "multipart/form-data"}},
        {"content": b"--y", "headers": {"content-type": "multipart/form-data; boundary=x"}},
    ):
        answer = wires.rest.post("/v1/files", **request)  # type: ignore[arg-type]
        assert (answer.status_code, set(answer.json())) == (400, {"code", "error"}), answer.text


def test_too_large(wires: Wires, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = http.client.HTTPConnection(wires.server.target, timeout=10)
    connection.putrequest("POST", "/v1/files")
    for name, value in (
        ("authorization", f"Bearer {wires.server.api_key}"),
        ("content-type", "multipart/form-data; boundary=x"),
        ("content-length", str(1 << 40)),
    ):
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.getresponse().status == 413  # before anything is read
    connection.close()
    monkeypatch.setattr(files, "MAX_BYTES", 10)
    with pytest.raises(ServiceError) as caught:
        files.Content(b"x" * 11)
    assert (caught.value.code.name, caught.value.code.http) == ("OUT_OF_RANGE", 413)


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"limit": 101}, {"limit": 101}),
        ({"limit": -1}, {"limit": -1}),
        ({"pagination_token": "nonsense"}, {"pagination_token": "nonsense"}),
        ({"limit": 0}, None),
        ({"limit": "many"}, None),
        ({"order": "up"}, None),
        ({"sort_by": "colour"}, None),
        (None, {"order": 7}),
        (None, {"sort_by": 9}),
    ],
)
def test_refused_lists(wires: Wires, query: dict[str, Any] | None, fields: dict[str, Any] | None) -> None:
    if query and fields:
        answer = wires.rest.get("/v1/files", params=query)
        assert refusal(answer, lambda: wires.call("xai_api.Files/ListFiles", **fields)) == (400, "INVALID_ARGUMENT")
    elif query:
        assert wires.rest.get("/v1/files", params=query).status_code == 400
    else:
        with pytest.raises(Exception, match="unknown value"):
            wires.call("xai_api.Files/ListFiles", **fields or {})


def test_refused_reads(wires: Wires) -> None:
    name = wires.store("a.txt", b"a")["id"]
    assert wires.rest.get(f"/v1/files/{name}/content?format=pdf").status_code == 400
    with pytest.raises(Exception, match="unknown value"):
        list(wires.call("xai_api.Files/RetrieveFileContent", file_id=name, format=9))
    answer = wires.rest.post(f"/v1/files/{name}/public-url", json={})
    assert refusal(answer, lambda: wires.call("xai_api.Files/CreatePublicUrl", file_id=name)) == (
        400,
        "INVALID_ARGUMENT",
    )
    assert wires.rest.post(f"/v1/files/{name}/public-url").status_code == 415
    picture = wires.store("a.png", b"a")["id"]
    answer = wires.rest.post(f"/v1/files/{picture}/public-url", json={"expires_after": 0})
    call = wires.call
    assert refusal(answer, lambda: call("xai_api.Files/CreatePublicUrl", file_id=picture, expires_after=0))[0] == 400


@pytest.mark.parametrize("action", ["reset", "close", "end", "error"])
def test_a_download_can_break(wires: Wires, action: str) -> None:
    name = wires.store("big.bin", b"x" * (3 << 20))["id"]
    fault = f'{{"action": "{action}", "after_chunks": 2}}'
    got = 0
    with (  # noqa: PT012
        pytest.raises(httpx.TransportError),
        wires.rest.stream("GET", f"/v1/files/{name}/content", headers={"x-emulator-fault": fault}) as answer,
    ):
        assert answer.headers["content-length"] == str(3 << 20)
        for piece in answer.iter_raw():
            got += len(piece)
    assert 0 < got <= 2 << 20
    pieces = 0
    try:
        for _ in wires.call("xai_api.Files/RetrieveFileContent", headers={"x-emulator-fault": fault}, file_id=name):
            pieces += 1
        assert action == "end"
    except Exception:
        assert action != "end"
    assert pieces == 2


def test_an_upload_can_break(wires: Wires) -> None:
    wires.server.inject(operation="xai_api.Files/UploadFile", after_chunks=2)
    with pytest.raises(Exception, match="told to fail"):
        wires.upload("a.txt", [b"a", b"b", b"c"])
    wires.server.inject(operation="POST /v1/files")
    assert wires.rest.post("/v1/files", files={"file": ("a.txt", b"a")}).status_code == 503
    wires.server.clear_faults()


def test_what_is_not_sent_to_its_end_is_not_stored(wires: Wires) -> None:
    before = wires.rest.get("/v1/files").json()["data"]
    chunk: Any = definitions.message("xai_api.UploadFileChunk")
    sent = threading.Event()

    def pieces() -> Iterator[Any]:
        yield chunk(init={"name": "a.txt"})
        for _ in range(1000):
            yield chunk(data=b"a")
            sent.set()
            time.sleep(0.01)

    upload = wires.channel.stream_unary("/xai_api.Files/UploadFile", chunk.SerializeToString)
    call = upload.future(pieces(), metadata=wires.metadata("xai_api.Files"))
    assert sent.wait(5)
    time.sleep(0.1)
    call.cancel()
    host, port = wires.server.target.split(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(
            f"POST /v1/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {wires.server.api_key}\r\n"
            "content-type: multipart/form-data; boundary=x\r\ncontent-length: 100000\r\n\r\n"
            "--x\r\ncontent-disposition: form-data; name=file; filename=a.txt\r\n\r\nabc".encode()
        )
        time.sleep(0.1)
    time.sleep(0.2)
    assert wires.rest.get("/v1/files").json()["data"] == before
