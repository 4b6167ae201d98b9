"""Show the model images: by URL, from a file, as bytes."""

from pathlib import Path

from xai_dual import Client, image, user

LOGO = "https://www.python.org/static/community_logos/python-logo-master-v3-TM.png"
SQUARES = Path(__file__).with_name("squares.png")

client = Client()

answer = client.chat.create(model="grok-4", messages=[user("Which logo is this?", image(LOGO))])
print(answer.text)

answer = client.chat.create(model="grok-4", messages=[user("Which colours are in this picture?", image(SQUARES))])
print(answer.text)

answer = client.chat.create(
    model="grok-4",
    messages=[user("The first picture: ", image(SQUARES.read_bytes()), "The second: ", image(LOGO), "Which is larger?")],
)
print(answer.text)
