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
    for event in stream.events():
        match event:
            case ReasoningDelta(text=piece) | TextDelta(text=piece):
                print(piece, end="", flush=True)
            case ToolCallDone(call=call, server_side=True):  # else it would be ours to run
                print(f"\n[{call.function.name} {call.function.arguments}]")
            case Citation(url=url):
                print("\nsource:", url, end="")
            case UsageEvent(usage=usage):
                print("\ntokens:", usage.total_tokens)
            case Done(response=response):
                print("ended by:", response.finish_reason)
