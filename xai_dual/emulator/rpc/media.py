"""Images, embeddings, tokens, models and the account as protobuf messages."""

from __future__ import annotations

import base64
from typing import Any

from xai_dual.emulator.definitions import enum_number, message
from xai_dual.emulator.errors import invalid
from xai_dual.emulator.rpc.chat import write_usage
from xai_dual.emulator.rpc.storage import read_source, read_sources, read_storage, write_stored
from xai_dual.emulator.service import media
from xai_dual.emulator.service.account import Account
from xai_dual.emulator.service.catalog import EMBEDDING, IMAGE, LANGUAGE, Model
from xai_dual.emulator.service.media import (
    DEFAULT_IMAGE_MODEL,
    Embeddings,
    EmbedRequest,
    ImageRequest,
    Images,
    vector_base64,
)
from xai_dual.emulator.service.tokens import Token

_RATIOS = {
    0: "auto", 1: "1:1", 2: "3:4", 3: "4:3", 4: "9:16", 5: "16:9", 6: "2:3", 7: "3:2", 8: "auto", 9: "9:19.5",
    10: "19.5:9", 11: "9:20", 12: "20:9", 13: "1:2", 14: "2:1",
}  # fmt: skip
_MESSAGES = {LANGUAGE: "LanguageModel", IMAGE: "ImageGenerationModel", EMBEDDING: "EmbeddingModel"}


def read_image(request: Any) -> ImageRequest:
    """An image request out of ``xai_api.GenerateImageRequest``."""
    if request.format not in (0, 1, 2):
        raise invalid(f"format has the unknown value {request.format}.")
    if request.aspect_ratio not in _RATIOS:
        raise invalid(f"aspect_ratio has the unknown value {request.aspect_ratio}.")
    sources = media.edited(read_source(request, "image"), read_sources(request.images, "images"))
    return ImageRequest(
        prompt=request.prompt,
        model=request.model or DEFAULT_IMAGE_MODEL,
        n=request.n if request.HasField("n") else None,
        format="base64" if request.format == enum_number("xai_api.ImageFormat", "IMG_FORMAT_BASE64") else "url",
        aspect_ratio=_RATIOS[request.aspect_ratio],
        resolution="2k" if request.resolution == enum_number("xai_api.ImageResolution", "IMG_RESOLUTION_2K") else "1k",
        sources=sources,
        storage=read_storage(request),
    )


def write_images(answer: Images) -> Any:
    """Images as ``xai_api.ImageResponse``. gRPC's base64 is a data URL: the official client cuts it at ``base64,``."""
    response: Any = message("xai_api.ImageResponse")(model=answer.model)
    for image in answer.images:
        if image.data is None:
            added = response.images.add(url=image.url, respect_moderation=True)
        else:
            data = "data:image/png;base64," + base64.b64encode(image.data).decode()
            added = response.images.add(base64=data, respect_moderation=True)
        write_stored(added, image.stored)
    write_usage(response.usage, answer.usage)
    return response


def read_embed(request: Any) -> EmbedRequest:
    """An embedding request out of ``xai_api.EmbedRequest``."""
    if request.encoding_format not in (0, 1, 2):
        raise invalid(f"encoding_format has the unknown value {request.encoding_format}.")
    inputs = []
    for item in request.input:
        kind = item.WhichOneof("input")
        if kind is None:
            raise invalid("An input must have a string or an image.")
        inputs.append(("text", item.string) if kind == "string" else ("image", item.image_url.image_url))
    return EmbedRequest(
        request.model,
        tuple(inputs),
        base64=request.encoding_format == enum_number("xai_api.EmbedEncodingFormat", "FORMAT_BASE64"),
    )


def write_embeddings(answer: Embeddings, as_base64: bool) -> Any:
    """Vectors as ``xai_api.EmbedResponse``."""
    response: Any = message("xai_api.EmbedResponse")(
        id=answer.id, model=answer.model, system_fingerprint=answer.fingerprint
    )
    for index, vector in enumerate(answer.vectors):
        features = response.embeddings.add(index=index).embeddings.add()
        if as_base64:
            features.base64_array = vector_base64(vector)
        else:
            features.float_array.extend(vector)
    response.usage.num_text_embeddings = answer.texts
    response.usage.num_image_embeddings = answer.images
    return response


def write_tokens(model: str, tokens: list[Token]) -> Any:
    """Tokens as ``xai_api.TokenizeTextResponse``."""
    response: Any = message("xai_api.TokenizeTextResponse")(model=model)
    for token in tokens:
        response.tokens.add(token_id=token.id, string_token=token.text, token_bytes=token.data)
    return response


def write_api_key(owner: Account) -> Any:
    """The key as ``xai_api.ApiKey``."""
    response: Any = message("xai_api.ApiKey")(
        redacted_api_key=owner.redacted_key,
        user_id=owner.user_id,
        name=owner.name,
        modified_by=owner.modified_by,
        team_id=owner.team_id,
        acls=owner.acls,
        api_key_id=owner.key_id,
        api_key_blocked=owner.key_blocked,
        team_blocked=owner.team_blocked,
        disabled=owner.key_disabled,
    )
    response.create_time.FromDatetime(owner.created)
    response.modify_time.FromDatetime(owner.modified)
    return response


def write_model(model: Model) -> Any:
    """A model as the message of its kind."""
    response: Any = message(f"xai_api.{_MESSAGES[model.kind]}")()
    _fill(response, model)
    return response


def write_models(kind: str, models: list[Model]) -> Any:
    """All models of a kind."""
    response: Any = message(f"xai_api.List{_MESSAGES[kind]}sResponse")()
    for model in models:
        _fill(response.models.add(), model)
    return response


def _fill(target: Any, model: Model) -> None:
    target.name, target.version, target.system_fingerprint = model.id, model.version, model.fingerprint
    target.aliases.extend(model.aliases)
    target.input_modalities.extend(enum_number("xai_api.Modality", item.upper()) for item in model.inputs)
    target.output_modalities.extend(enum_number("xai_api.Modality", item.upper()) for item in model.outputs)
    target.created.seconds = model.created
    if model.kind == IMAGE:
        target.image_price = model.image_price
    else:
        target.prompt_text_token_price = model.text_price
        target.prompt_image_token_price = model.image_token_price
    if model.kind == LANGUAGE:
        target.cached_prompt_token_price = model.cached_price
        target.completion_text_token_price = model.completion_price
        target.search_price = model.search_price
    if model.kind != EMBEDDING:
        target.max_prompt_length = model.context_length
