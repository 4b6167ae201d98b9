"""Forms, read back with two other parsers."""

from __future__ import annotations

import io
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_multipart import FormParser  # type: ignore[attr-defined]
from python_multipart.multipart import parse_options_header

from xai_dual._multipart import Form, Part, fields_of
from xai_dual.errors import UsageError


def whole(form: Form, contents: list[bytes]) -> bytes:
    pieces = [piece for head, content in zip(form.heads, contents, strict=True) for piece in (head, content)]
    return b"".join([*pieces, form.tail])


def parse(form: Form, body: bytes) -> tuple[list[tuple[str, str]], list[tuple[str, str, bytes]]]:
    """Names, values and file names as a server's parser finds them."""
    fields: list[tuple[str, str]] = []
    files: list[tuple[str, str, bytes]] = []

    def on_file(file: Any) -> None:
        file.file_object.seek(0)
        files.append((file.field_name.decode(), file.file_name.decode(), file.file_object.read()))

    boundary = parse_options_header(form.content_type)[1][b"boundary"]
    parser = FormParser(
        "multipart/form-data",
        lambda field: fields.append((field.field_name.decode(), (field.value or b"").decode())),
        on_file,
        boundary=boundary,
    )
    parser.write(body)
    parser.finalize()
    parser.close()
    return fields, files


def escaped(name: str) -> str:
    """A name as the wire has it: browsers write three characters in another way, and servers leave that."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


# control characters and a backslash are read differently by every server
names = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"], exclude_characters="\\"), min_size=1)
odd_names = st.one_of(names, st.sampled_from(['a"b', "a\r\nb", "ä; filename=x", "日本", "a%22b", " "]))
values = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(odd_names, values)), st.lists(st.tuples(odd_names, odd_names, st.binary())))
def test_forms_read_back(fields: list[tuple[str, str]], parts: list[tuple[str, str, bytes]]) -> None:
    form = Form(fields, [Part(name, filename, len(data)) for name, filename, data in parts])
    body = whole(form, [data for _, _, data in parts])
    assert form.size == len(body)
    found_fields, found_files = parse(form, body)
    assert found_fields == [(escaped(name), value) for name, value in fields]
    assert found_files == [(escaped(name), escaped(filename), data) for name, filename, data in parts]


def test_bytes_of_a_form() -> None:
    form = Form([("a", "1")], [Part("file", "räuber.json", 2), Part("file", 'x"y', None)], boundary="B")
    assert form.content_type == "multipart/form-data; boundary=B"
    assert form.size is None
    assert whole(form, [b"{}", b"\0"]) == (
        b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
        b'--B\r\nContent-Disposition: form-data; name="file"; filename="r\xc3\xa4uber.json"\r\n'
        b"Content-Type: application/json\r\n\r\n{}\r\n"
        b'--B\r\nContent-Disposition: form-data; name="file"; filename="x%22y"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n\0\r\n--B--\r\n"
    )


def test_forms_without_contents() -> None:
    assert whole(Form([("a", "1"), ("a", "2")], [], boundary="B"), []) == (
        b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
        b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n2\r\n--B--\r\n'
    )
    assert whole(Form([], [], boundary="B"), []) == b"--B--\r\n"


def test_the_email_parser_agrees() -> None:
    form = Form([("a", "ä")], [Part("file", "x.txt", 3)])
    text = f"Content-Type: {form.content_type}\r\n\r\n".encode() + whole(form, [b"a\nb"])
    first, second = BytesParser(policy=HTTP).parse(io.BytesIO(text)).iter_parts()  # type: ignore[attr-defined]
    assert first.get_payload(decode=True) == "ä".encode()
    assert second.get_filename() == "x.txt"
    assert second.get_payload(decode=True) == b"a\nb"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.txt", "text/plain"),
        ("a.JSONL", None),
        ("a.png", "image/png"),
        ("a.tar.gz", "application/octet-stream"),
        ("a", "application/octet-stream"),
        ("", "application/octet-stream"),
        ("\udcff.png", "image/png"),
    ],
)
def test_content_types(name: str, kind: str | None) -> None:
    found = Part("file", name, 1).content_type
    assert found == kind if kind is not None else "/" in found
    Form([], [Part("file", name, 1)])


def test_fields() -> None:
    body = {"s": "x", "n": None, "t": True, "i": 1, "f": 0.5, "l": ["a", 2, None, False], "o": {"a": [1]}, "e": []}
    assert fields_of(body) == [
        ("s", "x"),
        ("t", "true"),
        ("i", "1"),
        ("f", "0.5"),
        ("l", "a"),
        ("l", "2"),
        ("l", "false"),
        ("o", '{"a":[1]}'),
    ]


def test_fields_that_cannot_be_sent() -> None:
    with pytest.raises(UsageError, match=r"^a: "):
        fields_of({"a": object()})
    with pytest.raises(UsageError, match=r"^a: "):
        fields_of({"a": {"b": "\ud800"}})
    with pytest.raises(UsageError, match=r"^a: "):
        Form([("a", "\ud800")], [])
