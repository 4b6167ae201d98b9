"""Cases of voice, of a team's management, and of what a key may do."""

from __future__ import annotations

import base64
from typing import Any

from xai_dual.types.management import AnalyticsRequest, AnalyticsTimeRange, AnalyticsValue

from .case import Case, Of
from .given import TEAM

ME = {"team_id": TEAM}
KEY = {"api_key_id": Of("key", "api_key_id")}
VOICE = {"voice_id": Of("voice", "voice_id")}
ADDRESS = {"line1": "1 Road", "city": "Oslo", "country": "NO", "postalCode": "1"}
"""A dict is spelled as on REST."""
USAGE = AnalyticsRequest(
    time_range=AnalyticsTimeRange(start_time="2025-03-01 00:00:00", end_time="2025-03-08 00:00:00", timezone="Etc/GMT"),
    time_unit="TIME_UNIT_DAY",
    values=[AnalyticsValue(name="usd", aggregation="AGGREGATION_SUM")],
    group_by=["description"],
)


def _vals(limits: Any) -> tuple[int, int]:
    return limits.soft_sl.val, limits.effective_sl.val


SPEECH = [
    Case("voice.tts.create", "", {"text": "Hello there", "language": "en"}, lambda r: len(r) > 1000),
    Case("voice.tts.create", "wav",
         {"text": "Hello there", "language": "en", "voice_id": "ara", "speed": 1.5, "replace": {"there": "you"},
          "output_format": {"codec": "wav", "sample_rate": 16000}},
         lambda r: r.startswith(b"RIFF") and r[8:12] == b"WAVE"),
    Case("voice.tts.create_with_timestamps", "", {"text": "Hello", "language": "en"},
         lambda r: base64.b64decode(r.audio, validate=True) and r.content_type.startswith("audio/") and r.duration > 0
         and r.audio_timestamps.graph_chars == list("Hello") and len(r.audio_timestamps.graph_times) == 5),
    Case("voice.tts.list_voices", "", {}, lambda r: {v.voice_id for v in r} >= {"ara", "eve"}),
    Case("voice.tts.get_voice", "", {"voice_id": "ara"}, lambda r: (r.voice_id, r.name) == ("ara", "Ara")),
    Case("voice.stt.transcribe", "",
         {"content": ("a.mp3", b"x" * 2000), "language": "en", "diarize": True, "keyterm": ["cat", "dog"]},
         lambda r: r.text == "a.mp3 has 2000 bytes" and r.words[0].speaker == 0 and r.words[-1].end == r.duration),
    Case("voice.stt.transcribe", "url", {"url": Of("published", "public_url")}, lambda r: " bytes" in r.text),
    Case("voice.stt.transcribe", "channels", {"content": ("a.mp3", b"x"), "multichannel": True, "channels": 2},
         lambda r: len(r.channels) == 2),
    Case("voice.voices.create", "", {"content": ("me.wav", b"RIFFsome"), "name": "Me", "gender": "female"},
         lambda r: (r.name, r.gender, r.tone) == ("Me", "female", None) and r.voice_id and r.created_at),
    Case("voice.voices.list", "", {"limit": 3}, lambda r: "Me" in [v.name for v in r], after=("voice",)),
    Case("voice.voices.get", "", VOICE, lambda r: r.name == "Me"),
    Case("voice.voices.update", "", {**VOICE, "tone": "warm"}, lambda r: (r.name, r.tone) == ("Me", "warm")),
    Case("voice.voices.audio", "", VOICE, lambda r: r == b"RIFFsome audio"),
    Case("voice.voices.delete", "", VOICE, lambda r: r.deleted),
    Case("voice.realtime.create_secret", "", {"expires_after": {"seconds": 60}}, lambda r: r.value and r.expires_at),
]  # fmt: skip

KEYS = [
    Case("auth.me", "", {}, lambda r: r.team_id == TEAM and r.api_key.redacted_api_key and not r.team_blocked),
    Case("management.validate", "", {}, lambda r: (r.scope, r.scope_id) == ("SCOPE_TEAM", TEAM) and r.redacted_api_key),
    Case("management.api_keys.create", "",
         {**ME, "name": "ci", "acls": ["api-key:endpoint:*"], "qps": 5, "tpm": 9007199254740993,
          "expire_time": "2099-01-01T00:00:00Z"},
         lambda r: r.api_key and (r.qps, r.tpm, r.expire_time.year) == (5, 9007199254740993, 2099)
         and r.acl_strings == ["api-key:endpoint:*"]),
    Case("management.api_keys.list", "", {**ME, "page_size": 2}, lambda r: "ci" in [k.name for k in r] and
         all(k.api_key is None for k in r), after=("key",)),
    Case("management.api_keys.update", "", {**KEY, "api_key": {"disabled": True}, "field_mask": "disabled"},
         lambda r: r.disabled and r.name == "ci"),
    Case("management.api_keys.rotate", "", KEY, lambda r: r.api_key and r.name == "ci"),
    Case("management.api_keys.propagation", "", KEY, lambda r: set(r.ic_propagation.values()) == {True}),
    Case("management.api_keys.delete", "", KEY, lambda r: r is None),
    Case("management.teams.models", "", ME, lambda r: "grok-4" in [m.name for m in r[0].language_models]
         and r[0].video_generation_models[0].resolution_pricing[0].price_per_second > 0),
    Case("management.teams.endpoints", "", ME, lambda r: {"chat", "*"} <= {a.value for a in r}),
    Case("management.audit.list", "", {**ME, "page_size": 2, "event_filter_query": "Created"},
         lambda r: r and all(e.description and e.event_time and e.user.email for e in r), after=("key",)),
]  # fmt: skip

BILLING = [
    Case("management.billing.get_info", "", ME, lambda r: r.billing_info.name),
    Case("management.billing.set_info", "", {**ME, "billing_info": {"name": "New Ltd", "address": ADDRESS}},
         lambda r: r is None),
    Case("management.billing.list_invoices", "", ME, lambda r: r[0].invoice_id and r[0].monthly.billing_cycle.year),
    Case("management.billing.list_invoices", "since", {**ME, "since_year": 2025, "since_month": 2},
         lambda r: r[0].monthly.billing_cycle.month == 2),
    Case("management.billing.payment_methods", "", ME, lambda r: r.payment_methods[0].card_details.last4),
    Case("management.billing.set_default_payment_method", "",
         {**ME, "payment_method_id": Of("methods", "payment_methods.0.payment_method_id")}, lambda r: r is None),
    Case("management.billing.preview_invoice", "", ME, lambda r: r.core_invoice.lines and r.billing_cycle.month),
    Case("management.billing.spending_limits", "", ME, lambda r: _vals(r.spending_limits)),
    Case("management.billing.set_spending_limit", "", {**ME, "desired_soft_spending_limit": {"val": 5000}},
         lambda r: r.this_bp_soft_spending_limit.val == 5000),
    Case("management.billing.prepaid_balance", "", ME,
         lambda r: r.total.val == sum(change.amount.val for change in r.changes)),
    Case("management.billing.top_up", "", {**ME, "amount": {"val": 1000}},
         lambda r: (r.change.amount.val, r.change.change_origin) == (-1000, "PURCHASE"), after=("default",)),
    Case("management.billing.usage", "", {**ME, "analytics_request": USAGE},
         lambda r: len(r.time_series[0].data_points) == 7 and not r.limit_reached
         and r.time_series[0].data_points[0].timestamp.day == 1),
]  # fmt: skip

VIDEO_MODELS = [
    Case("models.list_video_generation", "", {}, lambda r: "grok-imagine-video" in [m.id for m in r]),
    Case("models.get_video_generation", "", {"model": "grok-imagine-video"}, lambda r: r.id == "grok-imagine-video"),
]

ACCOUNT = [*SPEECH, *KEYS, *BILLING, *VIDEO_MODELS]
