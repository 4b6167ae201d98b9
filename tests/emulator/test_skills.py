"""Skills: upload, list, read, download, delete."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import httpx
import pytest

from .schemas import check

SKILLS = "/v1/skills"
MANUAL = b"---\nname: %s\ndescription: Counts things\n---\n# How\n"


def upload(rest: httpx.Client, *files: tuple[str, bytes], field: str = "files[]") -> httpx.Response:
    return rest.post(SKILLS, files=[(field, (name, data, "application/octet-stream")) for name, data in files])


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_life_of_a_skill(rest: httpx.Client) -> None:
    files = {"count/SKILL.md": MANUAL % b"counting", "count/run.py": b"print(1)\n"}
    made = upload(rest, *files.items())
    assert made.status_code == 200, made.text
    skill = made.json()
    check("Skill", skill)
    assert (skill["name"], skill["description"], skill["object"]) == ("counting", "Counts things", "skill")
    path = f"{SKILLS}/{skill['id']}"
    assert rest.get(path).json() == skill
    content = rest.get(f"{path}/content")
    assert content.headers["content-type"] == "application/zip"
    assert unpacked(content.content) == files
    again = upload(rest, ("bundle.zip", content.content), field="files").json()
    assert unpacked(rest.get(f"{SKILLS}/{again['id']}/content").content) == files
    gone = rest.delete(path).json()
    check("DeletedSkill", gone)
    assert gone == {"id": skill["id"], "object": "skill.deleted", "deleted": True}
    for answer in (rest.get(path), rest.delete(path), rest.get(f"{path}/content")):
        assert answer.status_code == 404


def test_list(rest: httpx.Client) -> None:
    made = [upload(rest, ("SKILL.md", MANUAL % f"list-{number}".encode())).json() for number in range(5)]
    ids = [skill["id"] for skill in made]

    def pages(**given: Any) -> list[str]:
        seen: list[str] = []
        while True:
            found = rest.get(SKILLS, params={**given, **({"after": seen[-1]} if seen else {})}).json()
            check("SkillList", found)
            seen += [skill["id"] for skill in found["data"]]
            assert (found["first_id"], found["last_id"]) == (found["data"][0]["id"], seen[-1])
            if not found["has_more"]:
                return [name for name in seen if name in ids]

    assert pages(limit=2) == ids[::-1]
    assert pages(limit=2, order="asc") == ids
    assert pages() == ids[::-1]
    for bad in ({"limit": 0}, {"limit": 101}, {"order": "x"}, {"after": "x"}):
        assert rest.get(SKILLS, params=bad).status_code == 400, bad


@pytest.mark.parametrize(
    "files",
    [
        [],
        [("README.md", b"x")],
        [("SKILL.md", b"no head")],
        [("SKILL.md", b"---\nname: x\n---\n")],
        [("skill.zip", b"no archive")],
    ],
)
def test_refused(rest: httpx.Client, files: list[tuple[str, bytes]]) -> None:
    answer = upload(rest, *files) if files else rest.post(SKILLS, files={"other": b"x"})
    assert answer.status_code == 400
    assert answer.json().keys() == {"code", "error"}


def test_not_a_form(rest: httpx.Client) -> None:
    assert rest.post(SKILLS, json={}).status_code == 400
    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert rest.post(SKILLS, content=b"nonsense", headers=headers).status_code == 400


def test_paths_stay_inside(rest: httpx.Client) -> None:
    made = upload(rest, ("SKILL.md", MANUAL % b"inside"), ("../../etc/passwd", b"x")).json()
    assert set(unpacked(rest.get(f"{SKILLS}/{made['id']}/content").content)) == {"SKILL.md", "etc/passwd"}
