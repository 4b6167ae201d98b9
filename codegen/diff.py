"""`python -m codegen diff OLD NEW`: what changed between two versions of the definitions, and what that breaks.

Facts are compared, not texts. Each version is a folder or a git revision of the project.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import attrs
import yaml

from .diff_proto import compare_protos
from .diff_rest import compare_openapi
from .diff_words import LEVELS, Change, printable, text
from .errors import DefinitionError
from .raw import Definitions
from .read_openapi import read_openapi
from .read_proto import read_protos

_MISSHAPEN = (AttributeError, KeyError, TypeError, ValueError, IndexError, RecursionError)
"""What comes of a definition with, say, a list in place of a name: readers trust the shape of what they read."""


def run(root: Path, old: str, new: str, as_json: bool = False) -> int:
    """Print the differences; the exit status: 0 nothing breaks, 1 something does, 2 a version cannot be read."""
    try:
        changes = _compare(read_version(root, old), read_version(root, new))
    except DefinitionError as error:
        print(f"codegen diff: {printable(str(error))}", file=sys.stderr)
        return 2
    said = json.dumps([attrs.asdict(change) for change in changes], indent=2) if as_json else text(changes)
    try:
        print(said, flush=True)
    except BrokenPipeError:  # the reader has seen enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1 if any(change.level == "breaking" for change in changes) else 0


def diff(old: Definitions, new: Definitions) -> tuple[Change, ...]:
    """Every difference, sorted: by file, by level, by name."""
    found = {*compare_protos(old.protos, new.protos), *compare_openapi(old.openapi, new.openapi)}
    return tuple(sorted(found, key=lambda c: (c.file, LEVELS.index(c.level), c.where, c.kind, c.change)))


def _compare(old: Definitions, new: Definitions) -> tuple[Change, ...]:
    try:
        return diff(old, new)
    except _MISSHAPEN as error:
        raise DefinitionError(f"some definition is not shaped as OpenAPI ({_told(error)})") from error


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def read_version(root: Path, name: str) -> Definitions:
    """The definitions in a folder, or in a git revision of the project at `root`."""
    if (folder := _folder(name)) is not None:
        return _read(folder, name)
    with tempfile.TemporaryDirectory() as scratch:
        _extract(root, name, Path(scratch))
        return _read(Path(scratch) / "protos", f"{name}:protos")


def _folder(name: str) -> Path | None:
    """The folder of that name, or `protos` in it."""
    try:
        return next((path for path in (Path(name, "protos"), Path(name)) if name and path.is_dir()), None)
    except (OSError, ValueError):  # nothing can be called so
        return None


def _extract(root: Path, revision: str, folder: Path) -> None:
    """Write the definitions of a revision to `folder`."""
    unknown = f"{revision!r} is neither a folder nor a git revision of {root}"
    if revision.startswith("-") or "\0" in revision:
        raise DefinitionError(unknown)
    commit = _git(root, unknown, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
    packed = _git(root, f"revision {revision!r} has no folder protos", "archive", "--format=tar", commit, "protos")
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is not None:
                path = folder / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.read())


def _git(root: Path, problem: str, *arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True)
    except OSError as error:
        raise DefinitionError(f"{problem} (git cannot be run: {error.strerror})") from error
    if done.returncode:
        raise DefinitionError(problem)
    return done.stdout


def _read(folder: Path, name: str) -> Definitions:
    """The definitions in `folder`, which messages call `name`; whatever is wrong there is one DefinitionError."""
    said: list[str] = []
    try:
        with _stderr_lines(said):
            protos = read_protos(folder)
        return Definitions(protos, read_openapi(folder / "openapi"))
    except DefinitionError as error:
        # protoc says more than the reader, which only knows that it failed
        problem = next((x for x in said if ".proto:" in x and "warning:" not in x), str(error))
    except OSError as error:
        problem = f"a file cannot be read: {error}"
    except (yaml.YAMLError, *_MISSHAPEN) as error:
        problem = _bad_yaml(folder) or f"openapi/*.yaml is not shaped as OpenAPI ({_told(error)})"
    problem = problem.replace(f"{folder}/", "").replace(str(folder), name)
    raise DefinitionError(f"{name}: {' '.join(problem.split())}")


def _bad_yaml(folder: Path) -> str | None:
    """The first file that is not YAML, with the line."""
    problems = (_yaml_problem(path) for path in sorted((folder / "openapi").glob("*.yaml")))
    return next((problem for problem in problems if problem), None)


def _yaml_problem(path: Path) -> str | None:
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:  # not text, no date, no key, no end
        mark, what = getattr(error, "problem_mark", None), getattr(error, "problem", None) or error
        return f"openapi/{path.name}{f':{mark.line + 1}' if mark else ''} is not YAML: {what}"
    return None if isinstance(document, dict) else f"openapi/{path.name} is not a mapping"


@contextmanager
def _stderr_lines(lines: list[str]) -> Iterator[None]:
    """Catch what native code writes to the standard error stream: protoc explains itself only there."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as scratch:
        os.dup2(scratch.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            scratch.seek(0)
            lines += scratch.read().decode("utf-8", "replace").splitlines()
