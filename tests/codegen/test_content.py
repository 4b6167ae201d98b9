"""Calls with content of any size: uploads, downloads, and what their bodies are."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from xai_dual.errors import UsageError
from xai_dual.operation import DownloadOperation, RestRequest, UploadOperation

from .calls import project
from .mini import Caller, Package


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return project(tmp_path_factory.mktemp("calls")).load()


def test_an_upload_over_grpc_is_a_first_message_and_wrapped_pieces(package: Package) -> None:
    operation = package.module("_gen.operations.mini").ITEMS_UPLOAD
    assert isinstance(operation, UploadOperation)
    sent, result = package.call("grpc", "items.upload", package.bytes("Item", id="f"), content=b"x", filename="a.txt")
    first = package.parsed("Piece", sent[0])
    assert (first.WhichOneof("of"), first.init.name, first.init.HasField("ttl")) == ("init", "a.txt", False)
    piece = package.parsed("Piece", operation.wrap(b"\x00abc"))
    assert (piece.WhichOneof("of"), piece.chunk) == ("chunk", b"\x00abc")
    assert result == package.types.Item(id="f")
    nothing = package.parsed("Piece", package.call("grpc", "items.upload", b"", content=b"")[0][0])
    assert nothing.WhichOneof("of") == "init"


def test_an_upload_over_rest_is_a_form(package: Package) -> None:
    operation = package.module("_gen.operations.mini").ITEMS_UPLOAD
    assert (operation.part, operation.several, operation.optional) == ("file", False, False)
    arguments = {"content": b"x", "filename": "a.txt", "purpose": "p", "ttl": 3}
    sent, _ = package.call("rest", "items.upload", {"id": "f"}, **arguments)
    assert sent == [RestRequest("/v1/items", (), {"purpose": "p", "ttl": 3}, "a.txt")]
    sent, _ = package.call("rest", "items.upload", {"id": "f"}, content=b"x")
    assert sent == [RestRequest("/v1/items", (), {}, None)]
    # the content is an argument, and no field of the form
    assert [f.name for f in package.api.models["Upload"].fields] == ["purpose", "ttl", "filename"]
    with pytest.raises(UsageError, match="needs content="):
        package.call("rest", "items.upload")


def test_an_upload_that_takes_several_or_none(tmp_path: Path) -> None:
    lines = 'upload = "file"\nseveral = true\noptional = true'
    package = project(tmp_path, 'upload = "file"', lines).load()
    operation = package.module("_gen.operations.mini").ITEMS_UPLOAD
    assert (operation.several, operation.optional) == (True, True)
    assert "content: AsyncContent | Sequence[AsyncContent] | None = None" in package.text("_async.resources.items")
    caller = Caller("rest", [{}])
    asyncio.run(package.method("items.upload", caller)(purpose="p"))
    assert (caller.asked["content"], caller.sent[0].body) == (None, {"purpose": "p"})


def test_a_download_unwraps_what_grpc_streams(package: Package) -> None:
    operation = package.module("_gen.operations.mini").ITEMS_CONTENT
    assert isinstance(operation, DownloadOperation)
    sent, pieces = package.call(
        "grpc", "items.content", *(package.bytes("Part", data=x) for x in (b"a", b"", b"b")), id="i"
    )
    assert (sent, pieces) == ([package.bytes("Key", id="i")], [b"a", b"", b"b"])
    sent, pieces = package.call("rest", "items.content", b"ab", id="a/b")
    assert (sent, pieces) == ([RestRequest("/v1/items/a%2Fb")], [b"ab"])
    assert "def content(self, *, id: str," in package.text("_async.resources.items")
    assert "-> AsyncByteStream:" in package.text("_async.resources.items")


DELETE = '[operation."items.delete"]'


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('upload = "file"\n', "", "mini.Items/Put streams its request: `upload` is needed"),
        (DELETE, f'{DELETE}\nupload = "x"', "mini.Items/Drop does not stream its request"),
        ("download = true\n", "", "mini.Items/Fetch streams its answer: say of what with `chunk`, or `download`"),
        (DELETE, f"{DELETE}\ndownload = true", "mini.Items/Drop does not stream its answer"),
        (DELETE, f"{DELETE}\ndownload = true", "mini.Nothing of mini.Items/Drop has no field of bytes"),
        ('grpc = "mini.Init"', 'grpc = "mini.Key"', "request Upload stands for mini.Key, of which mini.Piece of"),
        ('upload = "file"', 'upload = "gone"', "'gone' is set by the call, but the request body does not have it"),
    ],
)  # fmt: skip
def test_content_that_does_not_fit_the_rpc_is_told(tmp_path: Path, old: str, new: str, says: str) -> None:
    problems = project(tmp_path, old, new).problems()
    assert any(says in p for p in problems), problems


def test_a_body_may_be_a_form_or_octets(tmp_path: Path) -> None:
    """Octets are an upload whose form has nothing but the content."""
    package = project(tmp_path).load()
    (route,) = package.module("_gen.operations.mini").ITEMS_UPLOAD.rest.values()
    assert route.route == "POST /v1/items"
    from codegen.read_openapi import read_openapi

    routes = read_openapi(tmp_path / "protos" / "openapi").routes
    assert (routes["POST /v1/items"].body_type, routes["GET /v1/items/{id}"].answer_type) == (
        "multipart/form-data", "application/octet-stream",
    )  # fmt: skip
