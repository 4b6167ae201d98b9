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
print(compacted.dropped_message_count, "messages condensed")

short = Message(role="assistant", encrypted_content=compacted.encrypted_content)
answer = client.chat.create(model="grok-4", messages=[short, user("How many roses shall I buy?")])
print(answer.text)

# A conversation does it by itself, here once a prompt had more than 30 tokens; its instructions stay.
chat = client.chat.conversation(model="grok-4", system="You are a gardener.", history=history, compact_above=30)
for question in ("When shall I plant the roses?", "And the thyme?"):
    chat.send(question)
    print(", ".join(message.role for message in chat.messages))
