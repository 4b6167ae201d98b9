"""Files: stored, listed, read, lent out by a link, and gone in time. The same on both wires."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import httpx
import pytest

from .shapes import checked
from .wires import Wires, refusal

PDF = b"%PDF-1.7\n\x00\x01\x02\xff some words in a stream \xfe\x00\nendstream\n"


def of_json(body: dict[str, Any]) -> dict[str, Any]:
    assert body["object"] == "file"
    return {
        "id": body["id"],
        "name": body["filename"],
        "size": body["bytes"],
        "created": body["created_at"],
        "expires": body["expires_at"],
        "link": body.get("public_url"),
        "link_expires": body.get("public_url_expires_at"),
    }


def of_proto(message: Any) -> dict[str, Any]:
    def seconds(name: str) -> int | None:
        return getattr(message, name).seconds if message.HasField(name) else None

    return {
        "id": message.id,
        "name": message.filename,
        "size": message.size,
        "created": message.created_at.seconds,
        "expires": seconds("expires_at"),
        "link": message.public_url if message.HasField("public_url") else None,
        "link_expires": seconds("public_url_expires_at"),
    }


def test_what_one_wire_stores_the_other_reads(wires: Wires) -> None:
    by_rest = checked(
        wires.rest.post(
            "/v1/files",
            files=[
                ("purpose", (None, "assistants")),
                ("file", ("naïve.txt", b"one two")),
                ("expires_after", (None, "60")),
            ],
        ),
        "/v1/files",
    )
    by_rpc = of_proto(wires.upload("b.txt", [b"three ", b"four"], expires_after=90))
    assert set(by_rest) == {"id", "object", "bytes", "created_at", "expires_at", "filename", "purpose"}  # the example's
    assert (by_rest["purpose"], by_rest["filename"], by_rest["bytes"]) == ("assistants", "naïve.txt", 7)
    assert by_rest["expires_at"] == by_rest["created_at"] + 60
    assert by_rpc["expires"] == by_rpc["created"] + 90
    for name, data in ((by_rest["id"], b"one two"), (by_rpc["id"], b"three four")):
        assert name.startswith("file_")
        body = checked(wires.rest.get(f"/v1/files/{name}"), "/v1/files/{file_id}")
        assert of_json(body) == of_proto(wires.call("xai_api.Files/RetrieveFile", file_id=name))
        for form, number in (("original", 1), ("text", 2)):
            answer = wires.rest.get(f"/v1/files/{name}/content", params={"format": form})
            assert answer.content == data
            assert answer.headers["content-length"] == str(len(data))
            assert answer.headers["content-type"] == "application/octet-stream"
            pieces = wires.call("xai_api.Files/RetrieveFileContent", file_id=name, format=number)
            assert b"".join(piece.data for piece in pieces) == data


def test_fields_come_in_any_order_and_may_be_missing(wires: Wires) -> None:
    parts = [("file", ("a.txt", b"a")), ("expires_after", (None, "60")), ("purpose", (None, "x"))]
    for order in (parts, parts[::-1], [parts[1], parts[0], parts[2]]):
        body = wires.rest.post("/v1/files", files=order).json()
        assert (body["purpose"], body["expires_at"] - body["created_at"]) == ("x", 60)
    bare = wires.rest.post("/v1/files", files={"file": ("a.txt", b"")}).json()
    assert (bare["purpose"], bare["expires_at"], bare["bytes"]) == ("", None, 0)
    assert wires.rest.get(f"/v1/files/{bare['id']}/content").content == b""
    assert list(wires.call("xai_api.Files/RetrieveFileContent", file_id=bare["id"])) == []


def test_pieces_are_cut_alike(wires: Wires) -> None:
    data = bytes(range(256)) * (12 << 10)  # 3 MiB
    name = wires.upload("big.bin", [data[: 2 << 20], data[2 << 20 :]]).id
    pieces = [piece.data for piece in wires.call("xai_api.Files/RetrieveFileContent", file_id=name)]
    assert [len(piece) for piece in pieces] == [1 << 20] * 3
    with wires.rest.stream("GET", f"/v1/files/{name}/content") as answer:
        assert hashlib.sha256(b"".join(answer.iter_raw())).digest() == hashlib.sha256(data).digest()
    assert b"".join(pieces) == data


def test_text_of_what_is_no_text(wires: Wires) -> None:
    name = wires.store("a.pdf", PDF)["id"]
    answer = wires.rest.get(f"/v1/files/{name}/content?format=text")
    pieces = wires.call("xai_api.Files/RetrieveFileContent", file_id=name, format=2)
    assert b"some words in a stream" in answer.content
    assert b"".join(piece.data for piece in pieces) == answer.content
    assert "\x00" not in answer.text


@pytest.fixture(scope="module")
def shelf(wires: Wires) -> list[str]:
    """Files that no other test lists: their names end in ``.shelf``."""
    made = [wires.store(f"{name}.shelf", b"x" * size)["id"] for name, size in (("c", 30), ("a", 10), ("b", 20))]
    return [*made, wires.upload("a.shelf", [b"x" * 5]).id]


@pytest.mark.parametrize("sort_by", ["created_at", "filename", "size"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages(wires: Wires, shelf: list[str], sort_by: str, order: str) -> None:
    c, a, b, small = shelf
    expected = {"created_at": [c, a, b, small], "filename": [a, small, b, c], "size": [small, a, b, c]}[sort_by]
    expected = expected[::-1] if order == "desc" else expected
    for limit in (1, 2, 3, 4, 100):
        token: str | None = None
        found: list[str] = []
        while True:
            wanted = {"limit": limit, "order": order, "sort_by": sort_by, "filter": "name:.shelf"}
            page = checked(
                wires.rest.get("/v1/files", params={**wanted, **({"pagination_token": token} if token else {})}),
                "/v1/files",
            )
            same = wires.call(
                "xai_api.Files/ListFiles",
                limit=limit,
                order=int(order == "desc"),
                sort_by=("created_at", "filename", "size").index(sort_by),
                filter="name:.shelf",
                pagination_token=token,
            )
            assert [of_json(item) for item in page["data"]] == [of_proto(item) for item in same.data]
            assert (page["pagination_token"] or "") == same.pagination_token
            assert same.HasField("pagination_token") == (page["pagination_token"] is not None)
            found += [item["id"] for item in page["data"]]
            token = page["pagination_token"]
            if token is None:
                break
            assert token == found[-1]  # as in the example
        assert found == expected


def test_defaults_of_lists(wires: Wires, shelf: list[str]) -> None:
    """REST lists the newest first, gRPC's zero value is ascending."""
    newest = [item["id"] for item in wires.rest.get("/v1/files", params={"filter": "name:.shelf"}).json()["data"]]
    oldest = [item.id for item in wires.call("xai_api.Files/ListFiles", filter="name:.shelf").data]
    assert newest == shelf[::-1]
    assert oldest == shelf
    after = wires.rest.get("/v1/files", params={"filter": "name:.shelf", "after": shelf[2]}).json()["data"]
    assert [item["id"] for item in after] == [shelf[1], shelf[0]]


def test_a_page_may_start_behind_a_file_that_is_gone(wires: Wires) -> None:
    made = [wires.store("gone.txt", b"x")["id"] for _ in range(4)]
    wanted = {"filter": 'name = "gone.txt"', "order": "asc", "limit": 2}
    token = wires.rest.get("/v1/files", params=wanted).json()["pagination_token"]
    assert wires.rest.delete(f"/v1/files/{token}").json() == {"id": token, "object": "file", "deleted": True}
    rest = wires.rest.get("/v1/files", params={**wanted, "pagination_token": token}).json()
    assert [item["id"] for item in rest["data"]] == made[2:]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('name = "a.shelf"', ["a", "a"]),
        ("filename = 'b.shelf'", ["b"]),
        ("size_bytes > 10 AND name:.shelf", ["c", "b"]),
        ("name:.shelf size_bytes", None),
        ('name = "a.shelf" AND size_bytes:>=10', ["a"]),
        ('name = "a.shelf" OR name = "b.shelf"', ["a", "b", "a"]),
        ('name:SHELF AND (size_bytes = 5 OR size_bytes = 30) AND NOT name = "c.shelf"', ["a"]),
        ("name:.shelf AND expires_at = null AND public_url = null", ["c", "a", "b", "a"]),
        ('name:.shelf AND created_at > "2020-01-01T00:00:00Z" AND created_at > 1500000000', ["c", "a", "b", "a"]),
        ('name:.shelf AND created_at < "2020-01-01"', []),
        ('content_type != "application/octet-stream" AND name:.shelf', []),
        ("size_bytes > many", None),
        ("colour = red", None),
        ("name", None),
        ("name =", None),
        ("(name = a", None),
        ('name = "a', None),
        ("created_at > yesterday", None),
        ("(" * 200 + "name = a" + ")" * 200, None),
    ],
)
def test_filters(wires: Wires, shelf: list[str], condition: str, found: list[str] | None) -> None:
    answer = wires.rest.get("/v1/files", params={"filter": condition, "order": "asc"})

    def same() -> Any:
        return wires.call("xai_api.Files/ListFiles", filter=condition)

    if found is None:
        assert refusal(answer, same) == (400, "INVALID_ARGUMENT")
        assert answer.json()["error"].startswith("The filter is not valid: ")
        return
    names = [item["filename"].removesuffix(".shelf") for item in answer.json()["data"]]
    assert names == found
    assert [item.filename.removesuffix(".shelf") for item in same().data] == names


def test_a_link_needs_no_key(wires: Wires) -> None:
    name = wires.store("a.pdf", PDF, expires_after=1000)["id"]
    first = checked(wires.rest.post(f"/v1/files/{name}/public-url", json={}), "/v1/files/{file_id}/public-url")
    assert set(first) == {"public_url", "expires_at"}
    assert first["public_url"].endswith(f"/{name}.pdf")
    assert first["expires_at"] == wires.rest.get(f"/v1/files/{name}").json()["expires_at"]
    opened = httpx.get(first["public_url"])
    assert (opened.content, opened.headers["content-type"]) == (PDF, "application/pdf")
    again = wires.call("xai_api.Files/CreatePublicUrl", file_id=name, expires_after=500)
    assert again.public_url == first["public_url"]
    # the clock goes on between the two calls
    assert again.expires_at.seconds - (first["expires_at"] - 500) in (0, 1)
    body = wires.rest.get(f"/v1/files/{name}").json()
    assert of_json(body) == of_proto(wires.call("xai_api.Files/RetrieveFile", file_id=name))
    assert body["public_url"] == first["public_url"]
    path = "/v1/files/{file_id}/public-url/revoke"
    revoked = checked(wires.rest.post(path.format(file_id=name)), path)
    assert revoked == {"id": name, "revoked": True, "public_url": first["public_url"]}
    assert httpx.get(first["public_url"]).status_code == 404
    assert checked(wires.rest.post(path.format(file_id=name)), path)["revoked"] is False
    nothing = wires.call("xai_api.Files/RevokePublicUrl", file_id=name)
    assert (nothing.file_id, nothing.revoked, nothing.HasField("public_url")) == (name, False, False)
    fresh = wires.call("xai_api.Files/CreatePublicUrl", file_id=name)
    assert fresh.public_url != first["public_url"]
    assert wires.call("xai_api.Files/RevokePublicUrl", file_id=name).public_url == fresh.public_url
    assert "public_url" not in wires.rest.get(f"/v1/files/{name}").json()


def test_time_takes_links_and_files_away(wires: Wires) -> None:
    name = wires.store("a.png", b"\x89PNG", expires_after=100)["id"]
    link = wires.rest.post(f"/v1/files/{name}/public-url", json={"expires_after": 50}).json()["public_url"]
    wires.server.advance(49)
    assert httpx.get(link).status_code == 200
    assert wires.rest.get(f"/v1/files/{name}", headers={"x-emulator-advance": "1"}).json().get("public_url") is None
    assert httpx.get(link).status_code == 404
    assert wires.rest.get(f"/v1/files/{name}/content").status_code == 200
    lived = wires.call("xai_api.Files/ListFiles", headers={"x-emulator-advance": "50"}, filter=f"file_id = {name}")
    assert len(lived.data) == 0

    def read() -> Any:
        return wires.call("xai_api.Files/RetrieveFile", file_id=name)

    assert refusal(wires.rest.get(f"/v1/files/{name}"), read) == (404, "NOT_FOUND")
    endless = wires.store("a.png", b"\x89PNG")["id"]
    assert wires.call("xai_api.Files/CreatePublicUrl", file_id=endless).HasField("expires_at") is False


def test_delete(wires: Wires) -> None:
    name = wires.store("a.pdf", PDF)["id"]
    link = wires.rest.post(f"/v1/files/{name}/public-url", json={}).json()["public_url"]
    gone = wires.call("xai_api.Files/DeleteFile", file_id=name)
    assert (gone.id, gone.deleted) == (name, True)
    assert wires.rest.get(f"/v1/files/{name}").status_code == 404
    assert httpx.get(link).status_code == 404


def test_legacy_answers_are_exactly_the_examples(wires: Wires) -> None:
    headers = {"x-emulator-legacy": "1"}
    record = {"id", "object", "bytes", "created_at", "expires_at", "filename", "purpose"}
    body = wires.rest.post("/v1/files", files={"file": ("a.pdf", PDF)}, headers=headers).json()
    assert set(body) == record
    path = f"/v1/files/{body['id']}"
    assert set(wires.rest.post(f"{path}/public-url", json={}, headers=headers).json()) == {"public_url", "expires_at"}
    page = wires.rest.get("/v1/files?limit=1", headers=headers).json()
    assert set(page) == {"data", "pagination_token"}
    assert set(page["data"][0]) == record
    revoked = wires.rest.post(f"{path}/public-url/revoke", headers=headers).json()
    assert set(revoked) == {"id", "revoked", "public_url"}
    assert wires.rest.delete(path, headers=headers).json() == {"id": body["id"], "deleted": True}


def test_the_clock(wires: Wires) -> None:
    url = f"{wires.server.url}/emulator/clock"
    assert httpx.post(url, json={"now": 2_000_000_000, "advance": 5}).json() == {"now": 2_000_000_005}
    assert wires.store("a.txt", b"a")["created_at"] == 2_000_000_005
    assert abs(httpx.delete(url).json()["now"] - time.time()) < 60
    for wrong in ({"now": "soon"}, {"advance": -1}, {"now": 10**15}, []):
        assert httpx.post(url, json=wrong).status_code == 400
