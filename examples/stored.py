"""Let the service keep an answer: go on from it by its id, read it again, delete it."""

from xai_dual import Client, NotFoundError

client = Client()

first = client.chat.create(model="grok-4", messages="My favourite number is 12.", store=True)
print(first.text)

# Only what is new is sent; the service knows the rest.
second = client.chat.create(
    model="grok-4",
    messages="What did I say first?",
    previous_response_id=first.id,
    store=True,
)
print(second.text)

print("kept:", client.chat.retrieve(response_id=first.id).text == first.text)

for answer in (second, first):
    client.chat.delete(response_id=answer.id)
try:
    client.chat.retrieve(response_id=first.id)
except NotFoundError as error:
    print("gone:", error.code)
