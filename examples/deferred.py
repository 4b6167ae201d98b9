"""Start an answer now and fetch it later."""

from xai_dual import Client, JobFailed, TimeoutError
from xai_dual.types.chat import DeferredChat

client = Client()

job = client.chat.defer(model="grok-4", messages="What is 19*21?")
print("started")  # job.request_id is what to keep: any client with the key can fetch the answer, once, within a day


def show(state: DeferredChat) -> None:
    print("...", state.status)


try:
    # Looks again after half a second, and then less and less often.
    done = client.chat.wait(request_id=job.request_id, interval=0.5, deadline=300, on_progress=show)
except TimeoutError as error:  # the job goes on, and can be waited for again
    print("not yet:", error)
except JobFailed as error:
    print("failed:", error)
else:
    if done.response:
        print(done.response.text)
