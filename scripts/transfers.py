"""Uploads a large file, downloads it to a path, and says how much memory that took above the idle client's."""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from xai_dual import AsyncClient, Client

MEGABYTE = 1024 * 1024
MOST_MEGABYTES = 40
"""What a transfer may take above the idle client."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/transfers", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=200, help="size of the file")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS, metavar=("FLAVOUR", "TRANSPORT", "URL", "KEY"))
    arguments = parser.parse_args()
    if arguments.one:
        flavour, transport, url, key = arguments.one
        run = asyncio.run(transfer_async(transport, url, key)) if flavour == "async" else transfer(transport, url, key)
        print(f"{run:.1f}")
        return 0
    return compare(arguments.megabytes)


def compare(megabytes: int) -> int:
    """Run each flavour and wire in a process of its own, against one emulator."""
    from xai_dual.emulator import serve

    table = Table("flavour", "wire", "MB above idle", f"at most {MOST_MEGABYTES}")
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder, serve() as server:
        source = Path(folder) / "large.bin"
        with source.open("wb") as file:
            for i in range(megabytes):
                file.write(bytes([i % 251]) * MEGABYTE)
        for flavour in ("sync", "async"):
            for transport in ("grpc", "rest"):
                command = [sys.executable, __file__, "--one", flavour, transport, server.url, server.api_key]
                done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
                if done.returncode:
                    raise SystemExit(done.stderr)
                grown = float(done.stdout)
                worst = max(worst, grown)
                table.add_row(flavour, transport, f"{grown:.1f}", "met" if grown <= MOST_MEGABYTES else "missed")
    Console().print(f"{megabytes} MB up and down", table)
    return 0 if worst <= MOST_MEGABYTES else 1


def transfer(transport: str, url: str, key: str) -> float:
    with Client(base_url=url, api_key=key, transport=transport) as client:  # type: ignore[arg-type]
        small = client.files.upload(content=("small.bin", b"x"))
        client.files.content(file_id=small.id).read()
        idle = peak()
        file = client.files.upload(content="large.bin")
        client.files.content(file_id=file.id).save(f"{transport}-sync.bin")
        check(f"{transport}-sync.bin")
        return peak() - idle


async def transfer_async(transport: str, url: str, key: str) -> float:
    async with AsyncClient(base_url=url, api_key=key, transport=transport) as client:  # type: ignore[arg-type]
        small = await client.files.upload(content=("small.bin", b"x"))
        await client.files.content(file_id=small.id).read()
        idle = peak()
        file = await client.files.upload(content="large.bin")
        await client.files.content(file_id=file.id).save(f"{transport}-async.bin")
        check(f"{transport}-async.bin")
        return peak() - idle


def peak() -> float:
    """Most memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def check(path: str) -> None:
    if Path(path).stat().st_size != Path("large.bin").stat().st_size:
        raise SystemExit(f"{path} is not what was uploaded")
    Path(path).unlink()


if __name__ == "__main__":
    sys.exit(main())
