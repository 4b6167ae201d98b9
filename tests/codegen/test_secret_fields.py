"""Fields that hold a secret: marked in the bindings, and never shown."""

from __future__ import annotations

import copy
from pathlib import Path

import attrs
import pytest

from codegen.errors import DefinitionError

from .mini import rest_thing, thing

KEY = "xai-canary"
MARK = "field.key = { secret = true }"


def test_a_secret_field_says_only_that_it_is_set(tmp_path: Path) -> None:
    package = thing(
        tmp_path, "string key = 1; string name = 2;", "key: {type: string}\nname: {type: string}", MARK
    ).load()
    read, same = package.both("Thing", {"key": KEY, "name": "n"}, {"key": KEY, "name": "n"})
    assert read == same
    assert repr(read) == "Thing(key='[secret]', name='n')"
    assert KEY not in f"{read} {[read]} {({'a': read},)}"
    assert repr(package.types.Thing(name="n")) == "Thing(key='', name='n')"
    # it is the caller's all the same
    assert read.key == KEY == read.to_dict()["key"] == attrs.asdict(read)["key"]
    assert package.types.Thing.from_dict(read.to_dict()) == read == copy.deepcopy(read)
    assert package.to_rest(read)["key"] == KEY == package.to_grpc(read).key


def test_secrets_of_all_kinds(tmp_path: Path) -> None:
    openapi = """
    one: {type: [string, 'null']}
    many: {type: array, items: {type: string}}
    named: {type: object, additionalProperties: {type: string}}
    """
    marks = "\n".join(f"field.{name} = {{ secret = true }}" for name in ("one", "many", "named"))
    package = rest_thing(tmp_path, openapi, bindings=marks).load()
    data = {"one": KEY, "many": [KEY], "named": {KEY: KEY}}
    read = package.from_rest("Thing", data)
    assert repr(read) == "Thing(one='[secret]', many='[secret]', named='[secret]')"
    assert read.to_dict() == data
    empty = package.types.Thing()
    assert (empty.one, empty.many, empty.named, repr(empty)) == (None, [], {}, "Thing()")
    assert [f.secret for f in package.api.models["Thing"].fields] == [True] * 3


def test_the_mark_is_in_the_documentation(tmp_path: Path) -> None:
    package = rest_thing(tmp_path, "key: {type: string, description: The key.}", bindings=MARK).load()
    assert "The key. Not shown by `repr`." in " ".join(package.text("types.mini").split())
    assert "| `key` | string, secret |" in (tmp_path / "docs/generated/bindings.md").read_text()


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ("field.key = { secrets = true }", "has no key 'secrets'"),
        ('field.key = { secret = "yes" }', "secret = 'yes' is none of False, True"),
        ("field.secret_repr = { secret = true }", "secret_repr"),
    ],
)
def test_marks_that_mean_nothing(tmp_path: Path, mark: str, words: str) -> None:
    if "secret_repr" in mark:
        rest_thing(tmp_path, "secret_repr: {type: string}", bindings=mark).problem("a name that every model has")
        return
    with pytest.raises(DefinitionError, match=words):
        rest_thing(tmp_path, "key: {type: string}", bindings=mark).link()
