"""Condense a long conversation into one opaque text that stands for it, and go on from there."""

from xai_dual import Client, assistant, user
from xai_dual.types.chat import Message

client = Client()

history = [
    user("I am planning a garden of 40 square metres."),
    assistant("How much sun does it get?"),
    user("Six hours a day. I like roses and thyme."),
    assistant("Both do well there. Plant the thyme in front."),
]
compacted = client.chat.compact(model="grok-4", input=history)
print(compacted.dropped_message_count, "messages are now", len(compacted.encrypted_content), "characters")

short = Message(role="assistant", encrypted_content=compacted.encrypted_content)
answer = client.chat.create(model="grok-4", messages=[short, user("What did I say first?")])
print(answer.text)

# A conversation does it by itself, here when a prompt had more than 30 tokens; instructions stay.
chat = client.chat.conversation(model="grok-4", system="You are a gardener.", history=history, compact_above=30)
chat.send("When shall I plant the roses?")
print(len(chat.messages), "messages")
chat.send("And the thyme?")
print(len(chat.messages), "messages:", ", ".join(message.role for message in chat.messages))
