"""The voices of the team: made from recordings, with labels that can be changed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from xai_dual.emulator.errors import invalid, not_found
from xai_dual.emulator.service.clock import Clock
from xai_dual.emulator.service.paging import Page, Paging, page

_NAMESPACE = uuid.UUID("b0b4c0de-3a0b-5d5c-9c0f-6f6f0c7d2a11")
CHOICES: dict[str, tuple[str, ...]] = {
    "gender": ("male", "female", "neutral"),
    "age": ("young", "middle-aged", "old"),
    "use_case": (
        "conversational", "narration", "characters", "educational", "advertisement", "social_media", "entertainment",
    ),
    "tone": ("warm", "casual", "professional", "friendly", "authoritative", "expressive", "calm"),
}  # fmt: skip
LABELS = ("name", "description", "gender", "accent", "age", "language", "use_case", "tone")


@dataclass
class CustomVoice:
    """A voice of the team; ``labels`` has those that are set."""

    id: str
    serial: int
    created: datetime
    data: bytes
    media_type: str
    labels: dict[str, str] = field(default_factory=dict)


class CustomVoices:
    """All voices of the team."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._voices: dict[str, CustomVoice] = {}
        self._known: dict[str, CustomVoice] = {}

    def create(self, labels: dict[str, str], data: bytes, media_type: str) -> CustomVoice:
        """Make a voice from a recording."""
        if not data:
            raise invalid("The recording must not be empty.")
        _check_labels(labels)
        serial = len(self._known) + 1
        name = f"voice_{uuid.uuid5(_NAMESPACE, f'voice {serial}').hex}"
        made = CustomVoice(name, serial, self._clock.now(), data, media_type, labels)
        self._voices[name] = self._known[name] = made
        return made

    def has(self, name: str) -> bool:
        """Whether there is such a voice."""
        return name in self._voices

    def get(self, name: str) -> CustomVoice:
        """The voice of an id, or NOT_FOUND."""
        found = self._voices.get(name)
        if found is None:
            raise not_found(f"The voice {name} does not exist.")
        return found

    def update(self, name: str, labels: dict[str, str | None]) -> CustomVoice:
        """Change the labels that are named; ``None`` clears one."""
        found = self.get(name)
        _check_labels({label: value for label, value in labels.items() if value is not None})
        merged = {**found.labels, **labels}
        found.labels = {label: value for label, value in merged.items() if value is not None}
        return found

    def delete(self, name: str) -> None:
        """Remove a voice."""
        del self._voices[self.get(name).id]

    def page(self, wanted: Paging) -> Page[CustomVoice]:
        """One page of the voices, oldest first."""
        return page(
            self._voices.values(),
            wanted,
            place=lambda voice: voice.serial,
            known=self._known,
            name=lambda voice: voice.id,
        )


def _check_labels(labels: dict[str, str]) -> None:
    for name, choices in CHOICES.items():
        if name in labels and labels[name] not in choices:
            raise invalid(f"{name} must be one of {', '.join(choices)}; got {labels[name]}.")
