"""Upload a file, ask about it, and delete it."""

from xai_dual import Client, NotFoundError, file, user

MINUTES = b"""Minutes of the harbour board.
The new crane arrives on 3 May. The old one goes to the museum.
"""

client = Client()

uploaded = client.files.upload(content=MINUTES, filename="minutes.txt")  # or a path, a file object, an iterable
print(f"{uploaded.filename}: {uploaded.bytes} bytes")
try:
    question = user("When does the new crane arrive?", file(uploaded.id))
    print(client.chat.create(model="grok-4", messages=[question]).text)
finally:
    deleted = client.files.delete(file_id=uploaded.id)

try:
    client.files.get(file_id=deleted.id)
except NotFoundError as error:
    print("gone:", error.code)
