"""Images, embeddings, tokens and accounts as JSON."""

from __future__ import annotations

import base64
from typing import Any

from xai_dual.emulator.errors import invalid
from xai_dual.emulator.rest.storage import read_source, read_sources, read_storage, write_stored, write_usage
from xai_dual.emulator.service import media
from xai_dual.emulator.service.account import Account
from xai_dual.emulator.service.floats import shortest
from xai_dual.emulator.service.media import (
    DEFAULT_IMAGE_MODEL,
    Embeddings,
    EmbedRequest,
    Image,
    ImageRequest,
    Images,
    vector_base64,
)
from xai_dual.emulator.service.scripts import Failure
from xai_dual.emulator.service.tokens import Token

Json = dict[str, Any]


def read_image(body: Json) -> ImageRequest:
    """An image request: a generation, or an edit if there are images to start from."""
    sources = media.edited(read_source(body.get("image"), "image"), read_sources(body.get("images"), "images"))
    wanted = body.get("response_format") or "url"
    if wanted not in ("url", "b64_json"):
        raise invalid(f"response_format must be url or b64_json; got {wanted}.")
    return ImageRequest(
        prompt=body["prompt"],
        model=body.get("model") or DEFAULT_IMAGE_MODEL,
        n=body.get("n"),
        format="url" if wanted == "url" else "base64",
        aspect_ratio=body.get("aspect_ratio") or "auto",
        resolution=body.get("resolution") or "1k",
        sources=sources,
        storage=read_storage(body.get("storage_options")),
    )


def write_images(answer: Images) -> Json:
    """Generated images with their usage."""
    return {"data": [_image(image) for image in answer.images], "usage": write_usage(answer.usage)}


def _image(image: Image) -> Json:
    content = {"url": image.url} if image.data is None else {"b64_json": base64.b64encode(image.data).decode()}
    return {**content, "mime_type": "image/png", **write_stored(image.stored)}


def write_deferred_images(request_id: str, answer: Images | Failure) -> Json:
    """Deferred images, ready, or why there are none.

    The example's ``image_cost`` is in no schema; its unit seems to be 1e-8 USD.
    """
    if isinstance(answer, Failure):
        error = {"code": answer.code, "message": answer.message}
        return {"request_id": request_id, "status": "failed", "error": error}
    body = write_images(answer)
    usage = {**body["usage"], "image_cost": answer.usage.cost_ticks // 100}
    return {"request_id": request_id, "status": "done", **body, "usage": usage}


def read_embed(body: Json) -> EmbedRequest:
    """An embedding request. Token ids are embedded as their numbers."""
    given = body["input"]
    if isinstance(given, str) or (given and isinstance(given[0], int)):
        given = [given]
    wanted = body.get("encoding_format") or "float"
    if wanted not in ("float", "base64"):
        raise invalid(f"encoding_format must be float or base64; got {wanted}.")
    return EmbedRequest(
        model=body["model"],
        inputs=tuple(("text", item if isinstance(item, str) else " ".join(map(str, item))) for item in given),
        base64=wanted == "base64",
        dimensions=body.get("dimensions"),
    )


def write_embeddings(answer: Embeddings, as_base64: bool) -> Json:
    """Vectors, as numbers or as base64."""
    return {
        "object": "list",
        "model": answer.model,
        "data": [
            {
                "index": index,
                "embedding": vector_base64(vector) if as_base64 else [shortest(number) for number in vector],
                "object": "embedding",
            }
            for index, vector in enumerate(answer.vectors)
        ],
        "usage": {"prompt_tokens": answer.prompt_tokens, "total_tokens": answer.prompt_tokens},
    }


def write_tokens(tokens: list[Token]) -> Json:
    """The tokens of a text."""
    return {
        "token_ids": [
            {"token_id": token.id, "string_token": token.text, "token_bytes": list(token.data)} for token in tokens
        ]
    }


def write_api_key(owner: Account) -> Json:
    """The key of the request."""
    return {
        "redacted_api_key": owner.redacted_key,
        "user_id": owner.user_id,
        "name": owner.name,
        "create_time": owner.created.isoformat().replace("+00:00", "Z"),
        "modify_time": owner.modified.isoformat().replace("+00:00", "Z"),
        "modified_by": owner.modified_by,
        "team_id": owner.team_id,
        "acls": list(owner.acls),
        "api_key_id": owner.key_id,
        "team_blocked": owner.team_blocked,
        "api_key_blocked": owner.key_blocked,
        "api_key_disabled": owner.key_disabled,
    }


def write_me(owner: Account) -> Json:
    """The user and the team of the request's key."""
    return {
        "user_id": owner.user_id,
        "team_id": owner.team_id,
        "zdr_status": owner.zdr_status,
        "team_blocked": owner.team_blocked,
        "api_key": {
            "redacted_api_key": owner.redacted_key,
            "api_key_id": owner.key_id,
            "blocked": owner.key_blocked,
            "disabled": owner.key_disabled,
        },
    }
