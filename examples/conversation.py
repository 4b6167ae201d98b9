"""A conversation: several turns, kept in a file, and gone on with over either transport."""

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

# Later, perhaps in another process: settings such as the model are given anew, what was said is in the file.
chat = client.chat.conversation(model="grok-4")
chat.load(KEPT)
KEPT.unlink()

# Over each wire in turn: what was said goes along.
chat = chat.use(Client(transport="grpc"))
print("gRPC:", chat.send("How many messages so far?").text)
chat = chat.use(Client(transport="rest"))
print("REST:", chat.send("What did I say first?").text)

for message in chat.messages:
    print(f"  {message.role}: {message.content}")
