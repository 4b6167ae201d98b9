"""Bring answers of both wires into one comparable shape, without the emulator's own code."""

from __future__ import annotations

from typing import Any

FINISH = {0: None, 1: "length", 3: "stop", 4: "tool_calls"}


def usage_of_json(usage: dict[str, Any]) -> dict[str, int]:
    details = usage["prompt_tokens_details"]
    return {
        "prompt": usage["prompt_tokens"],
        "completion": usage["completion_tokens"],
        "total": usage["total_tokens"],
        "text": details["text_tokens"],
        "image": details["image_tokens"],
        "cached": details["cached_tokens"],
        "reasoning": usage["completion_tokens_details"]["reasoning_tokens"],
        "sources": usage["num_sources_used"],
        "cost": usage["cost_in_usd_ticks"],
    }


def usage_of_proto(usage: Any) -> dict[str, int]:
    return {
        "prompt": usage.prompt_tokens,
        "completion": usage.completion_tokens,
        "total": usage.total_tokens,
        "text": usage.prompt_text_tokens,
        "image": usage.prompt_image_tokens,
        "cached": usage.cached_prompt_text_tokens,
        "reasoning": usage.reasoning_tokens,
        "sources": usage.num_sources_used,
        "cost": usage.cost_in_usd_ticks,
    }


def chat_of_json(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "head": (body["id"], body["model"], body["created"], body["system_fingerprint"]),
        "usage": usage_of_json(body["usage"]),
        "citations": body.get("citations", []),
        "choices": [_choice_of_json(choice, choice.get("message") or choice["delta"]) for choice in body["choices"]],
    }


def _choice_of_json(choice: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    calls = message.get("tool_calls") or []
    logprobs = (choice.get("logprobs") or {}).get("content", [])
    return {
        "index": choice["index"],
        "finish": choice["finish_reason"],
        "role": message["role"],
        "text": message["content"],
        "reasoning": message.get("reasoning_content", ""),
        "calls": [(call["id"], call["function"]["name"], call["function"]["arguments"]) for call in calls],
        "logprobs": [
            (
                item["token"],
                item["logprob"],
                bytes(item["bytes"]),
                [(top["token"], top["logprob"]) for top in item["top_logprobs"]],
            )
            for item in logprobs
        ],
    }  # fmt: skip


def chat_of_proto(message: Any) -> dict[str, Any]:
    return {
        "head": (message.id, message.model, message.created.seconds, message.system_fingerprint),
        "usage": usage_of_proto(message.usage),
        "citations": list(message.citations),
        "choices": [_choice_of_proto(output) for output in message.outputs],
    }


def _choice_of_proto(output: Any) -> dict[str, Any]:
    part = output.delta if "delta" in output.DESCRIPTOR.fields_by_name else output.message
    return {
        "index": output.index,
        "finish": FINISH[output.finish_reason],
        "role": {2: "assistant"}[part.role],
        "text": part.content,
        "reasoning": part.reasoning_content,
        "calls": [(call.id, call.function.name, call.function.arguments) for call in part.tool_calls],
        "logprobs": [
            (item.token, item.logprob, item.bytes, [(top.token, top.logprob) for top in item.top_logprobs])
            for item in output.logprobs.content
        ],
    }
