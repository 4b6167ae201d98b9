"""Billing of the team. All amounts are US cents; prepaid credit counts negative, as in the API."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone

from xai_dual.emulator.errors import ServiceError, invalid, not_found
from xai_dual.emulator.service.clock import Clock

_NAMESPACE = uuid.UUID("2f6a1b7c-8c1d-5d60-9a35-7b7d53f4c9e2")
_HARD_LIMIT = 200_000
_MAX_TOP_UP = 1_000_000
CARD, BANK = "pm_emulator_card", "pm_emulator_bank"
_ADDRESS = {"line1": "1 Example Street", "city": "Berlin", "country": "DE", "postalCode": "10115"}
_INFO = {"name": "Example GmbH", "address": _ADDRESS, "email": "billing@example.com"}


@dataclass(frozen=True)
class Line:
    """A line of an invoice. ``unit_price`` is in millionths of a cent."""

    description: str
    unit: str
    unit_price: int
    units: int

    @property
    def amount(self) -> int:
        """The price of the line in cents."""
        return self.unit_price * self.units // 1_000_000


@dataclass(frozen=True)
class Invoice:
    """A paid invoice: of a billing ``cycle`` (year and month), or of prepaid credit."""

    id: str
    number: str
    created: datetime
    lines: tuple[Line, ...]
    cycle: tuple[int, int] | None = None
    payment_method: str = CARD

    @property
    def month(self) -> tuple[int, int]:
        """The billing cycle it belongs to."""
        return self.cycle or (self.created.year, self.created.month)

    @property
    def total(self) -> int:
        """What was paid; there is no tax."""
        return sum(line.amount for line in self.lines)


@dataclass(frozen=True)
class Change:
    """A change of prepaid credit: a ``PURCHASE`` with its invoice, or a ``SPEND``."""

    origin: str
    amount: int
    created: datetime
    invoice: Invoice | None = None


LINES = (
    Line("grok-4 prompt text tokens", "prompt_text_tokens", 300, 1_200_000),
    Line("grok-4 completion text tokens", "completion_text_tokens", 1500, 400_000),
)


@dataclass
class Billing:
    """What a team owes, has paid and may spend."""

    clock: Clock
    info: dict[str, object] = field(default_factory=lambda: dict(_INFO))
    payment_method: str = CARD
    soft_limit: int = 100_000
    hard_limit: int = _HARD_LIMIT
    invoices: list[Invoice] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        for month in (1, 2):
            self._invoice(datetime(2025, month + 1, 1, tzinfo=timezone.utc), LINES, (2025, month))
        bought = datetime(2025, 2, 15, tzinfo=timezone.utc)
        self.changes.append(Change("PURCHASE", -5000, bought, self._invoice(bought, (_credit(5000),))))
        self.changes.append(Change("SPEND", 1200, datetime(2025, 3, 1, tzinfo=timezone.utc)))

    def _invoice(self, created: datetime, lines: tuple[Line, ...], cycle: tuple[int, int] | None = None) -> Invoice:
        serial = len(self.invoices) + 1
        name = str(uuid.uuid5(_NAMESPACE, f"invoice {serial}"))
        made = Invoice(name, f"EMU-{serial:04}", created, lines, cycle, self.payment_method)
        self.invoices.append(made)
        return made

    @property
    def balance(self) -> int:
        """The sum of all changes: negative while there is credit."""
        return sum(change.amount for change in self.changes)

    @property
    def limit(self) -> int:
        """The spending limit that holds."""
        return min(self.soft_limit, self.hard_limit)

    def top_up(self, amount: int) -> Change:
        """Buy credit with the default payment method."""
        if not 1 <= amount <= _MAX_TOP_UP:
            raise invalid(f"The amount must be between 1 and {_MAX_TOP_UP} cents; got {amount}.")
        if self.payment_method == BANK:
            raise ServiceError("FAILED_PRECONDITION", "The default payment method has not been verified yet.")
        now = self.clock.now()
        change = Change("PURCHASE", -amount, now, self._invoice(now, (_credit(amount),)))
        self.changes.append(change)
        return change

    def set_limit(self, amount: int) -> None:
        """Set the soft spending limit; the hard one stays above it."""
        if not 0 <= amount <= self.hard_limit:
            raise invalid(f"The spending limit must be between 0 and {self.hard_limit} cents; got {amount}.")
        self.soft_limit = amount

    def set_payment_method(self, name: str) -> None:
        """Choose the payment method of coming purchases."""
        if name not in (CARD, BANK):
            raise not_found(f"The payment method {name} does not exist.")
        self.payment_method = name

    def select(
        self, cycle: tuple[int, int] | None, since: tuple[int, int] | None, names: tuple[str, ...]
    ) -> list[Invoice]:
        """The invoices that meet a condition, of which there may be one."""
        if sum((cycle is not None, since is not None, bool(names))) > 1:
            raise invalid("billingCycle, since and invoiceIds exclude each other.")
        return [
            invoice
            for invoice in self.invoices
            if (cycle is None or invoice.month == cycle)
            and (since is None or invoice.month >= since)
            and (not names or invoice.id in names)
        ]


def _credit(amount: int) -> Line:
    return Line("Prepaid credit", "cents", 1_000_000, amount)
