"""Async source -> sync source."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from codegen.errors import DefinitionError
from codegen.unasync import WORDS, Rewriter, rewrite_tree


def sync(source: str) -> str:
    """The sync twin of a module; both must be Python."""
    ast.parse(dedent(source))
    twin = Rewriter().rewrite(dedent(source))
    ast.parse(twin)
    return twin


@pytest.mark.parametrize(
    ("source", "twin"),
    [
        ("async def f(): pass", "def f(): pass"),
        ("async def f(): return await g(await h())", "def f(): return g(h())"),
        ("async def f():\n    async with x as y: pass", "def f():\n    with x as y: pass"),
        ("async def f():\n    async for x in y: pass", "def f():\n    for x in y: pass"),
        ("async def f(): return [x async for x in y if await x]", "def f(): return [x for x in y if x]"),
        ("async def f():\n    await (\n        g()\n    )", "def f():\n    (\n        g()\n    )"),
        ("class AsyncStream: pass", "class Stream: pass"),
        ("class _AsyncStream: pass", "class _Stream: pass"),
        ("x: AsyncIterator[AsyncClient]", "x: Iterator[Client]"),
        ("def __aiter__(self): pass", "def __iter__(self): pass"),
        ("def __anext__(self): raise StopAsyncIteration", "def __next__(self): raise StopIteration"),
        ("def __aenter__(self): pass", "def __enter__(self): pass"),
        ("def __aexit__(self): pass", "def __exit__(self): pass"),
        ("x.aclose()", "x.close()"),
        ("aclose_all, Async, asyncio, run_async = 1, 2, 3, 4", "aclose_all, Async, asyncio, run_async = 1, 2, 3, 4"),
        ("x: 'AsyncClient'", "x: 'Client'"),
        ("x = f'{AsyncClient}'", "x = f'{Client}'"),
        ("x = 1  # await the AsyncClient", "x = 1  # await the AsyncClient"),
        ("def f():\n    'An `AsyncClient`; `aclose` it.'", "def f():\n    'An `Client`; `close` it.'"),
    ],
)
def test_rules(source: str, twin: str) -> None:
    assert sync(source) == twin


def test_docstrings_over_several_lines() -> None:
    source = '''
    class AsyncX:
        """Opens an `AsyncClient`.

        Call `aclose`, or StopAsyncIteration comes; async and await stay words of prose.
        """
    '''
    assert sync(source).splitlines()[1:] == [
        "class X:",
        '    """Opens an `Client`.',
        "",
        "    Call `close`, or StopIteration comes; async and await stay words of prose.",
        '    """',
    ]


@pytest.mark.parametrize(
    ("source", "twin"),
    [
        ('x = AsyncThing("""a\nAsyncB""")', 'x = Thing("""a\nB""")'),
        (
            'x = AsyncThing("""a\nAsyncB""", AsyncC, """d\nAsyncE""").aclose()',
            'x = Thing("""a\nB""", C, """d\nE""").close()',
        ),
        ('async def f(): return await g("""\n""", await h)', 'def f(): return g("""\n""", h)'),
    ],
)
def test_code_beside_a_long_string(source: str, twin: str) -> None:
    assert sync(source) == twin


def test_what_is_not_async_stays_byte_by_byte() -> None:
    source = "# café\r\n\n\nx = {'a' :1}\t# odd  layout\n\n" + 'y = """\n\ttabs  \n"""\n'
    assert Rewriter().rewrite(source) == source


EVERYTHING = '"""Docs."""\n\nasync def f(self):\n    await x\n    ' + "; ".join(WORDS) + "\n"


def test_a_tree_gets_paths_and_a_banner() -> None:
    twins = rewrite_tree({"xai_dual/_async/a.py": EVERYTHING, "tests/x/_async/__init__.py": '"""One."""\n'}, "# BANNER")
    assert list(twins) == ["xai_dual/_sync/a.py", "tests/x/_sync/__init__.py"]
    assert twins["xai_dual/_sync/a.py"].startswith('"""Docs."""\n\n# BANNER\n\ndef f(self):\n')
    assert all(twin.count("# BANNER") == 1 for twin in twins.values())


@pytest.mark.parametrize("word", ["aclose", "__aexit__", "StopAsyncIteration", "await"])
def test_a_rule_that_serves_nowhere_is_an_error(word: str) -> None:
    source = EVERYTHING.replace(f"{word}; ", "").replace(f"; {word}", "").replace("    await x\n", "") \
        if word == "await" else EVERYTHING.replace(f"{word}; ", "").replace(f"; {word}", "")  # fmt: skip
    with pytest.raises(DefinitionError, match=rf"no source has {word}: remove the rules"):
        rewrite_tree({"xai_dual/_async/a.py": source}, "# BANNER")
