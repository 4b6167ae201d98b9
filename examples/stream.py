"""Print an answer while it is being written, and stop another one half way."""

from xai_dual import Client, StreamError

client = Client()

with client.chat.stream(model="grok-4", messages="Count from 1 to 12.") as stream:
    try:
        for piece in stream.text():
            print(piece, end="", flush=True)
    except StreamError as error:  # it broke on the way; errors before the first piece are those of any call
        print("\nbroke off:", error)
print()

# All pieces, folded into the answer that chat.create would have given; can be read at any time.
answer = stream.response
print("ended by:", answer.finish_reason)
if answer.usage:
    print(answer.usage.total_tokens, "tokens")

# Leaving the block ends the call on the server too; what has arrived stays.
with client.chat.stream(model="grok-4", messages="Count from 1 to 5000.") as stream:
    for _ in stream.text():
        if len(stream.response.text) > 20:
            break
print("stopped after:", stream.response.text[:20])
print("complete:", stream.completed)
