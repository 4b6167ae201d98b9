"""Follow a stream as typed events: reasoning, calls of tools, text, sources, usage."""

from xai_dual import Client
from xai_dual.events import Citation, Done, ReasoningDelta, TextDelta, ToolCallDone, UsageEvent
from xai_dual.types.tools import WebSearch

client = Client()

with client.chat.stream(
    model="grok-4",
    messages="Search the web: which programming languages have official xAI SDKs?",
    tools=[WebSearch(allowed_domains=["docs.x.ai", "github.com"])],
) as stream:
    previous = ""
    for event in stream.events():
        if event.type != previous:  # a new kind of event begins a new line
            print(f"\n{event.type}: ", end="")
            previous = event.type
        match event:
            case TextDelta(text=piece) | ReasoningDelta(text=piece):
                print(piece, end="", flush=True)
            case ToolCallDone(call=call, server_side=True):
                print(call.function.name, call.function.arguments, end="")
            case Citation(url=url):
                print(url, end=" ")
            case UsageEvent(usage=usage):
                print(usage.total_tokens, "tokens", end="")
            case Done(response=response):
                print(response.finish_reason)
