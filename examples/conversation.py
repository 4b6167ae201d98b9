"""A conversation: several turns, kept in a file, and gone on with over the other transport."""

from pathlib import Path

from xai_dual import Client

KEPT = Path("conversation.json")

client = Client()
chat = client.chat.conversation(model="grok-4", system="You are a librarian. Be brief.")
print(chat.send("My name is Ann.").text)
with chat.stream("What is 7*6?") as stream:
    for piece in stream.text():
        print(piece, end="", flush=True)
print()
chat.save(KEPT)

# Later, perhaps in another process: settings such as the model are given anew, the rest is in the file.
chat = client.chat.conversation(model="grok-4")
chat.load(KEPT)
KEPT.unlink()
print(chat.send("How many messages so far?").text)

# The same conversation over the other wire.
before = stream.meta.transport if stream.meta else "rest"
other = Client(transport="grpc" if before == "rest" else "rest")
chat = chat.use(other)
answer = chat.send("What did I say first?")
print(answer.text)
if answer.meta:
    print("from", before, "to", answer.meta.transport)
for message in chat.messages:
    print(f"  {message.role}: {message.content}")
