"""Show a structured answer while it grows, and read it into its type at the end."""

from typing import TypedDict

from xai_dual import Client


class Trip(TypedDict):
    city: str
    days: int
    sights: list[str]


client = Client()

with client.chat.parse_stream(
    model="grok-4",
    messages='Plan a trip to "Lisbon" for 3 days: "Belem", "Alfama" and "Sintra".',
    schema=Trip,
) as stream:
    for partial in stream.partials():  # plain dicts, lists and texts, as far as they have arrived
        print(partial)

trip = stream.parsed.value
print(f"{trip['city']}, {trip['days']} days: {', '.join(trip['sights'])}")
