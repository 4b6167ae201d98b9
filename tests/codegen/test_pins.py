"""Pins: prose may change without a word, facts may not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from codegen.pins import differences
from codegen.read_proto import read_protos

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "protos", tmp_path / "protos")
    return tmp_path


def changed(project: Path, file: str, old: str, new: str) -> list[str]:
    path = project / "protos" / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    return differences(project, read_protos(project / "protos").descriptors)


def test_the_definitions_are_as_they_were_pinned(project: Path) -> None:
    assert differences(project, read_protos(project / "protos").descriptors) == []


def test_prose_is_free(project: Path) -> None:
    assert (
        changed(project, "xai/api/v1/usage.proto", "message SamplingUsage {", "// More.\nmessage SamplingUsage {") == []
    )


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("xai/api/v1/usage.proto", "int32 prompt_tokens = 2;", "int64 prompt_tokens = 2;"),
        ("openapi/tokenizer.yaml", "/v1/tokenize-text", "/v2/tokenize-text"),
    ],
)
def test_facts_are_told_with_the_line_to_paste(project: Path, file: str, old: str, new: str) -> None:
    (line,) = changed(project, file, old, new)
    name, paste = line.splitlines()[0].split()[0], line.splitlines()[1].strip()
    assert name == file
    sources = project / "protos" / "SOURCES.toml"
    text = "\n".join(paste if x.startswith(f'"{file}"') else x for x in sources.read_text("utf-8").splitlines())
    sources.write_text(text, "utf-8")
    assert differences(project, read_protos(project / "protos").descriptors) == []


def test_a_file_that_is_gone_or_new_is_told(project: Path) -> None:
    (project / "protos" / "openapi" / "tokenizer.yaml").rename(project / "protos" / "openapi" / "words.yaml")
    lines = differences(project, read_protos(project / "protos").descriptors)
    assert [line.split(";")[0] for line in lines] == [
        "openapi/tokenizer.yaml is pinned but gone",
        "openapi/words.yaml is not pinned",
    ]
