"""llmprovider's documented request, sent as it stands and then by our client: python llmprovider_example.py URL KEY"""

from __future__ import annotations

import json
import sys

import httpx

from xai_dual import Client

URL, KEY = sys.argv[1:]
REQUEST = {
    "model": "grok-4",
    "messages": [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "What is 101*3?"},
    ],
    "stream": False,
    "max_tokens": 100,
    "temperature": 0.7,
    "top_p": 1,
    "stop": ["###"],
    "presence_penalty": 0,
    "frequency_penalty": 0,
}

raw = httpx.post(f"{URL}/chat/completions", headers={"authorization": f"Bearer {KEY}"}, json=REQUEST)
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
