"""What is loaded when, in processes of their own."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import xai_dual
from xai_dual.emulator import Server

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "xai_dual"
LOADED = """
import sys
def loaded(*names):
    return sorted(name for name in names if any(m == name or m.startswith(name + '.') for m in sys.modules))
"""
CHAT = """
from xai_dual import Client, AsyncClient
def chat(transport):
    with Client(transport=transport, base_url=sys.argv[1], api_key=sys.argv[2]) as client:
        assert client.chat.create(model='grok-4', messages='What is 101*3?').text == '101 multiplied by 3 is 303.'
        for chunk in client.chat.stream(model='grok-4', messages='Hi'):
            pass
        client.models.list_language(), client.images.generate(model='grok-imagine-image', prompt='x')
"""


def run(code: str, *arguments: str, flags: tuple[str, ...] = ("-W", "error")) -> str:
    command = [sys.executable, *flags, "-c", LOADED + code, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


HEAVY = "'grpc', 'httpx', 'google.protobuf', 'orjson', 'anyio', 'xai_dual.types', 'xai_dual._gen'"


def test_need_20_the_package_is_light() -> None:
    assert run(f"import xai_dual; dir(xai_dual); print(loaded({HEAVY}))") == "[]"


def test_need_20_names_are_light() -> None:
    code = (
        "from xai_dual import Timeout, UsageError, user, tool, Meta; print(loaded('grpc', 'httpx', 'google.protobuf'))"
    )
    assert run(code) == "[]"


COUNTING = """
import attr._make as making
made = []
build = making._ClassBuilder.build_class
making._ClassBuilder.build_class = lambda self: made.append(self._cls) or build(self)
"""
SLOW = (
    "'asyncio', 'concurrent', 'email', 'grpc', 'httpcore', 'httpx', 'google.protobuf', 'anyio', 'json', 'logging',"
    "'msgspec', 'orjson', 'pathlib', 'socket', 'ssl', 'subprocess', 'uuid', 'xai_dual._async', 'xai_dual._gen'"
)


def test_need_20_a_client_and_a_message_are_light() -> None:
    """Making a class takes some 0.3 ms, and asyncio, ssl or orjson 5 to 15."""
    code = f"from xai_dual import Client, user; Client(api_key='k', transport='rest'); user('x'); print(loaded({SLOW}))"
    assert run(code) == "[]"
    assert int(run(COUNTING + code + "; print(len(made))").splitlines()[-1]) <= 18


@pytest.mark.parametrize("transport", ["rest", "grpc"])
def test_need_20_a_first_answer_loads_what_it_needs(server: Server, transport: str) -> None:
    """httpcore loads anyio, and grpc loads asyncio and ssl; beyond what they bring there is little."""
    code = COUNTING + (
        "from xai_dual import Client\n"
        "with Client(transport=sys.argv[3], base_url=sys.argv[1], api_key=sys.argv[2]) as client:\n"
        "    client.chat.create(model='grok-4', messages='What is 101*3?')\n"
        "print(loaded('asyncio', 'email', 'httpx', 'msgspec', 'jiter', 'orjson', 'xai_dual._async',"
        "'xai_dual._gen.json', 'xai_dual._gen.proto', 'xai_dual._gen.fold', 'xai_dual.types.tools',"
        "'xai_dual.types.chat_tools', 'xai_dual.types.documents', 'xai_dual.content'))\n"
        "print(len(made))"
    )
    names, count = run(code, server.url, server.api_key, transport).splitlines()
    expected = {
        "rest": "['orjson', 'xai_dual._gen.json']",
        "grpc": "['asyncio', 'xai_dual._gen.proto']",
    }
    assert names == expected[transport]
    assert int(count) <= 42


def test_types_of_a_part_are_offered_by_the_whole() -> None:
    """`types.chat` loads its parts when they are asked for; where a class stands is its own business."""
    code = (
        "from xai_dual.types import chat; print(loaded('xai_dual.types.chat_tools'))\n"
        "assert all(getattr(chat, name) is not None for name in chat.__all__)\n"
        "assert set(dir(chat)) >= set(chat.__all__)\n"
        "from xai_dual.types.chat import *\n"
        "from xai_dual.types.chat import WebSearch, SearchParameters as S\n"
        "from xai_dual.types.chat_tools import SearchParameters\n"
        "assert S is SearchParameters and Tool is chat.Tool"
    )
    assert run(code) == "[]"


@pytest.mark.parametrize("name", ["Client", "AsyncClient"])
def test_need_20_making_a_client_is_light(name: str) -> None:
    code = f"import xai_dual; c = xai_dual.{name}(api_key='k'); c.chat, c.models, c.images; print(loaded({HEAVY}))"
    assert run(code) == "['xai_dual._gen', 'xai_dual.types']"


def test_rest_needs_neither_grpc_nor_protobuf(server: Server) -> None:
    code = CHAT + "chat('rest'); print(loaded('grpc', 'google.protobuf', 'httpx', 'httpcore'))"
    assert run(code, server.url, server.api_key) == "['httpcore']"


def test_grpc_needs_nothing_of_http(server: Server) -> None:
    code = CHAT + "chat('grpc'); print(loaded('grpc', 'google.protobuf', 'httpx', 'httpcore'))"
    assert run(code, server.url, server.api_key) == "['google.protobuf', 'grpc']"


def test_rest_works_without_grpcio(server: Server) -> None:
    code = """
sys.modules['grpc'] = sys.modules['google.protobuf'] = None
import importlib.util, importlib.machinery
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == 'grpc' else find(name, package)
"""
    code += CHAT + "chat('rest'); chat('auto')\nimport xai_dual\n"
    code += "try: Client(transport='grpc', api_key='k')\nexcept xai_dual.UsageError as error: print(error)"
    assert "pip install grpcio" in run(code, server.url, server.api_key)


THEIRS = """
import xai_sdk, xai_sdk.chat
def theirs():
    with xai_sdk.Client(api_key=sys.argv[2], api_host=sys.argv[1].split('//')[1], use_insecure_channel=True) as client:
        chat = client.chat.create(model='grok-4', messages=[xai_sdk.chat.user('What is 101*3?')])
        assert chat.sample().content == '101 multiplied by 3 is 303.'
"""


@pytest.mark.parametrize("order", ["theirs first", "ours first"])
def test_need_04_beside_xai_sdk(server: Server, order: str) -> None:
    """Both have the same messages; ours live in a pool of their own."""
    pytest.importorskip("xai_sdk", reason="a development dependency")
    parts = (THEIRS + "theirs()\n", CHAT + "chat('grpc')\n")
    code = "".join(parts if order == "theirs first" else parts[::-1]) + "theirs(); chat('grpc'); chat('rest')"
    run(code, server.url, server.api_key, flags=())


def test_all_is_what_there_is() -> None:
    names = xai_dual.__all__
    assert len(names) == len(set(names))
    assert set(dir(xai_dual)) >= set(names)
    for name in names:
        assert getattr(xai_dual, name) is not None
    found = run("import xai_dual; print(*(n for n in dir(xai_dual) if not n.startswith('_')))").split()
    allowed = {"annotations", "import_module", "TYPE_CHECKING", "Any", "errors"}
    assert set(found) - allowed == {name for name in names if not name.startswith("_")}
    with pytest.raises(AttributeError, match="nope"):
        xai_dual.nope  # type: ignore[attr-defined] # noqa: B018
    with pytest.raises(ImportError):
        from xai_dual import nope  # type: ignore[attr-defined] # noqa: F401


def imports(path: Path) -> Iterator[str]:
    """Modules that a file imports, also by name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("import_module", "__import__"):
                yield str(node.args[0].value)


ALLOWED = {
    "grpc": {"_async/channels.py", "_async/_io.py", "_sync/channels.py", "_sync/_io.py", "_processes.py", "_trust.py"},
    "httpcore": {
        *("_async/http_connect.py", "_async/http_pool.py", "_async_http.py"),
        *("_sync/http_connect.py", "_sync/http_pool.py", "_sync/_io.py"),
    },
}


@pytest.mark.parametrize("library", ALLOWED)
def test_only_transports_know_the_wires(library: str) -> None:
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if any(name.partition(".")[0] == library for name in imports(path))
    }
    users = {name for name in users if not name.startswith("emulator/")}  # a server
    assert users
    assert users <= ALLOWED[library]


def test_the_emulator_knows_nothing_of_the_client() -> None:
    for path in (PACKAGE / "emulator").rglob("*.py"):
        for name in imports(path):
            assert not name.startswith("xai_dual") or name.startswith("xai_dual.emulator"), (path, name)
