"""Go through a gateway: an address with a path, REST only, and of the two chat routes the one that gateways have."""

import os

from xai_dual import Client, UnsupportedOnTransport

# Such as https://gateway.example.com/xai, below which there is /v1/chat/completions.
address = os.environ.get("EXAMPLE_GATEWAY_URL") or os.environ.get("XAI_BASE_URL")

client = Client(
    base_url=address,
    transport="rest",  # gRPC cannot go below a path; "auto" would choose REST here too
    rest_route="completions",
    headers={"x-team": "examples"},  # what a gateway may want to see beside the key
)

answer = client.chat.create(model="grok-4", messages="What is 8*9?")
print(answer.text)
if answer.meta:
    print("by", answer.meta.route)

# What only the other route carries is refused before anything is sent.
try:
    client.chat.create(model="grok-4", messages="What is 8*9?", store=True)
except UnsupportedOnTransport as error:
    print("not sent:", error)
