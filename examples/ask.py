"""Ask one question: the answer, why it ended, and what it cost."""

from xai_dual import Client, system, user

client = Client()

answer = client.chat.create(
    model="grok-4",
    messages=[
        system("You are a calculator. Answer in one short sentence."),
        user("What is 101*3?"),
    ],
)

print(answer.text)
print("ended by:", answer.finish_reason)
if answer.usage:
    print(f"{answer.usage.total_tokens} tokens, {answer.usage.cost_usd:.6f} USD")
