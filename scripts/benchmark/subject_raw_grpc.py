"""The limit of gRPC in Python: grpcio's own stubs with the classes of protobuf, and nothing around them."""

from __future__ import annotations

from typing import Any

import grpc
import grpc.aio
from xai_sdk.proto import chat_pb2, image_pb2

from .job import KEY, PROMPT, AsyncCall, Call, Job, Ready, Where

METADATA = (("authorization", f"Bearer {KEY}"), ("x-a", "1"), ("x-b", "2"), ("x-c", "3"))
DEADLINE = 600
OPTIONS = [("grpc.max_receive_message_length", -1)]
"""For large answers only: the others have the default options."""


def open_client(job: Job, where: Where) -> Ready:
    """A channel with a stub for that job."""
    if job.kind == "construct":
        return Ready(lambda: construct(where), lambda: None)
    if job.kind == "decode":
        return Ready(decode(), lambda: None)
    options = OPTIONS if job.kind == "image" else None
    if job.is_async:
        async_channel = grpc.aio.insecure_channel(where.grpc, options)
        return Ready(async_calls(stub(async_channel, job), job), async_channel.close)
    channel = grpc.insecure_channel(where.grpc, options)
    return Ready(calls(stub(channel, job), job), channel.close)


def stub(channel: Any, job: Job) -> Any:
    name, kind, sent, got = {
        "unary": ("Chat/GetCompletion", "unary_unary", "GetCompletionsRequest", "GetChatCompletionResponse"),
        "stream": ("Chat/GetCompletionChunk", "unary_stream", "GetCompletionsRequest", "GetChatCompletionChunk"),
        "image": ("Image/GenerateImage", "unary_unary", "GenerateImageRequest", "ImageResponse"),
    }[job.kind]
    module = image_pb2 if job.kind == "image" else chat_pb2
    return getattr(channel, kind)(
        f"/xai_api.{name}",
        request_serializer=getattr(module, sent).SerializeToString,
        response_deserializer=getattr(module, got).FromString,
    )


def request(job: Job) -> chat_pb2.GetCompletionsRequest:
    message = chat_pb2.Message(role=chat_pb2.ROLE_USER, content=[chat_pb2.Content(text=PROMPT)])
    return chat_pb2.GetCompletionsRequest(model=job.model, messages=[message])


def calls(method: Any, job: Job) -> Call:
    def unary() -> int:
        answer, call = method.with_call(request(job), timeout=DEADLINE, metadata=METADATA)
        assert len(call.initial_metadata())
        assert call.trailing_metadata() is not None
        assert answer.outputs[0].message.content
        return 1

    def stream() -> int:
        count = length = 0
        for chunk in method(request(job), metadata=METADATA):
            length += len(chunk.outputs[0].delta.content)
            count += 1
        assert length
        return count

    def image() -> int:
        sent = image_pb2.GenerateImageRequest(model=job.model, prompt=PROMPT, format="IMG_FORMAT_BASE64")
        return len(method(sent, timeout=DEADLINE, metadata=METADATA).images[0].base64) >= job.size

    return {"unary": unary, "stream": stream, "image": image}[job.kind]


def async_calls(method: Any, job: Job) -> AsyncCall:
    async def unary() -> int:
        call = method(request(job), timeout=DEADLINE, metadata=METADATA)
        answer = await call
        assert len(await call.initial_metadata())
        assert await call.trailing_metadata() is not None
        assert answer.outputs[0].message.content
        return 1

    async def stream() -> int:
        count = length = 0
        async for chunk in method(request(job), metadata=METADATA):
            length += len(chunk.outputs[0].delta.content)
            count += 1
        assert length
        return count

    return {"unary": unary, "stream": stream}[job.kind]


def construct(where: Where) -> int:
    grpc.insecure_channel(where.grpc).close()
    return 1


def decode() -> Call:
    from .payloads import grpc_chunks  # loads xai-sdk

    read, chunks = chat_pb2.GetChatCompletionChunk.FromString, grpc_chunks()

    def call() -> int:
        return sum(1 for chunk in chunks if read(chunk).outputs[0].delta.content)

    return call
