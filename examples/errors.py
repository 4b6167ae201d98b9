"""Which error means what, how often a call is tried again, and what to tell support."""

from xai_dual import (
    ApiError,
    AuthenticationError,
    Client,
    ConnectError,
    InvalidRequestError,
    NotFoundError,
    Timeout,
    TimeoutError,
    UnsupportedOnTransport,
    UsageError,
)

client = Client(
    max_retries=1,  # attempts after the first one; with retry_writes=True also where the first may have been processed
    timeout=Timeout(connect=5, total=60),
)

try:
    Client(api_key="xai-wrong").chat.create(model="grok-4", messages="Hi")
except AuthenticationError as error:
    print("the key:", error.code, "| with a request id for support:", error.request_id is not None)

try:
    client.chat.create(model="grok-0", messages="Hi")
except (NotFoundError, InvalidRequestError) as error:
    print("the model:", error.message)

try:
    client.chat.create(model="grok-4", messages="Hi", temperature=9)
except ApiError as error:  # any refusal of the service
    print("the request:", error.message)

try:
    client.chat.create(model="grok-4", messages="Hi", timeout=0.001)
except TimeoutError as error:  # also the builtin TimeoutError
    print("the time:", error.timer)

try:
    Client(base_url="http://127.0.0.1:1", max_retries=1).chat.create(model="grok-4", messages="Hi")
except ConnectError as error:
    print("the address:", error.attempts, "attempts, maybe sent:", error.maybe_sent)

try:
    client.chat.create(model="grok-4", messages=[{"role": "user", "content": 5}])
except UsageError as error:  # nothing was sent
    print("the arguments:", error)

try:
    Client(transport="grpc").chat.create(model="grok-4", messages="Hi", logit_bias={"7": 1.0})
except UnsupportedOnTransport as error:
    print("the wire:", error)
