"""The models of the team as the management host describes them: lower camel case, 64-bit integers as strings."""

from __future__ import annotations

from typing import Any

from xai_dual.emulator.service.catalog import EMBEDDING, IMAGE, LANGUAGE, VIDEO, Model, of_kind
from xai_dual.emulator.service.video import TICKS_PER_SECOND

Json = dict[str, Any]
CLUSTER = "us-east-1"
_LIMITS = {"rps": "10", "rpm": "600", "tpm": "2000000", "rph": "36000", "rpd": "864000"}
_RATES = {
    "queryOffset": "0", "queryBaseRate": "600", "queryMultiplier": "1",
    "tokenOffset": "0", "tokenBaseRate": "2000000", "tokenMultiplier": "1",
}  # fmt: skip
_AUDIO = {
    "name": "grok-voice-latest",
    "version": "1.0",
    "inputModalities": ["TEXT", "AUDIO"],
    "outputModalities": ["TEXT", "AUDIO"],
    "promptTokenPrice": "30000",
    "completionTokenPrice": "150000",
    "supportedClients": [{"clientName": "realtime", "description": "Realtime sockets"}],
    "cluster": CLUSTER,
    "aliases": [],
    **_LIMITS,
    "rateLimits": _RATES,
}


def write_cluster() -> Json:
    """The one cluster the emulator has."""
    return {
        "languageModels": [_language(model) for model in of_kind(LANGUAGE)],
        "embeddingModels": [_embedding(model) for model in of_kind(EMBEDDING)],
        "imageGenerationModels": [_image(model) for model in of_kind(IMAGE)],
        "audioModels": [_AUDIO],
        "videoGenerationModels": [_video(model) for model in of_kind(VIDEO)],
        "clusterName": CLUSTER,
    }


def _common(model: Model) -> Json:
    return {
        "name": model.id,
        "version": model.version,
        "inputModalities": [item.upper() for item in model.inputs],
        "cluster": CLUSTER,
        "aliases": list(model.aliases),
        **_LIMITS,
        "rateLimits": _RATES,
    }


def _language(model: Model) -> Json:
    return _common(model) | {
        "outputModalities": [item.upper() for item in model.outputs],
        "promptTextTokenPrice": str(model.text_price),
        "promptImageTokenPrice": str(model.image_token_price),
        "promptTextTokenPriceLongContext": str(model.text_price_long),
        "cachedPromptTokenPrice": str(model.cached_price),
        "cachedPromptTokenPriceLongContext": str(model.cached_price_long),
        "completionTextTokenPrice": str(model.completion_price),
        "completionTokenPriceLongContext": str(model.completion_price_long),
        "searchPrice": str(model.search_price),
        "maxPromptLength": model.context_length,
        "features": {"functionCalling": True, "structuredOutputs": True, "reasoning": model.reasons},
        "algorithm": "",
        "longContextThreshold": str(model.long_threshold),
        "batchDiscountPercent": 50,
        "provisionedThroughput": {"tokensPerInputUnit": "31500", "tokensPerOutputUnit": "12500"},
        "tier": 1,
    }


def _embedding(model: Model) -> Json:
    return _common(model) | {
        "promptTextTokenPrice": str(model.text_price),
        "promptImageTokenPrice": str(model.image_token_price),
        "tier": 1,
    }


def _image(model: Model) -> Json:
    prices = [
        {"resolution": f"IMAGE_RESOLUTION_{size}", "pricePerImage": str(model.image_price)} for size in ("1K", "2K")
    ]
    return _common(model) | {
        "outputModalities": ["IMAGE"],
        "imagePrice": str(model.image_price),
        "resolutionPricing": prices,
        "pricePerInputImage": str(model.image_token_price),
    }


def _video(model: Model) -> Json:
    prices = [
        {"resolution": f"VIDEO_RESOLUTION_{size.upper()}", "pricePerSecond": str(price)}
        for size, price in TICKS_PER_SECOND.items()
    ]
    return _common(model) | {
        "outputModalities": ["VIDEO"],
        "resolutionPricing": prices,
        "pricePerInputImage": "0",
        "pricePerInputVideoSecond": "0",
    }
