"""Token counts in the shapes of chat completions and of responses."""

from __future__ import annotations

from typing import Any

from xai_dual.emulator.service.forms import Usage

Json = dict[str, Any]
_USED = {
    "web_search": "web_search_calls", "x_search": "x_search_calls", "code_execution": "code_interpreter_calls",
    "collections_search": "file_search_calls", "mcp": "mcp_calls", "attachment_search": "document_search_calls",
    "image_generation": "image_generation_calls",
}  # fmt: skip
_DETAILS = (*_USED.values(), "x_posts_fetched", "x_users_fetched")


def write_chat(usage: Usage) -> Json:
    """Token counts as chat and sampling show them."""
    body: Json = {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.total,
        "prompt_tokens_details": {
            "text_tokens": usage.prompt_text,
            "audio_tokens": 0,
            "image_tokens": usage.prompt_image,
            "cached_tokens": usage.cached,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
        "num_sources_used": usage.sources,
        "cost_in_usd_ticks": usage.cost_ticks,
    }
    return {**body, "server_side_tool_usage_details": _details(usage)} if usage.server_tools else body


def write_response(usage: Usage) -> Json:
    """Token counts as ``ModelUsage``."""
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.total,
        "num_sources_used": usage.sources,
        "num_server_side_tools_used": len(usage.server_tools),
        "cost_in_usd_ticks": usage.cost_ticks,
        "cost_in_nano_usd": usage.cost_ticks // 10,
        "server_side_tool_usage_details": _details(usage),
        "context_details": {"input_tokens": usage.prompt, "output_tokens": usage.completion + usage.reasoning},
    }


def _details(usage: Usage) -> Json:
    details = dict.fromkeys(_DETAILS, 0)
    for kind in usage.server_tools:
        details[_USED[kind]] += 1
    return details
