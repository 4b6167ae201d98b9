"""The model catalogue as JSON."""

from __future__ import annotations

from typing import Any

from xai_dual.emulator.service.catalog import EMBEDDING, IMAGE, LANGUAGE, VIDEO, Model

Json = dict[str, Any]


def write_model(model: Model) -> Json:
    """A model of any kind, as /v1/models lists it: only prices that mean something for it are there."""
    body: Json = {
        "id": model.id,
        "aliases": list(model.aliases),
        "context_length": model.context_length,
        "created": model.created,
        "object": "model",
        "owned_by": "xai",
    }
    if model.kind == LANGUAGE:
        body["prompt_text_token_price"] = model.text_price
        body["cached_prompt_text_token_price"] = model.cached_price
        body["prompt_image_token_price"] = model.image_token_price
        body["completion_text_token_price"] = model.completion_price
    if model.kind == EMBEDDING:
        body["prompt_text_token_price"] = model.text_price
    if model.kind == IMAGE:
        body["image_price"] = model.image_price
    if model.long_threshold:
        body["prompt_text_token_price_long_context"] = model.text_price_long
        body["completion_text_token_price_long_context"] = model.completion_price_long
        body["long_context_threshold"] = model.long_threshold
    return body | _capabilities(model)


def write_specific(model: Model) -> Json:
    """A model as the list of its kind shows it."""
    body: Json = {
        "id": model.id,
        "fingerprint": model.fingerprint,
        "created": model.created,
        "object": "model",
        "owned_by": "xai",
        "version": model.version,
        "input_modalities": list(model.inputs),
        "output_modalities": list(model.outputs),
    }
    if model.kind != VIDEO:
        body["prompt_text_token_price"] = model.text_price
        body["prompt_image_token_price"] = model.image_token_price
    if model.kind == LANGUAGE:
        body["cached_prompt_text_token_price"] = model.cached_price
        body["completion_text_token_price"] = model.completion_price
        body["search_price"] = model.search_price
        body["prompt_text_token_price_long_context"] = model.text_price_long
        body["cached_prompt_text_token_price_long_context"] = model.cached_price_long
        body["completion_text_token_price_long_context"] = model.completion_price_long
        body["long_context_threshold"] = model.long_threshold
    if model.kind == IMAGE:
        body["max_prompt_length"] = model.context_length
        body["generated_image_token_price"] = model.generated_image_token_price  # in the examples, not in the schema
        body["image_price"] = model.image_price
    body["aliases"] = list(model.aliases)
    return body | _capabilities(model)


def _capabilities(model: Model) -> Json:
    if not model.efforts:
        return {}
    return {"capabilities": {"reasoning_effort": list(model.efforts), "default_reasoning_effort": model.default_effort}}
