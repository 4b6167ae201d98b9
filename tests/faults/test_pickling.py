"""What can be sent to another process: clients without their keys, results, and every error."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import xai_dual
from xai_dual import AsyncClient, Client, errors
from xai_dual.emulator import Server

from .kit import SUM, fault, options

CANARY = "canary-5f0c"
TWINS: list[Callable[[Any], Any]] = [lambda value: pickle.loads(pickle.dumps(value)), copy.deepcopy]


def below(cls: type[Any]) -> Iterator[type[Any]]:
    for sub in cls.__subclasses__():
        yield sub
        yield from below(sub)


def samples() -> list[errors.XaiError]:
    """One of each class, with all that its constructor takes."""
    for module in pkgutil.walk_packages(xai_dual.__path__, "xai_dual."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found = []
    for cls in {errors.XaiError, *below(errors.XaiError)}:
        if not cls.__module__.startswith("xai_dual"):
            continue
        parameters = inspect.signature(cls).parameters.values()
        names = {one.name for one in parameters if one.kind is not one.VAR_KEYWORD} - {"meta"}
        found.append(cls(**{name: 3 if name == "attempts" else f"a {name}" for name in names}))
    return found


@pytest.mark.parametrize("twin", TWINS)
def test_need_31_every_error_there_is(twin: Callable[[Any], Any]) -> None:
    """Wherever it is defined; test_errors.py looks at those of errors.py with facts of the right types."""
    found = samples()
    assert {cls.__name__ for cls in map(type, found)} >= set(errors.__all__)
    for error in found:
        same = twin(error)
        assert (type(same), same.args, vars(same), str(same)) == (type(error), error.args, vars(error), str(error))


@pytest.mark.parametrize("cls", [Client, AsyncClient])
def test_need_31_no_key_goes_along(cls: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XAI_API_KEY", f"{CANARY}-environment")
    places: list[dict[str, Any]] = [
        {"api_key": CANARY},
        {"api_key": lambda: CANARY},
        {"management_key": CANARY},
        {"management_key": lambda: CANARY},
        {"headers": {"Authorization": f"Bearer {CANARY}", "x-team": "a"}},
        {},
    ]
    for place in places:
        client = cls(base_url="https://h/p", transport="rest", max_retries=7, **place)
        for one in (client, client.with_options(max_retries=7)):
            data = pickle.dumps(one)
            assert CANARY.encode() not in data
            twin = pickle.loads(data)
            assert repr(twin) == repr(client)
            assert twin._options.max_retries == 7
            assert twin._options.api_key == f"{CANARY}-environment"
            assert twin._options.headers.get("x-team") == place.get("headers", {}).get("x-team")
        assert CANARY not in repr(client) + str(client)


def test_need_31_no_key_in_an_address() -> None:
    for name in ("base_url", "management_url", "grpc_target"):
        with pytest.raises(errors.UsageError) as caught:
            Client(api_key="k", **{name: f"https://user:{CANARY}@host"})
        assert CANARY not in str(caught.value)


@pytest.mark.parametrize("twin", TWINS)
def test_need_31_results(server: Server, transport: str, key: str, twin: Callable[[Any], Any]) -> None:
    with Client(**options(server, transport, key)) as client:
        file = client.files.upload(content=b"text", filename="a.txt")
        with client.chat.stream(**SUM) as stream:
            chunks = list(stream)
        results = [
            client.chat.create(**SUM),
            stream.response,
            chunks,
            client.files.list().first_page(),
            list(client.files.list()),
            client.models.list_language(),
            client.files.get(file_id=file.id),
        ]
    for result in results:
        same = twin(result)
        assert (type(same), same) == (type(result), result)
        if hasattr(result, "meta"):
            assert same.meta == result.meta
        if hasattr(result, "to_dict"):
            assert same.to_dict() == result.to_dict()


@pytest.mark.parametrize("twin", TWINS)
def test_need_31_a_broken_stream(server: Server, transport: str, key: str, twin: Callable[[Any], Any]) -> None:
    with Client(**options(server, transport, key)) as client:
        broken = client.chat.stream(**SUM, headers=fault("reset", after_chunks=22))
        read = []
        with pytest.raises(errors.StreamInterrupted) as caught:
            read.extend(broken)
    same = twin(caught.value)
    assert isinstance(same.__cause__, errors.TransportError)
    assert str(same.__cause__) == str(caught.value.__cause__)
    assert (same.partial, same.attempts, same.meta) == (caught.value.partial, 1, caught.value.meta)
    assert same.partial.text == "".join(chunk.text for chunk in read) != ""
    assert str(same) == str(caught.value)


def test_need_31_an_error_out_of_a_call(server: Server, transport: str, key: str) -> None:
    with Client(**options(server, transport, key, max_retries=0)) as client, pytest.raises(errors.ApiError) as caught:
        client.chat.create(model="no-such-model", messages="Hi")
    for twin in TWINS:
        same = twin(caught.value)
        assert (type(same), vars(same)) == (type(caught.value), vars(caught.value))
