"""Files over gRPC: streams of pieces both ways."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING, Any

from xai_dual.emulator.definitions import message
from xai_dual.emulator.errors import invalid
from xai_dual.emulator.service.files import SORTS, Content, StoredFile, check_name
from xai_dual.emulator.service.paging import Paging

if TYPE_CHECKING:
    from xai_dual.emulator.rpc.service import Call

_FORMS = {0: "original", 1: "original", 2: "text"}


async def upload(requests: AsyncIterator[Any], call: Call) -> Any:
    """Files/UploadFile"""
    content = Content()
    init = None
    async for request in requests:
        kind = request.WhichOneof("chunk")
        if (kind == "init") != (init is None):
            raise invalid("An upload starts with its init, which comes only once.")
        if kind == "init":
            init = request.init
            check_name(init.name)
        else:
            content.write(request.data)
    if init is None:
        raise invalid("An upload starts with its init, which comes only once.")
    lifetime = init.expires_after if init.HasField("expires_after") else None
    return write_file(call.state.files.add(init.name, content, lifetime))


def list_files(request: Any, call: Call) -> Any:
    """Files/ListFiles"""
    if request.order not in (0, 1):
        raise invalid(f"order has the unknown value {request.order}.")
    if not 0 <= request.sort_by < len(SORTS):
        raise invalid(f"sort_by has the unknown value {request.sort_by}.")
    found = call.state.files.list(
        Paging(request.limit or None, request.pagination_token),
        descending=request.order == 1,
        sort_by=SORTS[request.sort_by],
        condition=request.filter,
    )
    return message("xai_api.ListFilesResponse")(
        data=[write_file(item) for item in found.entries], pagination_token=found.token
    )


def retrieve(request: Any, call: Call) -> Any:
    """Files/RetrieveFile"""
    return write_file(call.state.files.get(request.file_id))


def delete(request: Any, call: Call) -> Any:
    """Files/DeleteFile"""
    call.state.files.delete(request.file_id)
    return message("xai_api.DeleteFileResponse")(id=request.file_id, deleted=True)


def content(request: Any, call: Call) -> Iterable[Any]:
    """Files/RetrieveFileContent"""
    if request.format not in _FORMS:
        raise invalid(f"format has the unknown value {request.format}.")
    stored = call.state.files.content(request.file_id)
    chunk = message("xai_api.FileContentChunk")
    return (chunk(data=piece) for piece in stored.pieces(_FORMS[request.format]))


def publish(request: Any, call: Call) -> Any:
    """Files/CreatePublicUrl"""
    lifetime = request.expires_after if request.HasField("expires_after") else None
    found = call.state.files.publish(request.file_id, lifetime)
    response: Any = message("xai_api.CreatePublicUrlResponse")(public_url=found.link)
    if found.link_expires is not None:
        response.expires_at.seconds = found.link_expires
    return response


def revoke(request: Any, call: Call) -> Any:
    """Files/RevokePublicUrl"""
    link = call.state.files.revoke(request.file_id)
    return message("xai_api.RevokePublicUrlResponse")(
        file_id=request.file_id, revoked=link is not None, public_url=link
    )


UPLOADS = {"/xai_api.Files/UploadFile": ("xai_api.UploadFileChunk", upload)}
METHODS = {
    "/xai_api.Files/ListFiles": ("xai_api.ListFilesRequest", list_files),
    "/xai_api.Files/RetrieveFile": ("xai_api.RetrieveFileRequest", retrieve),
    "/xai_api.Files/DeleteFile": ("xai_api.DeleteFileRequest", delete),
    "/xai_api.Files/CreatePublicUrl": ("xai_api.CreatePublicUrlRequest", publish),
    "/xai_api.Files/RevokePublicUrl": ("xai_api.RevokePublicUrlRequest", revoke),
}
STREAMS = {"/xai_api.Files/RetrieveFileContent": ("xai_api.RetrieveFileContentRequest", content)}


def write_file(found: StoredFile) -> Any:
    """The record of a file as ``xai_api.File``."""
    response: Any = message("xai_api.File")(id=found.id, filename=found.name, size=found.size, public_url=found.link)
    response.created_at.seconds = found.created
    if found.expires is not None:
        response.expires_at.seconds = found.expires
    if found.link_expires is not None:
        response.public_url_expires_at.seconds = found.link_expires
    return response
