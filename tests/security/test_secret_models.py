"""Models that hold a secret by their nature do not show it, and none is forgotten."""

from __future__ import annotations

import pickle
import pkgutil
import pprint
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import attrs
import pytest
import rich.pretty

from xai_dual import types
from xai_dual._secrets import HIDDEN, without_secrets
from xai_dual.model import Model, Unknown, secret_repr
from xai_dual.types.chat import ChatRequest
from xai_dual.types.tools import MCP

CANARY = "".join(("canary", "8c1f"))
LOOKS_SECRET = re.compile(
    r"auth|cookie|api_?key|token(?!s_)|secret|password|credential|headers|signature|(^|_)keys?$|private|upload_url"
)
TEXTS = re.compile(r"\b(str|bytes|Any)\b")

HARMLESS = {
    "a piece of text": "Token.string_token Token.token_bytes TokenLogProb.token TopLogProb.token",
    "where a list goes on": """
        ListApiKeysRequest.pagination_token ListAuditEventsRequest.page_token ListBatchRequestsRequest.pagination_token
        ListBatchResultsRequest.pagination_token ListBatchesRequest.pagination_token ListFilesRequest.pagination_token
        ListCollectionsRequest.pagination_token ListCustomVoicesRequest.pagination_token
        ListDocumentsRequest.pagination_token
    """,
    "an id": """
        ApiKey.api_key_id ApiKeyRequest.api_key_id Batch.create_api_key_id ManagementApiKey.api_key_id
        ManagementKey.api_key_id MeApiKeyInfo.api_key_id RotateApiKeyRequest.api_key_id UpdateApiKeyRequest.api_key_id
    """,
    "the ends of a key": """
        ApiKey.redacted_api_key ManagementApiKey.redacted_api_key ManagementKey.redacted_api_key
        MeApiKeyInfo.redacted_api_key
    """,
    "a name": """
        Acl.key FieldDefinition.key GroupBy.keys LargestGroups.keys SmallestGroups.keys ChatRequest.prompt_cache_key
        Response.prompt_cache_key ResponseRequest.prompt_cache_key
    """,
    "a time": "RotateApiKeyRequest.old_secret_expire_time",
    "proof of who thought it, and no right to anything": "SignatureDelta.signature ThinkingBlock.signature",
    "a model, which hides its own": "UpdateApiKeyRequest.api_key",
}
"""Why a field with such a name is no secret: fields."""


def fields() -> Iterator[tuple[type[Model], attrs.Attribute[Any]]]:
    for found in pkgutil.iter_modules(types.__path__):
        module = import_module(f"{types.__name__}.{found.name}")
        for cls in vars(module).values():
            if isinstance(cls, type) and issubclass(cls, Model) and cls.__module__ == module.__name__:
                yield from ((cls, f) for f in attrs.fields(cls))


SECRET = [(cls, f) for cls, f in fields() if f.repr is secret_repr]


def looks_secret(cls: type[Model], field: attrs.Attribute[Any]) -> bool:
    """By its name, or that of its model, and as it may hold text."""
    named = LOOKS_SECRET.search(field.name) or (cls.__name__.endswith("Secret") and field.name not in ("extra", "meta"))
    return bool(named and TEXTS.search(str(field.type)))


def test_need_26_no_secret_field_is_forgotten() -> None:
    """A field that is new and looks so has to be marked, or told here; so has one that is gone or marked since."""
    found = {f"{cls.__name__}.{f.name}" for cls, f in fields() if looks_secret(cls, f) and f.repr is not secret_repr}
    told = [name for names in HARMLESS.values() for name in names.split()]
    assert found == set(told)
    assert len(told) == len(set(told))


@pytest.mark.parametrize(("cls", "field"), SECRET, ids=[f"{cls.__name__}.{f.name}" for cls, f in SECRET])
def test_need_26_secret_fields_are_not_shown(cls: Any, field: attrs.Attribute[Any]) -> None:
    kind = str(field.type)
    value: Any = {"x": CANARY} if "dict" in kind else [CANARY] if "Sequence" in kind else CANARY
    model = cls(**{field.name: value})
    rich_text = rich.pretty.pretty_repr(model)  # which looks at the fields itself
    for text in (repr(model), str(model), f"{[model]} {({'a': (model,)},)}", pprint.pformat(model), rich_text):
        assert CANARY not in text
        assert f"{field.name}='{HIDDEN}'" in text
    assert CANARY in str(model.to_dict())
    assert getattr(pickle.loads(pickle.dumps(model)), field.name) == value
    # in dicts that callers write in place of models, and of kinds that are not known yet
    if field.name != "value":  # of an answer, and a name that anything may have
        for data in (model.to_dict(), {field.name: value}):
            assert CANARY not in f"{Unknown(tag='x', raw=data)} {without_secrets({'tools': [(data,)]})}"


def test_need_26_what_is_not_set_is_not_hidden() -> None:
    assert repr(MCP(server_url="u")) == "MCP(server_description='', server_label='', server_url='u')"
    assert "authorization=''" in repr(MCP(authorization=""))


def test_need_26_dicts_in_place_of_models() -> None:
    tool = {"type": "mcp", "server_url": "u", "authorization": CANARY, "headers": {"x-a": CANARY}}
    schema = {"type": "object", "properties": {"token": {"type": "string"}}}
    function = {"type": "function", "function": {"name": "f", "parameters": schema}}
    request = ChatRequest(model="m", messages=[], tools=[tool, function, MCP(authorization=CANARY)])
    assert CANARY not in f"{request!r} {request} {[request]}"
    assert repr(function) in repr(request)  # shown as it is: all in it is a name
    assert "'server_url': 'u'" in repr(request)
    assert request.tools is not None
    assert request.tools[0] == tool
    assert tool["authorization"] == CANARY
    deep: Any = CANARY
    for _ in range(2000):
        deep = {"a": [deep]}
    assert "..." in repr(Unknown(tag="x", raw=deep))
