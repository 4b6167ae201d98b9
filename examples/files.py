"""Upload a file, ask about it, and delete it."""

from xai_dual import Client, file, user

NOTES = b"""Minutes of the harbour board.
The new crane arrives on 3 May. The old one goes to the museum.
"""

client = Client()

uploaded = client.files.upload(content=NOTES, filename="minutes.txt")  # or a path, a file object, an iterable
print(f"{uploaded.filename}: {uploaded.bytes} bytes")

try:
    answer = client.chat.create(
        model="grok-4",
        messages=[user("When does the new crane arrive?", file(uploaded.id))],
    )
    print(answer.text)
finally:
    client.files.delete(file_id=uploaded.id)

print("still there:", any(item.id == uploaded.id for item in client.files.list()))
