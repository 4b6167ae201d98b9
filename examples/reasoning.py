"""Reasoning: how much of it, its text, and its sealed form that a later turn goes on from."""

from xai_dual import Client, user

client = Client()
messages = [user("What is 17*23?")]

first = client.chat.create(
    model="grok-4.3",
    messages=messages,
    reasoning_effort="high",
    use_encrypted_content=True,  # nothing is stored: the sealed reasoning travels with the messages
)
print("thought:", first.reasoning or "(the model does not show it)")
print("said:", first.text)
if first.usage:
    print("reasoning tokens:", first.usage.reasoning_tokens)

message = first.to_message()
print("sealed reasoning:", "yes" if message.encrypted_content else "no")

second = client.chat.create(
    model="grok-4.3",
    messages=[*messages, message, user("What did I ask first?")],
    reasoning_effort="low",
    use_encrypted_content=True,
)
print("said:", second.text)
