"""Start an answer now and fetch it later."""

from xai_dual import Client, JobFailed, TimeoutError
from xai_dual.types.chat import DeferredChat

client = Client()

job = client.chat.defer(model="grok-4", messages="What is 19*21?")
print("started; the id to fetch it by has", len(job.request_id), "characters")


def show(state: DeferredChat) -> None:
    print("...", state.status)


try:
    # Asks every half second at first, then less often. The answer can be read once, within a day.
    done = client.chat.wait(request_id=job.request_id, interval=0.5, deadline=300, on_progress=show)
except TimeoutError as error:
    print("not yet:", error)  # the job goes on, and can be waited for again
except JobFailed as error:
    print("failed:", error)
else:
    if done.response:
        print(done.response.text)
