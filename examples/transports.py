"""The same call over gRPC and over both REST routes, and the same stored answer read over both wires."""

from xai_dual import Client, same

grpc = Client(transport="grpc")
rest = Client(transport="rest")  # takes /v1/chat/completions, unless a request needs /v1/responses

ways = {
    "gRPC": grpc,
    "REST": rest,
    "REST, responses": rest.with_options(rest_route="responses"),
}
for name, client in ways.items():
    answer = client.chat.create(model="grok-4", messages="What is 6*7?")
    print(f"{name}: {answer.text}")
    if answer.meta:
        print(f"  {answer.meta.transport}, {answer.meta.route}, attempts: {answer.meta.attempts}")

# `same` compares every field that both ways carry. Two answers of a model differ; one answer read twice does not.
kept = grpc.chat.create(model="grok-4", messages="What is 6*7?", store=True)
over_grpc = grpc.chat.retrieve(response_id=kept.id)
over_rest = rest.chat.retrieve(response_id=kept.id)
print("the same over both wires:", same(over_grpc, over_rest))
rest.chat.delete(response_id=kept.id)
