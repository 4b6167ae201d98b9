"""The examples run as they are, over both wires, against the emulator: what they print, which REST routes they take."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from xai_dual.emulator import Server, serve

from .relay import PATH, Relay

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"

CHAT = "POST /v1/chat/completions"
RESPONSES = "POST /v1/responses"


@attrs.frozen
class Expected:
    """What an example does."""

    printed: str
    rest: tuple[str, ...] = (CHAT,)
    """The routes that it takes on REST, each once, in the order of their first use."""
    grpc: tuple[str, ...] = ()
    """Those that it takes when gRPC is asked for: of examples that use both wires."""


EXPECTED = {
    "ask": Expected(
        """
        101 multiplied by 3 is 303.
        ended by: stop
        48 tokens, 0.000412 USD
        """
    ),
    "stream": Expected(
        """
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
        ended by: stop
        46 tokens
        stopped after: 1, 2, 3, 4, 5, 6, 7,
        complete: False
        """
    ),
    "events": Expected(
        """
        The user wrote 10 words. A short, direct reply is best.
        [web_search {"query": "Search the web: which programming languages have official xAI SDKs?"}]
        You wrote: "Search the web: which programming languages have official xAI SDKs?". I am an emulator, \
so this is all I know about it. I searched the web.[[1]](https://docs.x.ai/1)[[2]](https://github.com/2)
        source: https://docs.x.ai/1
        source: https://github.com/2
        tokens: 121
        ended by: stop
        """,
        rest=(RESPONSES,),
    ),
    "functions": Expected(
        """
        calls get_weather {"city": "Bergen", "unit": "celsius"}
        calls get_tides {"harbour": "Bergen", "days": 1}
        get_weather returned: {"degrees":11,"sky":"rain"}; \
get_tides returned: error: LookupError: no tide gauge at Bergen.
        2 turns, 0.001784 USD
        """
    ),
    "functions_async": Expected(
        """
        get_price returned: 12.5; get_rating returned: ACME: hold.
        2 turns; the first asked for get_price and get_rating
        """
    ),
    "manual_tools": Expected(
        """
        asked for: get_order {"number": 4711}
        get_order returned: {"number":4711,"state":"on its way, here tomorrow"}.
        """
    ),
    "structured": Expected(
        """
        cut after 15 tokens: '{"title": "Emma", "author": "Jane'
        'Emma' by Jane Austen, 474 pages: comedy, romance
        """
    ),
    "structured_stream": Expected(
        """
        {}
        {'city': ''}
        {'city': 'Lisbon'}
        {'city': 'Lisbon', 'days': 3}
        {'city': 'Lisbon', 'days': 3, 'sights': []}
        {'city': 'Lisbon', 'days': 3, 'sights': ['']}
        {'city': 'Lisbon', 'days': 3, 'sights': ['Belem']}
        {'city': 'Lisbon', 'days': 3, 'sights': ['Belem', '']}
        {'city': 'Lisbon', 'days': 3, 'sights': ['Belem', 'Alfama']}
        {'city': 'Lisbon', 'days': 3, 'sights': ['Belem', 'Alfama', '']}
        {'city': 'Lisbon', 'days': 3, 'sights': ['Belem', 'Alfama', 'Sintra']}
        Lisbon, 3 days: Belem, Alfama, Sintra
        """
    ),
    "images": Expected(
        """
        You wrote: "Which logo is this?". I was given 1 image. I am an emulator, so this is all I know about it.
        You wrote: "Which colours are in this picture?". I was given 1 image. I am an emulator, \
so this is all I know about it.
        You wrote: "Which picture is larger? The first: The second:". I was given 2 images. I am an emulator, \
so this is all I know about it.
        """
    ),
    "files": Expected(
        """
        minutes.txt: 94 bytes
        You wrote: "When does the new crane arrive?". I was given 1 file. I am an emulator, \
so this is all I know about it.
        gone: not_found
        """,
        rest=("POST /v1/files", CHAT, "DELETE /v1/files/{id}", "GET /v1/files/{id}"),
    ),
    "server_tools": Expected(
        """
        You wrote: "Search the web: what is new in the xAI API?". I am an emulator, \
so this is all I know about it. I searched the web.[[1]](https://docs.x.ai/1)[[2]](https://x.ai/2)
        [1] at 127: https://docs.x.ai/1
        [2] at 153: https://x.ai/2
        sources: https://docs.x.ai/1, https://x.ai/2
        2 to the power of 64 is 18446744073709551616. The code printed: 18446744073709551616
        the service ran code_execution {"code": "result = '18446744073709551616'\\nprint(result)\\n"}
        """,
        rest=(RESPONSES,),
    ),
    "conversation": Expected(
        """
        You wrote: "My name is Ann.". I am an emulator, so this is all I know about it.
        7 multiplied by 6 is 42.
        gRPC: There are 6 messages so far.
        REST: My name is Ann.
          system: You are a librarian. Be brief.
          user: My name is Ann.
          assistant: You wrote: "My name is Ann.". I am an emulator, so this is all I know about it.
          user: What is 7*6?
          assistant: 7 multiplied by 6 is 42.
          user: How many messages so far?
          assistant: There are 6 messages so far.
          user: What did I say first?
          assistant: My name is Ann.
        """,
        grpc=(CHAT,),
    ),
    "stored": Expected(
        """
        You wrote: "My favourite number is 12.". I am an emulator, so this is all I know about it.
        My favourite number is 12.
        kept: True
        gone: not_found
        """,
        rest=(RESPONSES, "GET /v1/responses/{id}", "DELETE /v1/responses/{id}"),
    ),
    "compact": Expected(
        """
        4 messages condensed
        You wrote: "How many roses shall I buy?". I am an emulator, so this is all I know about it.
        system, user, assistant, user, assistant, user, assistant
        assistant, system, user, assistant
        """,
        rest=("POST /v1/responses/compact", RESPONSES, CHAT),
    ),
    "deferred": Expected(
        """
        started
        ... pending
        ... done
        19 multiplied by 21 is 399.
        """,
        rest=(CHAT, "GET /v1/chat/deferred-completion/{id}"),
    ),
    "reasoning": Expected(
        """
        thought: The user wants a sum. 17 multiplied by 23 is 391. I state the result.
        said: 17 multiplied by 23 is 391.
        tokens of reasoning: 18
        sealed: True
        said: What is 17*23?
        """,
        rest=(RESPONSES,),
    ),
    "async_many": Expected(
        """
        What is 12*12? 12 multiplied by 12 is 144.
        What is 2**16? 2 to the power of 16 is 65536.
        What is 1000/8? 1000 divided by 8 is 125.
        """
    ),
    "transports": Expected(
        """
        gRPC: 6 multiplied by 7 is 42.
          grpc, xai_api.Chat/GetCompletion, attempts: 1
        REST: 6 multiplied by 7 is 42.
          rest, POST /v1/chat/completions, attempts: 1
        REST, responses: 6 multiplied by 7 is 42.
          rest, POST /v1/responses, attempts: 1
        the same over both wires: True
        """,
        rest=(CHAT, RESPONSES, "GET /v1/responses/{id}", "DELETE /v1/responses/{id}"),
        grpc=(CHAT, RESPONSES, "GET /v1/responses/{id}", "DELETE /v1/responses/{id}"),
    ),
    "gateway": Expected(
        """
        8 multiplied by 9 is 72.
        by POST /v1/chat/completions
        not sent: store: cannot be sent over rest: only POST /v1/responses carries it, \
and rest_route='completions' takes POST /v1/chat/completions
        """,
        rest=(f"POST {PATH}/v1/chat/completions",),
        grpc=(f"POST {PATH}/v1/chat/completions",),
    ),
    "errors": Expected(
        """
        key: unauthenticated - id for support: yes
        model: The model grok-0 does not exist or your team does not have access to it. Please ensure \
you're using the correct model name and that your team's access includes it.
        request: InvalidRequestError: temperature must be between 0 and 2; got 9.
        time: the timer total ran out
        address: 2 attempts, maybe sent: False
        arguments: messages: must hold at least one message
        transport: logit_bias: cannot be sent over grpc: transport='rest' can
        """
    ),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve() as running:
        yield running


@pytest.fixture(scope="module")
def relay(server: Server) -> Iterator[Relay]:
    with Relay(server.target) as running:
        yield running


@pytest.fixture(params=["grpc", "rest"])
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def run(name: str, wire: str, server: Server, relay: Relay, folder: Path, *arguments: str) -> str:
    """What an example prints. Warnings are errors, but for clients that end with their process."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("XAI_")}
    environment |= {
        "PYTHONPATH": str(ROOT),
        "XAI_API_KEY": server.api_key,
        "XAI_BASE_URL": relay.url,
        "XAI_TRANSPORT": wire,
        "EXAMPLE_GATEWAY_URL": relay.url + PATH,
    }
    relay.seen.clear()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore::ResourceWarning", EXAMPLES / f"{name}.py", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert list(folder.iterdir()) == []  # nothing is left behind
    return done.stdout


@pytest.mark.parametrize("name", EXPECTED)
def test_runs(name: str, wire: str, server: Server, relay: Relay, tmp_path: Path) -> None:
    expected = EXPECTED[name]
    assert run(name, wire, server, relay, tmp_path) == textwrap.dedent(expected.printed).lstrip("\n")
    assert tuple(dict.fromkeys(relay.seen)) == (expected.rest if wire == "rest" else expected.grpc)


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        (
            "Refuse: I write no books.",
            {"rest": "refused: I write no books.\n", "grpc": "no book: 'I write no books.'\n"},
        ),
        ('Describe "Emma" in broken JSON.', 'no book: \'{"title": "Emma", '),
        (
            'Describe "Emma" in wrong JSON.',
            "no book: '{\"unexpected\": true}'\nThe answer is no Book: title: is missing",
        ),
    ],
    ids=["refused", "broken", "wrong"],
)
def test_structured_fails(
    question: str, begins: str | dict[str, str], wire: str, server: Server, relay: Relay, tmp_path: Path
) -> None:
    printed = run("structured", wire, server, relay, tmp_path, question)
    assert printed.startswith(begins if isinstance(begins, str) else begins[wire])


def test_stream_breaks(wire: str, server: Server, relay: Relay, tmp_path: Path) -> None:
    server.inject(action="end", after_chunks=30)
    printed = run("stream", wire, server, relay, tmp_path)
    assert re.match(r"1, 2, 3, [\d, ]*\nbroke off: The stream ended before its answer was complete", printed)
    assert "\nended by: None\n" in printed


def test_all_are_known() -> None:
    scripts = sorted(path.stem for path in EXAMPLES.glob("*.py"))
    assert scripts == sorted(EXPECTED)
    listed = re.findall(r"^\| \[(\w+)\.py\]\(\1\.py\) \|", (EXAMPLES / "README.md").read_text("utf-8"), re.MULTILINE)
    assert listed == list(EXPECTED)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_is_short(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert 15 <= len(lines) <= 45
    assert re.fullmatch(r'"""[A-Z].*\."""|"""[A-Z].*\)"""', lines[0])
