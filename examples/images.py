"""Show the model images: by URL, from a file, as bytes."""

from pathlib import Path

from xai_dual import Client, image, user

LOGO = "https://www.python.org/static/community_logos/python-logo-master-v3-TM.png"
SQUARES = Path(__file__).with_name("squares.png")

client = Client()

by_url = user("Which logo is this?", image(LOGO))
print(client.chat.create(model="grok-4", messages=[by_url]).text)

from_file = user("Which colours are in this picture?", image(SQUARES))
print(client.chat.create(model="grok-4", messages=[from_file]).text)

both = user("Which picture is larger? The first: ", image(SQUARES.read_bytes()), "The second: ", image(LOGO))
print(client.chat.create(model="grok-4", messages=[both]).text)
