"""Reasoning: how much of it, its text, and its sealed form, from which a later turn goes on."""

from xai_dual import Client, user

client = Client()
question = user("What is 17*23?")

first = client.chat.create(
    model="grok-4.3",
    messages=[question],
    reasoning_effort="high",
    use_encrypted_content=True,  # nothing is stored: the sealed reasoning travels with the messages
)
print("thought:", first.reasoning or "(the model does not show it)")
print("said:", first.text)
if first.usage:
    print("tokens of reasoning:", first.usage.reasoning_tokens)

message = first.to_message()  # with the sealed reasoning
print("sealed:", bool(message.encrypted_content))

second = client.chat.create(
    model="grok-4.3",
    messages=[question, message, user("What did I ask first?")],
    reasoning_effort="low",
    use_encrypted_content=True,
)
print("said:", second.text)
