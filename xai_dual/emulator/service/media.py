"""Images, embeddings and tokens."""

from __future__ import annotations

import base64
import hashlib
import math
import struct
import uuid
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from xai_dual.emulator.errors import invalid
from xai_dual.emulator.service import catalog, storage, tokens
from xai_dual.emulator.service.checks import between
from xai_dual.emulator.service.floats import float32
from xai_dual.emulator.service.forms import Usage
from xai_dual.emulator.service.storage import Source, StorageOptions, Stored
from xai_dual.emulator.state import State

DEFAULT_IMAGE_MODEL = "grok-imagine-image"
_NAMESPACE = uuid.UUID("0f6d4f2a-97a5-5c0b-8d35-1a54c4f0e3b7")
_DIMENSIONS = 8
_MAX_DIMENSIONS = 4096
_IMAGE_TOKENS = 256
_SIDE = 16


@dataclass(frozen=True)
class ImageRequest:
    """An image generation request; ``format`` is ``url`` or ``base64``."""

    prompt: str
    model: str = DEFAULT_IMAGE_MODEL
    n: int | None = None
    format: str = "url"
    aspect_ratio: str = "auto"
    resolution: str = "1k"
    sources: tuple[Source, ...] = ()
    storage: StorageOptions | None = None


@dataclass(frozen=True)
class Image:
    """A generated image: its address, or its bytes."""

    url: str | None
    data: bytes | None
    stored: Stored | None = None


@dataclass(frozen=True)
class Images:
    """The answer to an image request."""

    model: str
    images: tuple[Image, ...]
    usage: Usage


@dataclass(frozen=True)
class EmbedRequest:
    """An embedding request; an input is a text or an image URL."""

    model: str
    inputs: tuple[tuple[str, str], ...]
    base64: bool = False
    dimensions: int | None = None


@dataclass(frozen=True)
class Embeddings:
    """Unit vectors of 32-bit floats, one an input."""

    id: str
    model: str
    fingerprint: str
    vectors: tuple[tuple[float, ...], ...]
    prompt_tokens: int
    texts: int
    images: int


def edited(image: Source | None, images: Iterable[Source]) -> tuple[Source, ...]:
    """The pictures of an edit: either the one or the many."""
    many = tuple(images)
    if image is not None and many:
        raise invalid("image and images exclude each other.")
    return many if image is None else (image,)


def generate(request: ImageRequest, state: State) -> Images:
    """Draw ``n`` small PNGs whose colours depend on the request."""
    model = catalog.find(request.model, catalog.IMAGE)
    between("n", request.n, 1, 10)
    if not request.prompt:
        raise invalid("The prompt must not be empty.")
    length = tokens.count(request.prompt)
    if length > model.context_length:
        raise invalid(f"The prompt has {length} tokens; {model.id} accepts at most {model.context_length}.")
    storage.check(request.storage)
    storage.require(state.files, request.sources)
    count = 1 if request.n is None else request.n
    made = []
    for position in range(count):
        name = uuid.uuid5(_NAMESPACE, repr((model.id, request.prompt, request.aspect_ratio, request.sources, position)))
        data = png(name.bytes, *_size(request.aspect_ratio))
        stored = storage.keep(state.files, request.storage, data, "image/png")
        url = state.keep_image(str(name), data) if request.format == "url" else None
        made.append(Image(url, None if url else data, stored))
    pictures = _IMAGE_TOKENS * len(request.sources)
    usage = Usage(
        prompt=length + pictures,
        prompt_text=length,
        prompt_image=pictures,
        completion=_IMAGE_TOKENS * count,
        cost_ticks=count * model.image_price,
    )
    return Images(model.id, tuple(made), usage)


def _size(aspect_ratio: str) -> tuple[int, int]:
    """A small picture of about the wanted shape."""
    width, _, height = aspect_ratio.partition(":")
    try:
        ratio = float(width) / float(height)
    except ValueError:
        ratio = 1.0
    return max(1, round(_SIDE * ratio)), _SIDE


def png(seed: bytes, width: int, height: int) -> bytes:
    """A PNG with a colour gradient; ``seed`` picks the colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    red, green, blue = hashlib.sha256(seed).digest()[:3]
    rows = b"".join(
        b"\0" + b"".join(bytes((red, (green + 8 * x) % 256, (blue + 8 * y) % 256)) for x in range(width))
        for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def embed(request: EmbedRequest) -> Embeddings:
    """One unit vector an input, derived from its text."""
    model = catalog.find(request.model, catalog.EMBEDDING)
    if not request.inputs:
        raise invalid("The list of inputs must not be empty.")
    between("dimensions", request.dimensions, 1, _MAX_DIMENSIONS)
    size = request.dimensions or _DIMENSIONS
    texts = [value for kind, value in request.inputs if kind == "text"]
    return Embeddings(
        id=str(uuid.uuid5(_NAMESPACE, repr(request))),
        model=model.id,
        fingerprint=model.fingerprint,
        vectors=tuple(_vector(value, size) for _, value in request.inputs),
        prompt_tokens=sum(tokens.count(text) for text in texts),
        texts=len(texts),
        images=len(request.inputs) - len(texts),
    )


def _vector(text: str, size: int) -> tuple[float, ...]:
    raw: list[float] = []
    for block in range((size + 7) // 8):
        digest = hashlib.sha256(f"{block}:{text}".encode("utf-8", "surrogatepass")).digest()
        raw += [number / 2**31 - 1 for number in struct.unpack("<8I", digest)]
    norm = math.sqrt(sum(number * number for number in raw[:size])) or 1.0
    return tuple(float32(number / norm) for number in raw[:size])


def vector_base64(vector: tuple[float, ...]) -> str:
    """A vector as base64 of little-endian 32-bit floats."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def tokenize(text: str, model: str) -> tuple[str, list[tokens.Token]]:
    """The model's full name and the tokens of a text."""
    return catalog.find(model, catalog.LANGUAGE).id, tokens.tokenize(text)
