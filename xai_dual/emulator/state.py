"""What the emulator keeps while it runs: keys, pictures, deferred answers, faults to come and counters."""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xai_dual.emulator.calls import Attempt, CallLog
from xai_dual.emulator.errors import ServiceError, invalid
from xai_dual.emulator.faults import Fault, Faults
from xai_dual.emulator.service import access
from xai_dual.emulator.service.audit import AuditLog
from xai_dual.emulator.service.batches import Batches
from xai_dual.emulator.service.billing import Billing
from xai_dual.emulator.service.clock import Clock
from xai_dual.emulator.service.collections import Collections
from xai_dual.emulator.service.custom_voices import CustomVoices
from xai_dual.emulator.service.deferred import DeferredJobs
from xai_dual.emulator.service.files import Files
from xai_dual.emulator.service.keys import Keys, redact
from xai_dual.emulator.service.skills import Skills
from xai_dual.emulator.service.stored import Responses
from xai_dual.emulator.service.videos import Videos

if TYPE_CHECKING:
    from xai_dual.emulator.public import Link

DEFAULT_API_KEY = "xai-emulator-key"
DEFAULT_MANAGEMENT_KEY = "xai-token-emulator"
GATEWAY_KEY = "sk-emulator-key"
EMPTY_GATEWAY_KEY = "sk-emulator-empty"  # of an account without money
_CONSOLE = "You can obtain an API key from https://console.x.ai."
_MAX_IMAGES = 1000


@dataclass
class Stats:
    """Counters of calls, streams and connections: a client's test reads them to see what arrived.

    A connection that only asked the emulator for something of its own (``/emulator/...``) is not counted.
    """

    requests: int = 0
    work_started: int = 0
    connections_accepted: int = 0
    connections_open: int = 0
    streams_open: int = 0
    streams_finished: int = 0
    streams_cancelled: int = 0

    @contextmanager
    def stream(self) -> Iterator[None]:
        """Count a stream: as open within, then as finished, or as cancelled where its caller left."""
        self.streams_open += 1
        try:
            yield
            self.streams_finished += 1
        except (asyncio.CancelledError, GeneratorExit):
            self.streams_cancelled += 1
            raise
        finally:
            self.streams_open -= 1


@dataclass
class State:
    """All state of one running emulator."""

    api_key: str = DEFAULT_API_KEY
    management_key: str = DEFAULT_MANAGEMENT_KEY
    legacy: bool = False
    url: str = ""
    maxtoken_url: str = ""
    llmprovider_url: str = ""
    connections: Iterator[int] = field(default_factory=lambda: itertools.count(1))  # numbers for those that come
    images: OrderedDict[str, bytes] = field(default_factory=OrderedDict)
    stats: Stats = field(default_factory=Stats)
    faults: Faults = field(default_factory=Faults)
    skills: Skills = field(default_factory=Skills)
    clock: Clock = field(default_factory=Clock)
    deferred: DeferredJobs = field(init=False)
    responses: Responses = field(init=False)
    files: Files = field(init=False)
    collections: Collections = field(init=False)
    batches: Batches = field(init=False)
    keys: Keys = field(init=False)
    audit: AuditLog = field(init=False)
    billing: Billing = field(init=False)
    voices: CustomVoices = field(init=False)
    videos: Videos = field(default_factory=Videos)
    calls: CallLog = field(init=False)
    links: dict[int, Link] = field(default_factory=dict)  # by the port that the server behind sees as its client's
    # Refuses connections to the public port for some seconds.
    refuse: Callable[[float], None] = lambda seconds: None

    def __post_init__(self) -> None:
        self.calls = CallLog(self._started)
        self.deferred = DeferredJobs(self.clock)
        self.responses = Responses(self.clock)
        self.files = Files(self.clock, lambda: self.url)
        self.collections = Collections(self.clock, self.files)
        self.batches = Batches(self.clock)
        self.keys = Keys(self.api_key, self.clock)
        self.audit = AuditLog(self.clock)
        self.billing = Billing(self.clock)
        self.voices = CustomVoices(self.clock)

    def authenticate(self, authorization: str | None, operation: str = "") -> str:
        """Check an ``authorization`` header; the key. As on api.x.ai, a wrong key is an invalid argument, unlike none.

        ``KEY/anything`` is as good as ``KEY``: tests that share an emulator tell their calls apart by it.
        """
        scheme, _, key = (authorization or "").strip().partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not key:
            raise ServiceError(
                "UNAUTHENTICATED",
                f"No API key provided. Send it as `Authorization: Bearer <key>`. {_CONSOLE} "
                "[WKE=unauthenticated:no-credentials]",
            )
        if not access.is_management(operation):
            self.keys.check(key, operation)
        elif key.partition("/")[0] != self.management_key:
            if self.keys.by_secret(key) is not None:
                raise ServiceError("PERMISSION_DENIED", "This operation needs a management key; an API key was sent.")
            raise invalid(f"Incorrect management key provided: {redact(key)}.")
        return key

    def _started(self) -> None:
        self.stats.work_started += 1

    def arrive(
        self,
        attempt: Attempt,
        authorization: str | None,
        header: str | None,
        authenticate: Callable[[str | None, str], str] | None = None,
    ) -> Fault | None:
        """Check the key of a call that has just arrived and take the fault that hits it.

        The attempt keeps both the fault and a refusal. What a fault does to the connection begins here; what it does
        to the answer is left to the handler.
        """
        operation = attempt.call.operation
        self.stats.requests += 1
        try:
            key = (authenticate or self.authenticate)(authorization, operation)
            fault = attempt.fault = self.faults.take(operation, key, header)
        except ServiceError as error:
            attempt.refusal = error
            return None
        if fault is not None and fault.action == "slow_reader":
            attempt.link.throttle(fault.bytes_per_second, attempt)
        elif fault is not None and fault.action == "drip" and not fault.after_chunks:
            attempt.link.drip(fault.gap_ms / 1000, attempt)
        return fault

    def keep_image(self, name: str, data: bytes) -> str:
        """Store a picture and return the URL that serves it."""
        self.images[name] = data
        self.images.move_to_end(name)
        while len(self.images) > _MAX_IMAGES:
            self.images.popitem(last=False)
        return f"{self.url}/emulator/images/{name}.png"
