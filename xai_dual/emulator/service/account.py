"""The key and its owner, as the examples of the API show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

from xai_dual.emulator.state import State


@dataclass(frozen=True)
class Account:
    """What is known about the key of a request."""

    redacted_key: str
    key_id: str = "ae1e1841-4326-4b36-a8a9-8a1a7237db11"
    name: str = "My API Key"
    user_id: str = "59fbe5f2-040b-46d5-8325-868bb8f23eb2"
    team_id: str = "5ea6f6bd-7815-4b8a-9135-28b2d7ba6722"
    modified_by: str = "3d38b4dc-4eb7-4785-ae26-c3fa8997ffc7"
    created: datetime = datetime(2024, 1, 1, 12, 55, 18, 139305, timezone.utc)
    modified: datetime = datetime(2024, 8, 28, 17, 20, 12, 343321, timezone.utc)
    acls: tuple[str, ...] = ("api-key:model:*", "api-key:endpoint:*")
    key_blocked: bool = False
    key_disabled: bool = False
    team_blocked: bool = False
    zdr_status: str = "no_zdr"


def account(state: State) -> Account:
    """The owner of the emulator's key."""
    return Account(f"{state.api_key[:4]}...{state.api_key[-4:]}")
