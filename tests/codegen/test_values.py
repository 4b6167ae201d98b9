"""Values that one wire spells in another way, or not at all: names, digits, times, constants, settings, defaults."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest
import yaml

from xai_dual.errors import UsageError

from .mini import body, mini, rest_thing, thing

NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)


def test_camel_case_is_spelt_in_snake_case_where_only_rest_has_a_say(tmp_path: Path) -> None:
    openapi = """
    userName: {type: string}
    HTTPStatus: {type: integer}
    apiKeyIds: {type: array, items: {type: string}}
    plain_name: {type: boolean}
    """
    package = rest_thing(tmp_path, openapi).load()
    names = ["user_name", "http_status", "api_key_ids", "plain_name"]
    assert [f.name for f in package.api.models["Thing"].fields] == names
    data = {"userName": "u", "HTTPStatus": 3, "apiKeyIds": ["a"], "plain_name": True, "newOne": 1}
    read = package.from_rest("Thing", data)
    assert (read.user_name, read.http_status, read.api_key_ids, read.extra) == ("u", 3, ["a"], {"newOne": 1})
    assert package.to_rest(read) == data
    assert package.types.Thing.from_dict(read.to_dict()) == read


def test_a_field_may_be_bound_by_its_snake_case_name(tmp_path: Path) -> None:
    package = rest_thing(tmp_path, "madeAt: {type: integer}", bindings='field.made_at = { doc = "When." }').load()
    (field,) = package.api.models["Thing"].fields
    assert (field.name, field.doc) == ("made_at", "When.")
    assert package.from_rest("Thing", {"madeAt": 3}).made_at == 3


def test_names_that_two_wires_have_stay_as_they_are(tmp_path: Path) -> None:
    package = thing(tmp_path, "string userName = 1;", "userName: {type: string}").load()
    assert package.from_grpc("Thing", userName="u").userName == "u"


# --- digits ---


def test_whole_numbers_as_text_on_one_wire(tmp_path: Path) -> None:
    openapi = """
    n: {type: string, format: int64}
    m: {type: [string, 'null'], format: uint64}
    z: {type: string, format: int64}
    """
    package = rest_thing(tmp_path, openapi, required="n").load()
    read = package.from_rest("Thing", {"n": str(2**60), "m": "7"})
    assert (read.n, read.m, read.z) == (2**60, 7, None)
    assert package.to_rest(read) == {"n": str(2**60), "m": "7"}
    assert package.from_rest("Thing", {}).n == 0
    assert package.from_rest("Thing", {"n": "-5", "z": 6}).n == -5
    odd = package.from_rest("Thing", {"n": "5.0", "m": "x", "z": True})
    assert (odd.n, odd.m, odd.z, odd.extra) == (0, None, None, {"n": "5.0", "m": "x", "z": True})
    assert package.to_rest(odd) == {"n": "5.0", "m": "x", "z": True}


def test_whole_numbers_as_text_pair_with_numbers(tmp_path: Path) -> None:
    proto = "int64 n = 1; optional int64 m = 2; repeated int64 many = 3; map<string, int64> by_name = 4;"
    text = "{type: string, format: int64}"
    openapi = f"n: {text}\nm: {text}\nmany: {{type: array, items: {text}}}\n"
    openapi += f"by_name: {{type: object, additionalProperties: {text}}}"
    package = thing(tmp_path, proto, openapi).load()
    on_grpc, on_rest = package.both(
        "Thing",
        {"n": 2**60, "m": 0, "many": [1, -2], "by_name": {"a": 3}},
        {"n": str(2**60), "m": "0", "many": ["1", "-2"], "by_name": {"a": "3"}},
    )
    assert on_grpc == on_rest
    assert (on_rest.n, on_rest.m, on_rest.many, on_rest.by_name) == (2**60, 0, [1, -2], {"a": 3})
    assert package.to_rest(on_grpc) == {"n": str(2**60), "m": "0", "many": ["1", "-2"], "by_name": {"a": "3"}}
    message = package.to_grpc(on_rest)
    assert (message.n, message.m, list(message.many), dict(message.by_name)) == (2**60, 0, [1, -2], {"a": 3})
    absent = package.both("Thing", {}, {})
    assert absent[0] == absent[1] == package.types.Thing()
    odd = package.from_rest("Thing", {"many": ["1", "x"], "by_name": {"a": [], "b": "2"}})
    assert (odd.many, odd.by_name) == ([1], {"b": 2})
    assert odd.extra == {"many": ["1", "x"], "by_name": {"a": [], "b": "2"}}
    for sent in ({"n": "5"}, {"many": ["5"]}, {"by_name": {"a": 1.5}}):
        for send in (package.to_rest, package.to_grpc):
            with pytest.raises(UsageError, match=next(iter(sent))):
                send(package.types.Thing(**sent))


# --- times ---


def test_times_pair_by_their_format(tmp_path: Path) -> None:
    time = "google.protobuf.Timestamp"
    text = "{type: string, format: date-time}"
    package = thing(
        tmp_path,
        f"{time} at = 1; repeated {time} every = 2; map<string, {time}> named = 3;",
        f"at: {text}\nevery: {{type: array, items: {text}}}\nnamed: {{type: object, additionalProperties: {text}}}",
    ).load()
    seconds = {"seconds": int(NOON.timestamp())}
    on_grpc, on_rest = package.both(
        "Thing",
        {"at": seconds, "every": [seconds, {}], "named": {"a": seconds}},
        {
            "at": "2026-01-02T12:00:00Z", "every": ["2026-01-02T13:00:00+01:00", "1970-01-01"],
            "named": {"a": "2026-01-02T12:00:00Z"},
        },
    )  # fmt: skip
    assert on_grpc == on_rest
    assert (on_rest.at, on_rest.every[0], on_rest.named) == (NOON, NOON, {"a": NOON})
    assert package.to_rest(on_grpc) == {
        "at": "2026-01-02T12:00:00Z", "every": ["2026-01-02T12:00:00Z", "1970-01-01T00:00:00Z"],
        "named": {"a": "2026-01-02T12:00:00Z"},
    }  # fmt: skip
    assert (
        package.from_rest("Thing", {}) == package.from_grpc("Thing") == package.types.Thing(at=None, every=[], named={})
    )
    message = package.to_grpc(on_rest)
    assert (message.at.seconds, message.every[0].seconds, message.named["a"].seconds) == (seconds["seconds"],) * 3
    odd = package.from_rest("Thing", {"at": "soon", "every": ["1970-01-01", 5], "named": []})
    assert (odd.at, len(odd.every), odd.named) == (None, 1, {})
    assert odd.extra == {"at": "soon", "every": ["1970-01-01", 5], "named": []}
    for send in (package.to_rest, package.to_grpc):
        with pytest.raises(UsageError, match=r"every\[1\]"):
            send(package.types.Thing(every=[NOON, "soon"]))


def test_times_that_only_rest_has(tmp_path: Path) -> None:
    package = rest_thing(tmp_path, "at: {type: string, format: date-time}\nday: {type: string, format: date}").load()
    read = package.from_rest("Thing", {"at": "2026-01-02T12:00:00Z", "day": "2026-01-02"})
    assert (read.at, read.day) == (NOON, NOON.replace(hour=0))
    assert package.to_rest(read) == {"at": "2026-01-02T12:00:00Z", "day": "2026-01-02"}


# --- constants ---


def test_constants_are_read_past(tmp_path: Path) -> None:
    openapi = "a: {type: string}\nobject: {const: thing}\nkind: {type: string}"
    package = thing(
        tmp_path, "string a = 1;", openapi, '[waive]\nconstant = ["Thing.object"]\nno-counterpart = ["Thing.kind"]'
    ).load()
    read = package.from_rest("Thing", {"a": "x", "object": "thing", "kind": "k", "new": 1})
    # left out for another reason is not the same: what it says is kept
    assert read.extra == {"kind": "k", "new": 1}
    assert package.to_rest(read) == {"a": "x", "kind": "k", "new": 1}
    only = package.from_rest("Thing", {"a": "x", "object": "thing"})
    assert only.extra is None
    assert package.to_grpc(only).a == "x"


# --- settings that come back ---

SETTINGS = (
    """
    service Mini { rpc Go(Ask) returns (Answer); }
    message Ask { string q = 1; int32 n = 2; bool flag = 3; repeated string tags = 4; optional double heat = 5;
                  Sub sub = 6; Hue hue = 7; repeated Sub subs = 8; }
    message Sub { string text = 1; optional int32 size = 2; }
    enum Hue { HUE_NONE = 0; HUE_RED = 1; }
    message Answer { string text = 1; Ask settings = 2; }
    """,
    """
    Ask:
      type: object
      required: [q]
      properties:
        q: {type: string}
        n: {type: integer}
        flag: {type: boolean}
        tags: {type: array, items: {type: string}}
        heat: {type: number}
        sub: {$ref: '#/x/Sub'}
        hue: {type: string}
        subs: {type: array, items: {$ref: '#/x/Sub'}}
    Sub: {type: object, properties: {text: {type: string}, size: {type: integer}}}
    Answer: {type: object, properties: {text: {type: string}}}
    """,
    """
    [operation."mini.go"]
    request = "Ask"
    response = "Answer"
    required = ["q"]
    grpc = "mini.Mini/Go"
    rest = "POST /v1/echo"
    [model.Ask]
    grpc = "mini.Ask"
    rest = "Ask"
    field.hue = { convert = "enum", type = "Hue" }
    [model.Sub]
    grpc = "mini.Sub"
    rest = "Sub"
    [enum.Hue]
    grpc = "mini.Hue"
    [model.Answer]
    grpc = "mini.Answer"
    rest = "Answer"
    field.settings = { grpc = "settings", echo = true }
    """,
)
GO = yaml.safe_dump({"/v1/echo": {"post": {"requestBody": body("Ask"), "responses": {"200": body("Answer")}}}})


def test_settings_come_back_as_they_were_sent(tmp_path: Path) -> None:
    """What callers make is None where it is not set, also when the server shows it again."""
    package = mini(tmp_path, *SETTINGS, paths=GO).load()
    t = package.types
    read = package.from_grpc("Answer", text="x", settings={"q": "hi", "sub": {"text": "s"}, "tags": ["a"]})
    assert read.settings == t.Ask(q="hi", sub=t.Sub(text="s"), tags=["a"])
    assert (read.settings.n, read.settings.flag, read.settings.subs, read.settings.heat) == (None, None, None, None)
    assert read.settings.sub.size is None
    assert package.from_grpc("Answer").settings is None
    assert package.from_grpc("Answer", settings={}).settings == t.Ask(q="")
    # it can be sent again as it is, on either wire
    assert package.to_rest(read.settings) == {"q": "hi", "sub": {"text": "s"}, "tags": ["a"]}
    assert package.to_grpc(read.settings).q == "hi"
    assert t.Answer.from_dict(read.to_dict()) == read
    # and the request's models stay of the callers' making: nothing but `q` is needed
    assert package.to_rest(t.Ask(q="x")) == {"q": "x"}


# --- defaults that gRPC cannot leave out ---


def test_what_protobuf_cannot_leave_out_is_sent_as_rests_default(tmp_path: Path) -> None:
    proto = """
    service Mini { rpc Go(Ask) returns (Answer); }
    message Ask { int32 n = 1; bool on = 2; Hue hue = 3; optional int32 free = 4; string zero = 5; Hue tone = 6; }
    enum Hue { HUE_NONE = 0; HUE_RED = 1; HUE_BLUE = 2; }
    message Answer { int32 n = 1; }
    """
    openapi = """
    Hue: {type: string, enum: [none, red, blue]}
    Ask:
      type: object
      properties:
        n: {type: integer, default: 3}
        'on': {type: boolean, default: true}
        hue: {$ref: '#/x/Hue', default: red}
        tone: {allOf: [{$ref: '#/x/Hue'}], default: blue}
        free: {type: integer, default: 9}
        zero: {type: string, default: ''}
    Answer: {type: object, properties: {n: {type: integer, default: 3}}}
    """
    binding = """
    [operation."mini.go"]
    request = "Ask"
    response = "Answer"
    grpc = "mini.Mini/Go"
    rest = "POST /v1/echo"
    [model.Ask]
    grpc = "mini.Ask"
    rest = "Ask"
    [enum.Hue]
    grpc = "mini.Hue"
    rest = "Hue"
    [model.Answer]
    grpc = "mini.Answer"
    rest = "Answer"
    """
    package = mini(tmp_path, proto, openapi, binding, paths=GO).load()
    ask = package.types.Ask
    message = package.to_grpc(ask())
    assert (message.n, message.on, message.hue, message.tone, message.HasField("free"), message.zero) == (
        3,
        True,
        1,
        2,
        False,
        "",
    )
    explicit = package.to_grpc(ask(n=0, on=False, hue="none", free=0))
    assert (explicit.n, explicit.on, explicit.hue, explicit.HasField("free")) == (0, False, 0, True)
    assert package.to_rest(ask()) == {}
    assert package.to_rest(ask(n=0)) == {"n": 0}
    # an answer's default is the server's business
    assert package.from_rest("Answer", {}).n == package.from_grpc("Answer").n == 0
