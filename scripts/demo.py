"""One question over gRPC and over REST: streamed live, then both answers side by side, and whether they are equal."""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import attrs
from rich.columns import Columns
from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.table import Table

from xai_dual import Client, XaiError, same
from xai_dual.types.chat import ChatCompletion

CHUNK_PAUSE_MS = 40
"""The emulator pauses that long between chunks, so that one can see them come."""


@attrs.define
class Run:
    """What one transport gave."""

    transport: str
    text: str = ""
    chunks: int = 0
    first_event: float = 0.0  # seconds
    stream_total: float = 0.0
    unary_total: float = 0.0
    unary: ChatCompletion | None = None
    streamed: ChatCompletion | None = None
    error: str = ""


def main() -> int:
    arguments = parse()
    console = Console()
    transports = [arguments.transport] if arguments.transport else ["grpc", "rest"]
    with service(arguments.live) as (url, key):
        console.print(f"[bold]{arguments.prompt}[/bold]  ({arguments.model} at {url})")
        runs = [Run(name) for name in transports]
        clients = [Client(base_url=url, api_key=key, transport=name) for name in transports]
        stream_all(console, clients, runs, arguments)
        for client, run in zip(clients, runs, strict=True):
            ask(client, run, arguments)
            client.close()
    return report(console, runs, arguments.live)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--prompt", default="What is 101*3?")
    parser.add_argument("--model", default="grok-4")
    parser.add_argument("--transport", choices=["grpc", "rest"], help="only this one; both if not given")
    parser.add_argument("--live", action="store_true", help="ask api.x.ai with XAI_API_KEY, which costs money")
    return parser.parse_args()


@contextmanager
def service(live: bool) -> Iterator[tuple[str, str]]:
    """(address, key) of the service to ask: the local emulator, or api.x.ai where that was asked for."""
    if live:
        key = os.environ.get("XAI_API_KEY")
        if not key:
            raise SystemExit("--live needs XAI_API_KEY; keys are made at https://console.x.ai")
        yield os.environ.get("XAI_BASE_URL", "https://api.x.ai"), key
        return
    from xai_dual.emulator import serve

    with serve() as server:
        yield server.url, server.api_key


def stream_all(console: Console, clients: list[Client], runs: list[Run], arguments: argparse.Namespace) -> None:
    """Stream on all transports at the same time, showing the text as it comes."""
    threads = [
        threading.Thread(target=stream, args=(client, run, arguments))
        for client, run in zip(clients, runs, strict=True)
    ]
    for thread in threads:
        thread.start()
    with Live(panels(runs), console=console, refresh_per_second=20) as live:
        while any(thread.is_alive() for thread in threads):
            live.update(panels(runs))
            time.sleep(0.03)
        live.update(panels(runs))
    if not console.is_terminal:
        console.print()


def stream(client: Client, run: Run, arguments: argparse.Namespace) -> None:
    headers = None if arguments.live else {"x-emulator-delay-ms": str(CHUNK_PAUSE_MS)}
    started = time.perf_counter()
    try:
        with client.chat.stream(model=arguments.model, messages=arguments.prompt, headers=headers) as chunks:
            for chunk in chunks:
                run.first_event = run.first_event or time.perf_counter() - started
                run.chunks += 1
                run.text += chunk.text
        run.streamed = chunks.response
    except XaiError as error:
        run.error = f"{type(error).__name__}: {error}"
    run.stream_total = time.perf_counter() - started


def ask(client: Client, run: Run, arguments: argparse.Namespace) -> None:
    if run.error:
        return
    started = time.perf_counter()
    try:
        run.unary = client.chat.create(model=arguments.model, messages=arguments.prompt)
    except XaiError as error:
        run.error = f"{type(error).__name__}: {error}"
    run.unary_total = time.perf_counter() - started


def panels(runs: list[Run]) -> Columns:
    return Columns([Panel(run.error or run.text or "...", title=run.transport, width=38) for run in runs])


def report(console: Console, runs: list[Run], live: bool) -> int:
    table = Table("", *[run.transport for run in runs])
    rows = {
        "answer": lambda r: r.unary.text if r.unary else r.error,
        "finish reason": lambda r: r.unary.choices[0].finish_reason if r.unary and r.unary.choices else "-",
        "tokens": lambda r: str(r.unary.usage.total_tokens) if r.unary and r.unary.usage else "-",
        "cost": lambda r: f"{r.unary.usage.cost_usd:.6f} USD" if r.unary and r.unary.usage else "-",
        "chunks": lambda r: str(r.chunks),
        "first chunk": lambda r: f"{r.first_event * 1000:.0f} ms",
        "whole stream": lambda r: f"{r.stream_total * 1000:.0f} ms",
        "unary call": lambda r: f"{r.unary_total * 1000:.0f} ms",
    }
    for name, cell in rows.items():
        table.add_row(name, *[cell(run) for run in runs])
    console.print(table)
    if any(run.error for run in runs):
        return 1
    if live:
        console.print("A live model may answer differently each time, so the answers are not compared.")
        return 0
    results = [result for run in runs for result in (run.unary, run.streamed)]
    equal = all(same(results[0], result) for result in results[1:])
    what = " = ".join(f"{run.transport} unary = {run.transport} stream" for run in runs)
    console.print(f"[green]equal[/green]: {what}" if equal else f"[red]not equal[/red]: {what}")
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
