"""Tools that the service runs: web search with citations in the text, and code."""

from xai_dual import Client
from xai_dual.types.tools import CodeExecution, WebSearch

client = Client()

answer = client.chat.create(
    model="grok-4",
    messages="Search the web: what is new in the xAI API?",
    tools=[WebSearch(allowed_domains=["docs.x.ai", "x.ai"])],
    include=["inline_citations"],
)
print(answer.text)
for choice in answer.choices:
    for citation in choice.message.citations:
        page = citation.web_citation
        print(f"[{citation.id}] at {citation.start_index}: {page.url if page else '?'}")
print("sources:", ", ".join(answer.citations))

answer = client.chat.create(
    model="grok-4",
    messages="Run Python code to find out: what is 2**64?",
    tools=[CodeExecution()],
)
print(answer.text)
for call in answer.server_tool_calls:
    print("the service ran", call.function.name, call.function.arguments)
