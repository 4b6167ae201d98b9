"""Batches as protobuf messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from xai_dual.emulator import options
from xai_dual.emulator.definitions import enum_number, message
from xai_dual.emulator.errors import ServiceError, invalid
from xai_dual.emulator.rest.batches import read_lines
from xai_dual.emulator.rpc import batch_requests, chat, media, video
from xai_dual.emulator.service import batch_runs
from xai_dual.emulator.service.account import account
from xai_dual.emulator.service.batch_runs import CHAT, EXTENSION, IMAGE, VIDEO
from xai_dual.emulator.service.batches import CANCELLED, FAILED, PENDING, SUCCEEDED, Batch, Item, Work, check_size
from xai_dual.emulator.service.forms import Completion
from xai_dual.emulator.service.media import Images
from xai_dual.emulator.service.paging import Paging

if TYPE_CHECKING:
    from xai_dual.emulator.rpc.service import Call

_STATES = ("unknown", PENDING, SUCCEEDED, CANCELLED, FAILED)
_KINDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "completion_request": (CHAT, chat.read_chat),
    "image_request": (IMAGE, media.read_image),
    "video_request": (VIDEO, video.read_generation),
    "video_extension_request": (EXTENSION, video.read_extension),
}


def create(request: Any, call: Call) -> Any:
    """BatchMgmt/CreateBatch"""
    file_id = request.input_file_id
    works = read_lines(call.state.files.content(file_id)) if file_id else None
    polls = options.polls(call.metadata.get(options.POLLS))
    key_id = account(call.state, call.key).key_id
    return _write_batch(call.state.batches.create(request.name, call.key, key_id, polls, file_id, works), call)


def list_batches(request: Any, call: Call) -> Any:
    """BatchMgmt/ListBatches"""
    found = call.state.batches.listing(_paging(request))
    return message("xai_api.ListBatchesResponse")(
        batches=[_write_batch(item, call) for item in found.entries], pagination_token=found.token
    )


def retrieve(request: Any, call: Call) -> Any:
    """BatchMgmt/GetBatch"""
    return _write_batch(batch_runs.poll(call.state, request.batch_id), call)


def cancel(request: Any, call: Call) -> Any:
    """BatchMgmt/CancelBatch"""
    return _write_batch(call.state.batches.cancel(request.batch_id), call)


def add(request: Any, call: Call) -> Any:
    """BatchMgmt/AddBatchRequests"""
    size = request.ByteSize()
    check_size(size)
    works = [_read_work(item) for item in request.batch_requests]
    header = call.metadata.get(options.POLLS)
    polls = None if header is None else options.polls(header)
    call.state.batches.add(request.batch_id, works, call.key, polls, size)
    return message("google.protobuf.Empty")()


def list_requests(request: Any, call: Call) -> Any:
    """BatchMgmt/ListBatchRequestMetadata"""
    if any(not 0 <= state < len(_STATES) for state in request.status):
        raise invalid(f"status has the unknown value {max(request.status)}.")
    states = [_STATES[state] for state in request.status]
    found = call.state.batches.requests(request.batch_id, _paging(request), states)
    return message("xai_api.ListBatchRequestMetadataResponse")(
        batch_request_metadata=[_write_metadata(item) for item in found.entries], pagination_token=found.token
    )


def list_results(request: Any, call: Call) -> Any:
    """BatchMgmt/ListBatchResults"""
    found = call.state.batches.results(request.batch_id, _paging(request))
    return message("xai_api.ListBatchResultsResponse")(
        results=[_write_result(item) for item in found.entries], pagination_token=found.token
    )


def get_result(request: Any, call: Call) -> Any:
    """BatchMgmt/GetBatchRequestResult"""
    item = call.state.batches.item(request.batch_id, request.batch_request_id)
    return message("xai_api.GetBatchRequestResultResponse")(
        request=batch_requests.write(item), result=None if item.state == PENDING else _write_result(item)
    )


_HANDLERS = {
    "CreateBatch": ("CreateBatchRequest", create),
    "GetBatch": ("GetBatchRequest", retrieve),
    "ListBatches": ("ListBatchesRequest", list_batches),
    "CancelBatch": ("CancelBatchRequest", cancel),
    "AddBatchRequests": ("AddBatchRequestsRequest", add),
    "ListBatchRequestMetadata": ("ListBatchRequestMetadataRequest", list_requests),
    "ListBatchResults": ("ListBatchResultsRequest", list_results),
    "GetBatchRequestResult": ("GetBatchRequestResultRequest", get_result),
}
METHODS = {
    f"/xai_api.BatchMgmt/{name}": (f"xai_api.{request}", handler) for name, (request, handler) in _HANDLERS.items()
}


def _paging(request: Any) -> Paging:
    return Paging(request.limit or None, request.pagination_token)


def _read_work(given: Any) -> Work:
    """A request; what is wrong with it is told in its result."""
    kind = given.WhichOneof("request")
    if kind is None:
        raise invalid("Each of batch_requests must have a request.")
    name = given.batch_request_id or None
    endpoint, read = _KINDS[kind]
    submitted = getattr(given, kind)
    try:
        request = read(submitted)
    except ServiceError as error:
        return Work(name, endpoint, submitted.model, fault=error, original=given)
    return Work(name, endpoint, request.model, request, original=given)


def _write_batch(found: Batch, call: Call) -> Any:
    response: Any = message("xai_api.Batch")(
        batch_id=found.id,
        name=found.name,
        create_api_key_id=found.key_id,
        input_file_id=found.file_id or None,
    )
    response.create_time.FromDatetime(found.created)
    response.expire_time.FromDatetime(found.expires)
    if found.cancelled is not None:
        response.cancel_time.FromDatetime(found.cancelled)
    state = response.state
    state.SetInParent()
    state.num_requests, state.num_pending = len(found.items), found.count(PENDING)
    state.num_success, state.num_error = found.count(SUCCEEDED), found.count(FAILED)
    state.num_cancelled = found.count(CANCELLED)
    costs = response.cost_breakdown
    for endpoint, (cost, count) in found.costs().items():
        costs.endpoint_costs.add(endpoint=endpoint, cost_usd_ticks=cost, request_count=count)
        costs.total_cost_usd_ticks += cost
    costs.calculation_time.FromDatetime(call.state.batches.now())
    return response


def _write_metadata(item: Item) -> Any:
    response: Any = message("xai_api.BatchRequestMetadata")(
        batch_request_id=item.id,
        endpoint=item.work.endpoint,
        model=item.work.model,
        state=enum_number("xai_api.BatchRequestMetadata.State", f"STATE_{item.state.upper()}"),
    )
    response.create_time.FromDatetime(item.created)
    if item.finished is not None:
        response.finish_time.FromDatetime(item.finished)
    return response


def _write_result(item: Item) -> Any:
    response: Any = message("xai_api.BatchResult")(batch_request_id=item.id)
    if item.error is not None:
        response.error.code, response.error.message = item.error.code.number, item.error.message
        return response
    assert item.outcome is not None
    answer = item.outcome.answer
    if isinstance(answer, Completion):
        response.response.completion_response.CopyFrom(chat.write_chat(answer))
    elif isinstance(answer, Images):
        response.response.image_response.CopyFrom(media.write_images(answer))
    else:
        video.write_response(response.response.video_response, answer)
    return response
