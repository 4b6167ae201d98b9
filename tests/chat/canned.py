"""A server that gives the answers it is told to give: for what other servers say and the emulator does not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


class Canned:
    """Use it as a context manager. `answer` is what the next calls get: a dict as JSON, a list as events."""

    def __init__(self) -> None:
        self.answer: dict[str, Any] | list[dict[str, Any]] = {}
        self.seen: list[dict[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Canned:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(canned: Canned) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            canned.seen.append(json.loads(body))
            events = isinstance(canned.answer, list)
            data = _written(canned.answer)
            self.send_response(200)
            self.send_header("content-type", "text/event-stream" if events else "application/json")
            self.send_header("content-length", str(len(data)))
            self.send_header("x-request-id", "canned")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def _written(answer: dict[str, Any] | list[dict[str, Any]]) -> bytes:
    if isinstance(answer, dict):
        return json.dumps(answer).encode()
    return b"".join(f"data: {json.dumps(event)}\n\n".encode() for event in answer)


def response(*output: dict[str, Any], status: str = "completed", **more: Any) -> dict[str, Any]:
    """A response with these items."""
    usage = {"input_tokens": 5, "output_tokens": 7, "total_tokens": 12}
    head = {"id": "resp_1", "object": "response", "created_at": 1, "model": "grok-4", "service_tier": "default"}
    return {**head, "status": status, "output": list(output), "usage": usage, **more}


def message(*content: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [*content], **more}


def text(words: str, *annotations: dict[str, Any]) -> dict[str, Any]:
    return {"type": "output_text", "text": words, "annotations": [*annotations]}


def function(call_id: str, name: str, arguments: str = "{}") -> dict[str, Any]:
    return {"type": "function_call", "id": f"fc_{call_id}", "call_id": call_id, "name": name, "arguments": arguments}


def reasoning(summary: str = "", sealed: str | None = None, content: str | None = None) -> dict[str, Any]:
    item: dict[str, Any] = {"type": "reasoning", "id": "rs_1", "status": "completed"}
    item["summary"] = [{"type": "summary_text", "text": summary}] if summary else []
    if content is not None:
        item["content"] = [{"type": "reasoning_text", "text": content}]
    return {**item, **({"encrypted_content": sealed} if sealed else {})}


def streamed(*events: dict[str, Any], end: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Events with their numbers, and the response at the end, if it is given."""
    begun = {"type": "response.created", "response": response(status="in_progress", usage=None)}
    kind = f"response.{end['status']}" if end else ""
    every: Iterable[dict[str, Any]] = [begun, *events, *([{"type": kind, "response": end}] if end else [])]
    return [{**event, "sequence_number": number} for number, event in enumerate(every)]


def items(*output: dict[str, Any]) -> list[dict[str, Any]]:
    """Events that tell of items only when these are done."""
    return [{"type": "response.output_item.done", "output_index": at, "item": item} for at, item in enumerate(output)]
