"""Tools that the service runs, with all options that gRPC and REST both have, and what comes of them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import attrs

from xai_dual.types.tools import (
    MCP,
    CodeExecution,
    CollectionsSearch,
    ImageGeneration,
    WebSearch,
    WebSearchUserLocation,
    XSearch,
)

BERN = WebSearchUserLocation(country="CH", region="BE", city="Bern", timezone="Europe/Zurich")


@attrs.frozen
class Served:
    """A tool, a prompt that makes the emulator's model use it, and what the answer then has."""

    tool: Any
    prompt: str
    kind: str
    """Type of the call."""
    argument: str
    """The one argument that all ways tell, beside others."""
    found: str
    """What the text says of it."""
    citations: tuple[str, ...] = ()
    include: str | None = None
    """What asks for the tool's output; None where it is always shown."""
    outputs: tuple[str, str | None] = ("", "")
    """A part of the output on gRPC and on the responses route; None where that has no place for it."""


SERVED = {
    "web": Served(
        WebSearch(
            allowed_domains=["x.ai", "docs.x.ai"],
            user_location=BERN,
            enable_image_search=True,
            enable_image_understanding=True,
        ),
        "Search the web for cats",
        "web_search_tool",
        "query",
        "I searched the web.",
        ("https://x.ai/1", "https://docs.x.ai/2"),
        "web_search_call_output",
        ("2. https://docs.x.ai/2", "https://x.ai/1\nhttps://docs.x.ai/2"),
    ),
    "x": Served(
        XSearch(
            allowed_x_handles=["grok"],
            from_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
            to_date=datetime(2026, 2, 1, tzinfo=timezone.utc),
            enable_image_understanding=True,
            enable_video_understanding=True,
        ),
        "Search X for cats",
        "x_search_tool",
        "query",
        "I searched X.",
        ("https://x.com/grok/status/1900",),
        "x_search_call_output",
        ("1. https://x.com/grok/status/1900", None),
    ),
    "code": Served(
        CodeExecution(),
        "Run code: what is 3*4?",
        "code_execution_tool",
        "code",
        "The code printed: 12",
        (),
        "code_execution_call_output",
        ("12\n", "12\n"),
    ),
    "collections": Served(
        CollectionsSearch(collection_ids=["cats", "dogs", "birds"], limit=1),
        "Search the collections for cats",
        "collections_search_tool",
        "query",
        "I searched the collections.",
        ("collections://cats/files/file_02c387e9-2d2d-5873-867c-1aa39af311ca",),
        "collections_search_call_output",
        ("1. collections://cats/files/", "A passage on: Search the collections for cats"),
    ),
    "mcp": Served(
        MCP(
            server_url="https://mcp.example.com",
            server_label="shelf",
            server_description="Books",
            allowed_tool_names=["find", "read"],
            authorization="secret",
            extra_headers={"x-shelf": "7"},
        ),
        "Say cats to shelf",
        "mcp_tool",
        "query",
        "shelf.find returned: shelf says: cats to shelf",
        (),
        "mcp_call_output",
        ("shelf says: cats", "shelf says: cats"),
    ),
    "image": Served(
        ImageGeneration(action="generate"),
        "Draw a picture of a cat",
        "image_generation_tool",
        "prompt",
        "I made the image.",
        (),
        None,
        ('"data:image/png;base64,', "data:image/png;base64,"),
    ),
}
ALL: list[Any] = [served.tool for served in SERVED.values()]
EVERYTHING = "Search the web, search X, run code: what is 3*4? Search the collections, ask shelf, draw a picture"
INCLUDES = [served.include for served in SERVED.values() if served.include]
