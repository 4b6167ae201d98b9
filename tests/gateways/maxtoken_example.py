"""maxtoken's documented request, sent as it stands and then by our client: python maxtoken_example.py URL KEY"""

from __future__ import annotations

import json
import sys

import httpx

from xai_dual import Client

URL, KEY = sys.argv[1:]
REQUEST = {
    "model": "grok-4.20-beta-0309-non-reasoning",
    "messages": [
        {"role": "developer", "name": "host", "content": "You are a helpful assistant."},
        {
            "role": "user",
            "name": "ann",
            "content": [
                {"type": "text", "text": "What is in this picture?"},
                {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}},
            ],
        },
    ],
    "max_tokens": None,
    "stream": False,
}

raw = httpx.post(f"{URL}/v1/chat/completions", headers={"authorization": f"Bearer {KEY}"}, json=REQUEST)
raw.raise_for_status()
print(json.dumps(raw.json()))

client = Client(base_url=URL, api_key=KEY)
asked = {name: value for name, value in REQUEST.items() if name != "stream"}
answer = client.chat.create(**asked)
with client.chat.stream(**asked) as stream:
    for _ in stream:
        pass
for one in (answer, stream.response):
    print(json.dumps(one.to_dict()))
