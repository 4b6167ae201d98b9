"""The loop of tools by hand: read the calls, answer each with its result, ask again."""

import json

from xai_dual import Client, tool, tool_result, user

ORDERS = {4711: "on its way, here tomorrow", 4712: "waiting for parts"}

get_order = tool(
    "get_order",
    "Where an order is.",
    {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]},
)

client = Client()
messages = [user("Where is my order 4711?")]
answer = client.chat.create(model="grok-4", messages=messages, tools=[get_order])

while answer.tool_calls:
    messages.append(answer.to_message())
    for call in answer.tool_calls:
        print("asked for:", call.function.name, call.function.arguments)
        number = json.loads(call.function.arguments)["number"]
        result = {"number": number, "state": ORDERS.get(number, "unknown")}
        messages.append(tool_result(result, tool_call_id=call.id))
    answer = client.chat.create(model="grok-4", messages=messages, tools=[get_order])

print(answer.text)
