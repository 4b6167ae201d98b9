"""The models the emulator serves. A price unit is one cost tick (1e-10 USD) a token, as in the API."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from xai_dual.emulator.errors import not_found

LANGUAGE, IMAGE, EMBEDDING, VIDEO = "language", "image", "embedding", "video"
_EFFORTS = ("low", "medium", "high", "xhigh")


@dataclass(frozen=True)
class Model:
    """One model as the catalogue describes it."""

    id: str
    kind: str
    created: int
    aliases: tuple[str, ...] = ()
    version: str = "1.0"
    inputs: tuple[str, ...] = ("text",)
    outputs: tuple[str, ...] = ("text",)
    text_price: int = 0
    cached_price: int = 0
    image_token_price: int = 0
    completion_price: int = 0
    search_price: int = 0
    text_price_long: int = 0
    cached_price_long: int = 0
    completion_price_long: int = 0
    long_threshold: int = 0
    image_price: int = 0
    generated_image_token_price: int = 0
    context_length: int = 131072
    efforts: tuple[str, ...] = ()
    default_effort: str | None = None
    reasons: bool = False

    @property
    def fingerprint(self) -> str:
        """A fixed fingerprint, derived from the name."""
        return "fp_" + hashlib.sha256(self.id.encode()).hexdigest()[:10]


def _language(
    name: str, created: int, prices: tuple[int, int, int], *aliases: str, vision: bool = False, context: int = 131072
) -> Model:
    text, cached, completion = prices
    return Model(
        name, LANGUAGE, created, aliases,
        inputs=("text", "image") if vision else ("text",),
        text_price=text, cached_price=cached, completion_price=completion, image_token_price=text if vision else 0,
        search_price=250_000_000, context_length=context,
        reasons="non-reasoning" not in name and (name == "latest" or name.startswith("grok-4") or "reasoning" in name),
    )  # fmt: skip


MODELS = (
    Model(
        "latest", LANGUAGE, 1776556800, ("grok-4.3-latest", "grok-4.3"), inputs=("text", "image"),
        text_price=12500, cached_price=2000, image_token_price=12500, completion_price=25000, reasons=True,
    ),
    Model(
        "grok-420-reasoning", LANGUAGE, 1768003200, ("grok-4.20-reasoning",),
        text_price=20000, cached_price=2000, completion_price=80000,
        text_price_long=40000, completion_price_long=160000, long_threshold=128000,
        context_length=256000, efforts=_EFFORTS, default_effort="high", reasons=True,
    ),
    _language("grok-420-non-reasoning", 1768003200, (20000, 2000, 80000), "grok-4.20-non-reasoning", context=256000),
    _language("grok-4", 1752019200, (30000, 7500, 150000), "grok-4-0709", "grok-4-latest", vision=True, context=256000),
    _language("grok-4-fast-reasoning", 1757894400, (2000, 500, 5000), "grok-4-fast", vision=True, context=2_000_000),
    _language("grok-4-fast-non-reasoning", 1757894400, (2000, 500, 5000), vision=True, context=2_000_000),
    _language(
        "grok-4-1-fast-reasoning", 1763510400, (2000, 500, 5000), "grok-4-1-fast", vision=True, context=2_000_000
    ),
    _language("grok-4-1-fast-non-reasoning", 1763510400, (2000, 500, 5000), vision=True, context=2_000_000),
    _language("grok-3", 1743724800, (30000, 7500, 150000), "grok-3-latest", "grok-3-beta"),
    _language("grok-3-mini", 1743724800, (3000, 750, 5000), "grok-3-mini-latest", "grok-3-mini-beta"),
    _language("grok-code-fast-1", 1756166400, (2000, 200, 15000), "grok-code-fast", context=256000),
    _language("grok-2-vision-1212", 1733961600, (20000, 0, 100000), "grok-2-vision", vision=True, context=32768),
    Model(
        "grok-imagine-image", IMAGE, 1769472000, ("grok-imagine-image-latest",), "1.0.0", ("text", "image"), ("image",),
        text_price=100000, image_token_price=100000, generated_image_token_price=100000,
        image_price=200_000_000, context_length=1024,
    ),
    Model(
        "grok-2-image-1212", IMAGE, 1736726400, ("grok-2-image", "grok-2-image-latest"), "1.0.0", ("text",), ("image",),
        image_price=700_000_000, context_length=1024,
    ),
    Model("v1", EMBEDDING, 1725148800, (), "0.1.0", ("text",), ("embedding",), text_price=100, context_length=8192),
    Model(
        "grok-imagine-video", VIDEO, 1743724800, ("grok-imagine-video-latest",), "1.0", ("text", "image"), ("video",),
        context_length=1024,
    ),
)  # fmt: skip
_BY_NAME = {name: model for model in MODELS for name in (model.id, *model.aliases)}


def find(name: str, kind: str | None = None) -> Model:
    """The model of a name or alias, or NOT_FOUND."""
    model = _BY_NAME.get(name)
    if model is None or (kind is not None and model.kind != kind):
        raise not_found(
            f"The model {name} does not exist or your team does not have access to it. "
            "Please ensure you're using the correct model name and that your team's access includes it."
        )
    return model


def names(name: str) -> tuple[str, ...]:
    """All names of the model that has this name or alias; a name of no model stands for itself."""
    model = _BY_NAME.get(name)
    return (model.id, *model.aliases) if model else (name,)


def of_kind(kind: str) -> list[Model]:
    """All models of a kind, in catalogue order."""
    return [model for model in MODELS if model.kind == kind]
