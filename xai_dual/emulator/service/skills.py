"""Skills: bundles of files with a ``SKILL.md`` that says what they are for."""

from __future__ import annotations

import io
import re
import uuid
import zipfile
from dataclasses import dataclass

from xai_dual.emulator.errors import invalid, not_found, too_large
from xai_dual.emulator.service.forms import CREATED
from xai_dual.emulator.service.lists import Page, page

_MANUAL = "SKILL.md"
MAX_BYTES = 25 * 1024 * 1024
_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"^(name|description):[ \t]*(.*?)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Skill:
    """A stored skill. The emulator keeps one version of each."""

    id: str
    name: str
    description: str
    created: int
    archive: bytes
    version: str = "1"


class Skills:
    """All skills, oldest first."""

    def __init__(self) -> None:
        self._skills: dict[str, Skill] = {}
        self._made = 0

    def upload(self, files: list[tuple[str, bytes]]) -> Skill:
        """Make a skill of its files, or of one ZIP archive."""
        if sum(len(data) for _, data in files) > MAX_BYTES:
            raise too_large(f"A skill may have at most {MAX_BYTES} bytes.")
        if len(files) == 1 and files[0][0].lower().endswith(".zip"):
            files = _unpacked(files[0][1])
        found = _described(files)
        self._made += 1
        created = CREATED + self._made  # one second apart, so that their order can be seen
        skill = Skill(f"skill_{uuid.uuid4().hex}", *found, created, _packed(files))
        self._skills[skill.id] = skill
        return skill

    def get(self, name: str) -> Skill:
        """A skill, or NOT_FOUND."""
        found = self._skills.get(name)
        if found is None:
            raise not_found(f"Skill {name} not found.")
        return found

    def delete(self, name: str) -> str:
        """Remove a skill; its id."""
        self.get(name)
        del self._skills[name]
        return name

    def list(self, after: str, limit: int | None, order: str) -> Page[Skill]:
        """One page of skills."""
        return page(list(self._skills.values()), lambda skill: skill.id, after, 100 if limit is None else limit, order)


def _described(files: list[tuple[str, bytes]]) -> tuple[str, str]:
    """Name and purpose out of the head of the manual."""
    manual = next((data for path, data in files if path.rpartition("/")[2].upper() == _MANUAL.upper()), None)
    if manual is None:
        raise invalid(f"A skill must have a file {_MANUAL}.")
    front = _FRONT.match(manual.decode("utf-8", "replace"))
    fields = {name: value.strip("\"'") for name, value in _FIELD.findall(front.group(1))} if front else {}
    if not fields.get("name") or not fields.get("description"):
        raise invalid(f"{_MANUAL} must begin with a head that has a name and a description.")
    return fields["name"], fields["description"]


def _packed(files: list[tuple[str, bytes]]) -> bytes:
    """A ZIP archive that is the same for the same files."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in sorted(files):
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), data)
    return target.getvalue()


def _unpacked(data: bytes) -> list[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if sum(entry.file_size for entry in entries) > MAX_BYTES:
                raise too_large(f"A skill may have at most {MAX_BYTES} bytes.")
            return [(entry.filename, archive.read(entry)) for entry in entries]
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
        raise invalid("The archive of the skill is no valid ZIP file.") from None
