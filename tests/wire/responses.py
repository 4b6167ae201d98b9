"""Random answers of `/v1/responses`, valid by the document, and the events in which a service may send them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from .project import valid
from .values import json_values, singles

Json = dict[str, Any]
Strategy = st.SearchStrategy[Any]

words = st.integers(0, 4).flatmap(lambda n: st.text("ab é👋\n", min_size=min(n, 1), max_size=12))
_names = st.text("abc", min_size=1, max_size=5)
_status = {"status": st.sampled_from(["completed", "failed", "incomplete"])}


def objects(kind: str, required: dict[str, Strategy], **optional: Strategy) -> Strategy:
    """Objects of that type with what they need, and some of what they may have."""
    return st.fixed_dictionaries({"type": st.just(kind), **required}, optional=optional)


# --- what stands in an output ---

_bytes = st.none() | st.lists(st.integers(0, 255), max_size=2)
_odds = {"token": words, "logprob": singles, "bytes": _bytes}
_logprobs = st.fixed_dictionaries({**_odds, "top_logprobs": st.lists(st.fixed_dictionaries(_odds), max_size=1)})
_urls = st.sampled_from(
    ["https://a/1", "https://a/2", "https://x.com/i/3", "https://twitter.com/4", "collections://c1/files/f1"]
)
_annotations = objects(
    "url_citation", {"url": _urls}, title=words, start_index=st.integers(0, 9), end_index=st.none() | st.integers(0, 9)
)


def _as_far_as_there_is_text(part: Json) -> Json:
    return part if part["text"] else {k: v for k, v in part.items() if k != "logprobs"}


_texts = objects(
    "output_text",
    {"text": words},
    annotations=st.lists(_annotations, max_size=3),
    logprobs=st.lists(_logprobs, max_size=3),
).map(_as_far_as_there_is_text)
_parts = _texts | _texts | objects("refusal", {"refusal": words})
messages = objects(
    "message",
    {"role": st.just("assistant"), "content": st.lists(_parts, min_size=1, max_size=3) | st.just([])},
    id=_names,
    **_status,
)
reasonings = objects(
    "reasoning",
    {"summary": st.lists(objects("summary_text", {"text": words}), max_size=2)},
    content=st.lists(objects("reasoning_text", {"text": words}), max_size=2),
    encrypted_content=st.none() | words,
    id=_names,
    **_status,
)
functions = objects("function_call", {"call_id": _names, "name": _names, "arguments": words}, id=_names, **_status)

_sources = objects("url", {}, url=_urls)
_actions = (
    objects("search", {"query": words}, sources=st.lists(_sources, max_size=2))
    | objects("open_page", {"url": _urls})
    | objects("find_in_page", {"url": _urls, "pattern": words})
)
_outputs = objects("logs", {"logs": words}) | objects("image", {"url": _urls})
_results = st.fixed_dictionaries({"file_id": _names, "filename": _names, "text": words})
_ids = {"id": _names | _names.map(lambda name: f"ws_R_{name}")}  # the call's own id may stand behind the response's
runs = st.one_of(
    objects("web_search_call", {"action": _actions}, **_ids, **_status),
    objects(
        "custom_tool_call",
        {"id": _names, "call_id": _names, "name": st.sampled_from(["x_keyword_search", "attachment_search"])},
        input=words,
        **_status,
    ),
    objects("code_interpreter_call", {"outputs": st.lists(_outputs, max_size=2)}, code=words, **_ids, **_status),
    objects(
        "file_search_call",
        {"queries": st.lists(words, max_size=2), "results": st.lists(_results, max_size=2)},
        **_ids,
        **_status,
    ),
    objects(
        "mcp_call",
        {"name": _names, "server_label": st.just("") | _names, "arguments": words, "output": words},
        error=words,
        **_ids,
        **_status,
    ),
    objects("image_generation_call", {}, prompt=words, result=st.text("abc+/", max_size=4), **_ids, **_status),
)
strangers = objects("shell_call", {"call_id": _names, "action": st.just({"commands": ["ls"]})}) | objects(
    "tool_search_call", {"id": _names}
)
"""Items that chat has no place for."""

_kinds = [messages] * 4 + [reasonings] * 2 + [functions] * 3 + [runs] * 3 + [strangers]
items: Strategy = st.sampled_from(range(len(_kinds))).flatmap(lambda n: _kinds[n])

# --- a whole answer ---

_ENDS: list[Json] = [
    {"status": "completed"},
    *(
        {"status": "incomplete", "incomplete_details": {"reason": f"max_{reason}"}}
        for reason in ("output_tokens", "prompt_tokens", "time_limit")
    ),
    {"status": "incomplete"},
]
_FIXED: Json = {
    "object": "response", "parallel_tool_calls": True, "text": {}, "tool_choice": "auto", "tools": [], "store": False,
    "metadata": {}, "background": False, "truncation": "disabled", "top_logprobs": 0, "presence_penalty": 0,
    "frequency_penalty": 0,
}  # fmt: skip
_tokens = st.integers(0, 2**31 - 1)
_usage = st.fixed_dictionaries(
    {
        "input_tokens": _tokens,
        "input_tokens_details": st.builds(lambda n: {"cached_tokens": n}, _tokens),
        "output_tokens": _tokens,
        "output_tokens_details": st.builds(lambda n: {"reasoning_tokens": n}, _tokens),
        "total_tokens": _tokens,
        "num_sources_used": _tokens,
        "num_server_side_tools_used": _tokens,
    },
    optional={"cost_in_usd_ticks": st.integers(0, 2**40)},
)


@st.composite
def responses(draw: st.DrawFn) -> Json:
    """Answers that are finished or cut."""
    head = {
        "id": "R",
        "model": draw(_names),
        "created_at": draw(st.integers(0, 2**40)),
        "service_tier": draw(st.sampled_from(["default", "priority"])),
        "usage": draw(st.none() | _usage),
    }
    response = {**_FIXED, **head, **draw(st.sampled_from(_ENDS)), "output": draw(st.lists(items, max_size=5))}
    valid(response, "/components/schemas/ModelResponse")
    return response


# --- its events ---


class EventMaker:
    """Sends an answer in events: texts cut anywhere, and what a service may leave out left out at random.

    From some item on nothing may come but in the last event. What comes before that is in order.
    """

    def __init__(self, draw: Callable[[Strategy], Any], response: Json) -> None:
        self.draw = draw
        self.response = response
        self.events: list[Json] = []

    def maybe(self) -> bool:
        return bool(self.draw(st.booleans()))

    def run(self) -> list[Json]:
        count = len(self.response["output"])
        told = count if self.maybe() else self.draw(st.integers(0, count))
        begun = {**self.response, "status": "in_progress", "output": [], "usage": None}
        begun.pop("incomplete_details", None)
        for kind in self.draw(st.sampled_from([("created",), ("created", "in_progress"), ("in_progress",)])):
            self.events.append({"type": f"response.{kind}", "response": begun})
        if told == 0 and self.maybe():
            self.events.clear()
        for index, item in enumerate(self.response["output"][:told]):
            self._item(index, item)
        ends = [self.response["status"], "done"]
        self.events.append({"type": f"response.{self.draw(st.sampled_from(ends))}", "response": self.response})
        if self.maybe():
            self.events = [{**event, "sequence_number": n} for n, event in enumerate(self.events)]
        for event in self.events:
            valid(event, "/components/schemas/ResponseStreamEvent")
        return self.events

    def _item(self, index: int, item: Json) -> None:
        place = {"output_index": index, "item_id": item.get("id", "")}
        if self.draw(st.integers(0, 3)):  # else nothing but its end
            between = {"message": self._message, "reasoning": self._reasoning, "function_call": self._function}
            between.get(item["type"], self._other)(item, place)
        self.events.append({"type": "response.output_item.done", "output_index": index, "item": item})

    def _added(self, item: Json, place: Json, **begun: Any) -> None:
        started = {**item, **begun, "status": "in_progress"}
        self.events.append(
            {"type": "response.output_item.added", "output_index": place["output_index"], "item": started}
        )

    def _say(self, kind: str, place: Json, **content: Any) -> None:
        self.events.append({"type": f"response.{kind}", **place, **content})

    def _cut(self, text: str) -> list[str]:
        """Pieces of a text, none of them empty."""
        cuts = sorted(self.draw(st.lists(st.integers(0, len(text)), max_size=3)))
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        return [piece for piece in pieces if piece]

    def _message(self, item: Json, place: Json) -> None:
        if self.maybe():
            self._added(item, place, content=[])
        # texts from there on, and sources, come with the item
        count = len(item["content"])
        told = count if self.maybe() else self.draw(st.integers(0, count))
        notes = self.draw(st.integers(0, sum(len(part.get("annotations", ())) for part in item["content"])))
        for position, part in enumerate(item["content"]):
            here = {**place, "content_index": position}
            empty = {**part, **({"refusal": ""} if part["type"] == "refusal" else {"text": ""})}
            self._say("content_part.added", here, part=empty)
            if part["type"] == "output_text":
                self._text(part, here, position < told, notes)
                notes = max(0, notes - len(part.get("annotations", ())))
            self._say("content_part.done", here, part=part)

    def _text(self, part: Json, here: Json, told: bool, most: int) -> None:
        pieces = self._cut(part["text"]) if told else []
        odds = list(part.get("logprobs", ()))
        for n, piece in enumerate(pieces):
            share = odds if n == len(pieces) - 1 else odds[:1]
            odds = odds[len(share) :]
            self._say("output_text.delta", here, delta=piece, logprobs=share)
        for n, note in enumerate(part.get("annotations", [])[:most] if told else ()):
            self._say("output_text.annotation.added", here, annotation_index=n, annotation=note)
        if self.maybe():
            self._say("output_text.done", here, text=part["text"])

    def _reasoning(self, item: Json, place: Json) -> None:
        if self.maybe():
            self._added(item, place, summary=[])
        deltas, content = self.maybe(), item.get("content")
        for part in content or () if deltas else ():
            for piece in self._cut(part["text"]):
                self._say("reasoning_text.delta", place, delta=piece)
            self._say("reasoning_text.done", place, text=part["text"])
        full = content and any(part["text"] for part in content)
        # summed up beside the full text it says nothing new, wherever it comes
        if deltas and (full or not content):
            for n, part in enumerate(item["summary"]):
                here = {**place, "summary_index": n}
                for piece in self._cut(part["text"]):
                    self._say("reasoning_summary_text.delta", here, delta=piece)
                self._say("reasoning_summary_text.done", here, text=part["text"])

    def _function(self, item: Json, place: Json) -> None:
        """Added empty and told in pieces or at the end, added whole, or just told at the end."""
        arguments, way = item["arguments"], self.draw(st.sampled_from(["pieces", "whole", "end", "unannounced"]))
        if way != "unannounced":
            self._added(item, place, **({} if way == "whole" else {"arguments": ""}))
        if way in ("pieces", "unannounced"):
            for piece in self._cut(arguments):
                self._say("function_call_arguments.delta", place, delta=piece)
        self._say("function_call_arguments.done", place, arguments=arguments, name=item["name"])

    def _other(self, item: Json, place: Json) -> None:
        self._added(item, place)
        for kind in ("web_search_call.in_progress", "code_interpreter_call.executing"):
            self._say(kind, place)
        self._say("custom_tool_call_input.delta", place, delta="x")


# --- what no definition tells ---

_new_events = st.sampled_from([{"type": "ping"}, {"type": "from the future", "delta": "x", "output_index": 0}])
_new_items = st.just({"type": "from_the_future", "id": "n", "content": [{"type": "output_text", "text": "x"}]})


def with_strangers(draw: Callable[[Strategy], Any], events: list[Json]) -> list[Json]:
    """The same with events in between that nobody knows."""
    found = list(events)
    for _ in range(draw(st.integers(0, 3))):
        found.insert(draw(st.integers(0, len(found))), draw(_new_events))
    return found


def spoilt(draw: Callable[[Strategy], Any], tree: Any) -> Any:
    """A copy with some of its values replaced by any others, and items that nobody knows put in."""
    if draw(st.integers(0, 12)) == 0:
        return draw(json_values | _new_items)
    if isinstance(tree, dict):
        return {
            key: value if key == "type" and draw(st.booleans()) else spoilt(draw, value) for key, value in tree.items()
        }
    if isinstance(tree, list):
        found = [spoilt(draw, item) for item in tree]
        return [*found, draw(_new_items)] if draw(st.integers(0, 5)) == 0 else found
    return tree
