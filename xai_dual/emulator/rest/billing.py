"""Billing of the team, as the management host serves it. Amounts are strings of US cents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import Response

from xai_dual.emulator.errors import invalid
from xai_dual.emulator.rest import query
from xai_dual.emulator.rest.call import Call, Json
from xai_dual.emulator.rest.management import integer, team
from xai_dual.emulator.rest.team_models import CLUSTER
from xai_dual.emulator.rest.times import stamp
from xai_dual.emulator.service import access, analytics
from xai_dual.emulator.service.billing import BANK, CARD, LINES, Change, Invoice, Line

_ADDED = "2024-01-01T12:55:18Z"
_INFO = ("name", "address", "email", "taxIdType", "taxNumber")


def _cent(amount: int) -> Json:
    return {"val": str(amount)}


def _amount(body: Json, name: str) -> int:
    given = body.get(name)
    if not given or not given.get("val"):
        raise invalid(f"{name} must be given.")
    return integer(name, given["val"])


async def get_info(call: Call) -> Response:
    """GET /v1/billing/teams/{team_id}/billing-info"""
    team(call)
    return call.answer({"billingInfo": call.state.billing.info})


async def set_info(call: Call) -> Response:
    """POST /v1/billing/teams/{team_id}/billing-info"""
    team(call)
    given = (await call.body("SetBillingInfoRequest")).get("billingInfo") or {}
    call.state.billing.info = {name: given[name] for name in _INFO if name in given}
    call.state.audit.record("Changed the billing contact.")
    return call.answer({})


async def list_invoices(call: Call) -> Response:
    """GET /v1/billing/teams/{team_id}/invoices"""
    team(call)
    names = tuple(call.request.query_params.getlist("invoiceIds.invoiceIds"))
    found = call.state.billing.select(_cycle(call, "billingCycle"), _cycle(call, "since"), names)
    return call.answer({"invoices": [_invoice(invoice) for invoice in found]})


def _cycle(call: Call, name: str) -> tuple[int, int] | None:
    year, month = query.integer(call, f"{name}.year"), query.integer(call, f"{name}.month")
    if year is None and month is None:
        return None
    if year is None or month is None or not 1 <= month <= 12:
        raise invalid(f"{name} needs a year and a month from 1 to 12.")
    return year, month


async def list_payment_methods(call: Call) -> Response:
    """GET /v1/billing/teams/{team_id}/payment-method"""
    team(call)
    shared = {"billingInfo": call.state.billing.info, "addedTs": _ADDED}
    card = {"brand": "visa", "expMonth": "12", "expYear": "2030", "last4": "4242"}
    bank = {"bankName": "Example Bank", "last4": "6789", "routingNumber": "110000000"}
    methods = [
        {"paymentMethodId": CARD, "paymentType": "card", "cardDetails": card, **shared},
        {"paymentMethodId": BANK, "paymentType": "us_bank_account", "usBankAccountDetails": bank, **shared},
    ]
    return call.answer({"paymentMethods": methods, "pendingPaymentMethod": None})


async def set_payment_method(call: Call) -> Response:
    """POST /v1/billing/teams/{team_id}/payment-method/default"""
    team(call)
    name = (await call.body("SetDefaultPaymentMethodRequest")).get("paymentMethodId") or ""
    call.state.billing.set_payment_method(name)
    call.state.audit.record(f"Made {name} the default payment method.")
    return call.answer({})


async def preview(call: Call) -> Response:
    """GET /v1/billing/teams/{team_id}/postpaid/invoice/preview"""
    team(call)
    billing = call.state.billing
    total = sum(line.amount for line in LINES)
    used = min(total, max(0, -billing.balance))
    now = billing.clock.now()
    core = {
        "lines": [_line(line) for line in LINES],
        "amountBeforeVatLimited": _cent(total),
        "amountBeforeVatUnlimited": _cent(0),
        "amountBeforeVatLimitedAndUnlimited": _cent(total),
        "amountBeforeVat": str(total - used),
        "vatCost": "0",
        "amountAfterVat": str(total - used),
        "autoCreditsIssued": "0",
        "defaultCreditsIssued": "0",
        "totalWithCorr": _cent(total),
        "prepaidCredits": _cent(billing.balance),
        "prepaidCreditsUsed": _cent(used),
    }
    return call.answer(
        {
            "coreInvoice": core,
            "effectiveSpendingLimit": str(billing.limit),
            "defaultCredits": "0",
            "billingCycle": {"year": now.year, "month": now.month},
        }
    )


async def get_limits(call: Call) -> Response:
    """GET /v1/billing/teams/{team_id}/postpaid/spending-limits"""
    team(call)
    billing = call.state.billing
    limits = {
        "hardSlAuto": _cent(billing.hard_limit),
        "effectiveHardSl": _cent(billing.hard_limit),
        "softSl": _cent(billing.soft_limit),
        "effectiveSl": _cent(billing.limit),
    }
    return call.answer({"spendingLimits": limits})


async def set_limit(call: Call) -> Response:
    """POST /v1/billing/teams/{team_id}/postpaid/spending-limits"""
    team(call)
    billing = call.state.billing
    billing.set_limit(_amount(await call.body("SetSpendingLimitRequest"), "desiredSoftSpendingLimit"))
    call.state.audit.record(f"Set the soft spending limit to {billing.soft_limit} cents.")
    return call.answer({"thisBpSoftSpendingLimit": _cent(billing.soft_limit)})


async def balance(call: Call) -> Response:
    """GET /v1/billing/teams/{team_id}/prepaid/balance"""
    team(call)
    billing = call.state.billing
    return call.answer({"changes": [_change(item) for item in billing.changes], "total": _cent(billing.balance)})


async def top_up(call: Call) -> Response:
    """POST /v1/billing/teams/{team_id}/prepaid/top-up"""
    team(call)
    change = call.state.billing.top_up(_amount(await call.body("TopUpRequest"), "amount"))
    call.state.audit.record(f"Bought prepaid credit of {-change.amount} cents.")
    return call.answer({"change": _change(change)})


async def usage(call: Call) -> Response:
    """POST /v1/billing/teams/{team_id}/usage"""
    team(call)
    given: Json = (await call.body("AnalyzeUsageRequest")).get("analyticsRequest") or {}
    span = given.get("timeRange") or {}
    wanted = analytics.Query(
        start=span.get("startTime") or "",
        end=span.get("endTime") or "",
        zone=span.get("timezone") or "",
        unit=given.get("timeUnit") or "",
        values=tuple(
            (value.get("name") or "", value.get("aggregation") or "AGGREGATION_NONE")
            for value in given.get("values") or ()
        ),
        group_by=tuple(given.get("groupBy") or ()),
        filters=tuple(given.get("filters") or ()),
    )
    series, cut = analytics.analyze(wanted)
    return call.answer({"timeSeries": [_series(item) for item in series], "limitReached": cut})


def _series(series: analytics.Series) -> Json:
    points = [{"timestamp": stamp(time), "values": list(values)} for time, values in series.points]
    return {"group": list(series.group), "groupLabels": list(series.group), "dataPoints": points}


def _change(change: Change) -> Json:
    body: Json = {
        "teamId": access.TEAM_ID,
        "changeOrigin": change.origin,
        "amount": _cent(change.amount),
        "createTime": stamp(change.created),
        "createTs": stamp(change.created),
    }
    if change.invoice is None:
        return body | {"spendBpKeyYear": change.created.year, "spendBpKeyMonth": change.created.month}
    return body | {
        "topupStatus": "SUCCEEDED",
        "invoiceId": change.invoice.id,
        "invoiceNumber": change.invoice.number,
        "paymentProcessor": {"kind": "STRIPE"},
    }


def _invoice(invoice: Invoice) -> Json:
    body: Json = {
        "teamId": access.TEAM_ID,
        "invoiceId": invoice.id,
        "invoiceNumber": invoice.number,
        "createTime": stamp(invoice.created),
        "invoiceStatus": "PAID",
        "firstDesiredNextCycleTs": stamp(invoice.created),
        "chargerAttempts": [{"ticket": 1, "successful": True, "paymentMethodId": invoice.payment_method}],
        "lines": [_line(line) for line in invoice.lines],
        "subtotal": str(invoice.total),
        "tax": "0",
        "total": str(invoice.total),
        "invoicePdfAssetKeySuffix": f"{invoice.number}.pdf",
    }
    if invoice.cycle is None:
        return body | {"prepaid": {}}
    year, month = invoice.cycle
    monthly: dict[str, Any] = {
        "billingCycle": {"year": year, "month": month},
        "defaultCreditsIssued": _cent(0),
        "autoCreditsIssued": _cent(0),
        "prepaidTokensToSpend": _cent(0),
        "billingItemsCsvAssetKeySuffix": f"{invoice.number}.csv",
        "correctionsCsvAssetKeySuffix": "",
    }
    return body | {"monthly": monthly}


def _line(line: Line) -> Json:
    return {
        "clusterName": CLUSTER,
        "description": line.description,
        "unitType": line.unit,
        "unitPrice": str(line.unit_price),
        "numUnits": str(line.units),
        "amount": str(line.amount),
    }


_TEAM = "/v1/billing/teams/{team_id}"
ROUTES: list[tuple[str, str, Callable[[Call], Awaitable[Response]]]] = [
    ("GET", f"{_TEAM}/billing-info", get_info),
    ("POST", f"{_TEAM}/billing-info", set_info),
    ("GET", f"{_TEAM}/invoices", list_invoices),
    ("GET", f"{_TEAM}/payment-method", list_payment_methods),
    ("POST", f"{_TEAM}/payment-method/default", set_payment_method),
    ("GET", f"{_TEAM}/postpaid/invoice/preview", preview),
    ("GET", f"{_TEAM}/postpaid/spending-limits", get_limits),
    ("POST", f"{_TEAM}/postpaid/spending-limits", set_limit),
    ("GET", f"{_TEAM}/prepaid/balance", balance),
    ("POST", f"{_TEAM}/prepaid/top-up", top_up),
    ("POST", f"{_TEAM}/usage", usage),
]
