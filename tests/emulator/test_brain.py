"""The deterministic model: sums, echoes, values for JSON schemas, tokens."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from xai_dual.emulator.errors import ServiceError
from xai_dual.emulator.service import brain, schema_values, tokens
from xai_dual.emulator.service.arithmetic import find_sum
from xai_dual.emulator.service.floats import float32, shortest


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("What is 101*3?", "101 multiplied by 3 is 303."),
        ("what's 7 plus 5", "7 plus 5 is 12."),
        ("What is 10 - 15?", "10 minus 15 is -5."),
        ("Calculate 7 divided by 2.", "7 divided by 2 is 3.5."),
        ("12 x 12", "12 multiplied by 12 is 144."),
        ("12 × 12 =", "12 multiplied by 12 is 144."),  # noqa: RUF001
        ("How much is 1/3?", "1 divided by 3 is 0.3333333333."),
        ("What is 0.1 + 0.2?", "0.1 plus 0.2 is 0.3."),
        ("What is 2+3*4?", "2 + 3 * 4 is 14."),
        ("What is 2^10?", "2 to the power of 10 is 1024."),
        ("What is 5/0?", "5 divided by 0 is undefined."),
        ("What is 2 ** 9999?", "2 to the power of 9999 is undefined."),
        ("Compute -4 * -5", "-4 multiplied by -5 is 20."),
    ],
)
def test_sums(prompt: str, sentence: str) -> None:
    assert brain.speak(prompt) == sentence


@pytest.mark.parametrize(
    "prompt", ["Meet me on 2024-01-02", "Open 24/7 for you", "Call 555-1234 now", "grok-4", "What is grok-4-0709?"]
)
def test_no_sums(prompt: str) -> None:
    assert find_sum(prompt) is None


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("echo: a\nb", "a\nb"),
        ("Say this is a test", "this is a test"),
        ('Please say "hi!"', "hi!"),
        ("Repeat after me: one", "one"),
        ("Count to 4", "1, 2, 3, 4"),
        ("count from 3 to 5", "3, 4, 5"),
        ("Hello!", "Hello! How can I help you today?"),
    ],
)
def test_speech(prompt: str, said: str) -> None:
    assert brain.speak(prompt) == said


@pytest.mark.parametrize(
    ("schema", "prompt", "value"),
    [
        ({"type": "object", "properties": {"city": {"type": "string"}}}, "Weather in New York?", {"city": "New York"}),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, "2.5 and 7", {"a": 7}),
        ({"type": "string", "enum": ["red", "green"]}, "a GREEN one", "green"),
        ({"type": ["null", "boolean"]}, "", True),
        ({"const": 5}, "", 5),
        ({"type": "integer", "minimum": 3, "multipleOf": 5}, "", 5),
        ({"type": "integer", "exclusiveMaximum": -3}, "", -4),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5}, "", 0.25),
        ({"type": "integer", "minimum": 18, "maximum": 20}, "I am 17", 18),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, "1 2", [1, 2]),
        ({"anyOf": [{"type": "null"}, {"type": "string", "format": "date"}]}, "", "2025-01-01"),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"type": "boolean"}}}, "", True),
        ({"allOf": [{"properties": {"a": {"type": "null"}}}, {"required": ["a"]}]}, "", {"a": None}),
        ({"type": "string", "pattern": "^[0-9]+$"}, "take 42 please", "42"),
        ({"type": "string", "minLength": 3, "maxLength": 4}, "", "valu"),
    ],
)  # fmt: skip
def test_values(schema: dict[str, Any], prompt: str, value: Any) -> None:
    made = schema_values.make(schema, prompt)
    assert made == value
    jsonschema.validate(made, schema)


def test_recursive_schema() -> None:
    node = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "next": {"anyOf": [{"type": "null"}, {"$ref": "#"}]}},
    }
    jsonschema.validate(schema_values.make(node, ""), node)
    json.dumps(schema_values.make({**node, "required": ["next"]}, ""))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "minItems": 10**9},
        {"type": "string", "minLength": 10**9},
        {"type": "array", "minItems": 500, "items": {"type": "array", "minItems": 500}},
    ],
)
def test_huge_values_are_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ServiceError):
        schema_values.make(schema, "")


@pytest.mark.parametrize("schema", [{"type": "nothing"}, {"required": 3}, {"multipleOf": 0}, "text", 5])
def test_broken_schemas_are_refused(schema: Any) -> None:
    with pytest.raises(ServiceError, match="is no valid JSON schema"):
        schema_values.check(schema, "It")


def test_tokens_join() -> None:
    text = "Hello,  world!\n\tsupercalifragilistic 😀 é 日本語 a_b 1.5"
    assert "".join(tokens.pieces(text)) == text
    assert tokens.count("") == 0


def test_floats() -> None:
    assert shortest(float32(0.1)) == 0.1
    assert float32(0.1) != 0.1
    assert float32(1e300) == float("inf")
