"""Which error means what, how often a call is tried again, and what to tell support."""

from xai_dual import Client, Timeout, errors

client = Client(
    max_retries=1,  # attempts after the first; retry_writes=True repeats also what may have been processed already
    timeout=Timeout(connect=5, total=60),
)

try:
    Client(api_key="xai-wrong").chat.create(model="grok-4", messages="Hi")
except errors.AuthenticationError as error:
    print("key:", error.code, "- id for support:", "yes" if error.request_id else "no")

try:
    client.chat.create(model="grok-0", messages="Hi")
except errors.NotFoundError as error:
    print("model:", error.message)

try:
    client.chat.create(model="grok-4", messages="Hi", temperature=9)
except errors.ApiError as error:  # the base of the two above, and of all refusals of the service
    print(f"request: {type(error).__name__}: {error.message}")

try:
    client.chat.create(model="grok-4", messages="Count from 1 to 50000.", timeout=0.02)
except errors.TimeoutError as error:  # also the builtin TimeoutError
    print("time: the timer", error.timer, "ran out")

try:
    Client(base_url="http://127.0.0.1:1", max_retries=1).chat.create(model="grok-4", messages="Hi")
except errors.ConnectError as error:
    print("address:", error.attempts, "attempts, maybe sent:", error.maybe_sent)

try:
    client.chat.create(model="grok-4", messages=[])
except errors.UsageError as error:  # nothing was sent
    print("arguments:", error)

try:
    Client(transport="grpc").chat.create(model="grok-4", messages="Hi", logit_bias={"7": 1.0})
except errors.UnsupportedOnTransport as error:  # neither was this: another transport can
    print("transport:", error)
