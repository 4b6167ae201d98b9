"""Billing and usage of the team, by the management key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from xai_dual.emulator import serve

from .shapes import checked, missing

TEAM = "5ea6f6bd-7815-4b8a-9135-28b2d7ba6722"
WHERE = "/v1/billing/teams/{team_id}"
USAGE = {
    "timeRange": {"startTime": "2025-03-01 00:00:00", "endTime": "2025-03-08 00:00:00", "timezone": "Etc/GMT"},
    "timeUnit": "TIME_UNIT_DAY",
    "values": [{"name": "usd", "aggregation": "AGGREGATION_SUM"}],
    "groupBy": ["description"],
    "filters": [],
}


class Manage:
    """Calls by path below the team's billing, checked against the definitions."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def get(self, path: str, status: int = 200, **params: Any) -> Any:
        params = {name.replace("__", "."): value for name, value in params.items()}
        answer = self.client.get(f"/v1/billing/teams/{TEAM}/{path}", params=params)
        return checked(answer, f"{WHERE}/{path}") if status == 200 else self.refused(answer, status)

    def post(self, path: str, given: Any, status: int = 200) -> Any:
        answer = self.client.post(f"/v1/billing/teams/{TEAM}/{path}", json=given)
        return checked(answer, f"{WHERE}/{path}") if status == 200 else self.refused(answer, status)

    def refused(self, answer: httpx.Response, status: int) -> None:
        assert answer.status_code == status, answer.text

    def events(self) -> list[str]:
        return [event["description"] for event in self.client.get(f"/audit/teams/{TEAM}/events").json()["events"]]


@pytest.fixture
def manage() -> Iterator[Manage]:
    with serve() as server:
        headers = {"authorization": f"Bearer {server.management_key}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=20) as client:
            yield Manage(client)


def test_contact(manage: Manage) -> None:
    info = {
        "name": "New Ltd",
        "address": {"line1": "1 Road", "line2": "", "city": "Oslo", "country": "NO", "postalCode": "1", "state": ""},
        "email": "new@example.com",
        "taxIdType": "no_vat",
        "taxNumber": "123456789MVA",
    }
    assert manage.get("billing-info")["billingInfo"]["name"]
    assert manage.post("billing-info", {"billingInfo": info}) == {}
    assert manage.get("billing-info") == {"billingInfo": info}
    manage.post("billing-info", {"billingInfo": {"name": "Only"}})
    assert manage.get("billing-info") == {"billingInfo": {"name": "Only"}}  # the whole record is replaced
    manage.post("billing-info", {"billingInfo": {"name": 5}}, 422)
    assert manage.events() == ["Changed the billing contact."] * 2


def test_top_up_changes_the_balance(manage: Manage) -> None:
    before = manage.get("prepaid/balance")
    change = manage.post("prepaid/top-up", {"amount": {"val": "1000"}})["change"]
    assert missing("PrepaidBalanceChange", change) == {"spendBpKeyYear", "spendBpKeyMonth"}
    assert change["amount"] == {"val": "-1000"}
    assert (change["changeOrigin"], change["topupStatus"]) == ("PURCHASE", "SUCCEEDED")
    after = manage.get("prepaid/balance")
    assert after["changes"] == [*before["changes"], change]
    assert int(after["total"]["val"]) == int(before["total"]["val"]) - 1000
    assert int(after["total"]["val"]) == sum(int(item["amount"]["val"]) for item in after["changes"])
    (invoice,) = manage.get("invoices", invoiceIds__invoiceIds=[change["invoiceId"]])["invoices"]
    assert (invoice["total"], invoice["prepaid"], invoice["invoiceNumber"]) == ("1000", {}, change["invoiceNumber"])
    assert manage.get("postpaid/invoice/preview")["coreInvoice"]["prepaidCredits"] == after["total"]
    assert manage.events() == ["Bought prepaid credit of 1000 cents."]
    for refused in ({}, {"amount": {}}, {"amount": {"val": "0"}}, {"amount": {"val": "-5"}}, {"amount": {"val": "x"}}):
        manage.post("prepaid/top-up", refused, 400)
    manage.post("prepaid/top-up", {"amount": {"val": 1000}}, 422)
    assert manage.get("prepaid/balance") == after


def test_payment_methods(manage: Manage) -> None:
    found = manage.get("payment-method")
    assert found["pendingPaymentMethod"] is None
    card, bank = found["paymentMethods"]
    assert missing("PaymentMethod", card) == {"usBankAccountDetails", "linkDetails"}
    assert missing("PaymentMethod", bank) == {"cardDetails", "linkDetails"}
    assert manage.post("payment-method/default", {"paymentMethodId": bank["paymentMethodId"]}) == {}
    manage.post("prepaid/top-up", {"amount": {"val": "5"}}, 400)  # the bank account is not verified
    manage.post("payment-method/default", {"paymentMethodId": card["paymentMethodId"]})
    manage.post("prepaid/top-up", {"amount": {"val": "5"}})
    last = manage.get("invoices")["invoices"][-1]
    assert last["chargerAttempts"][0]["paymentMethodId"] == card["paymentMethodId"]
    manage.post("payment-method/default", {"paymentMethodId": "pm_nope"}, 404)


def test_spending_limits(manage: Manage) -> None:
    limits = manage.get("postpaid/spending-limits")["spendingLimits"]
    assert missing("SpendingLimits", limits) == {"hardSlOverride"}
    wanted = {"desiredSoftSpendingLimit": {"val": "5000"}}
    assert manage.post("postpaid/spending-limits", wanted) == {"thisBpSoftSpendingLimit": {"val": "5000"}}
    limits = manage.get("postpaid/spending-limits")["spendingLimits"]
    assert limits["softSl"] == limits["effectiveSl"] == {"val": "5000"}
    assert manage.get("postpaid/invoice/preview")["effectiveSpendingLimit"] == "5000"
    for refused in ("-1", "99999999999", "much"):
        manage.post("postpaid/spending-limits", {"desiredSoftSpendingLimit": {"val": refused}}, 400)
    assert manage.events() == ["Set the soft spending limit to 5000 cents."]


def test_invoices(manage: Manage) -> None:
    invoices = manage.get("invoices")["invoices"]
    monthly = [invoice for invoice in invoices if "monthly" in invoice]
    assert [item["monthly"]["billingCycle"]["month"] for item in monthly] == [1, 2]
    assert missing("Invoice", monthly[0]) == {"prepaid", "subscriptions"}
    assert missing("InvoiceMonthly", monthly[0]["monthly"]) == missing("InvoiceLine", monthly[0]["lines"][0]) == set()
    assert monthly[0]["total"] == str(sum(int(line["amount"]) for line in monthly[0]["lines"]))
    one = manage.get("invoices", billingCycle__year=2025, billingCycle__month=1)["invoices"]
    assert one == monthly[:1]
    since = manage.get("invoices", since__year=2025, since__month=2)["invoices"]
    assert [item["invoiceId"] for item in since] == [item["invoiceId"] for item in invoices[1:]]
    names = [invoices[0]["invoiceId"], invoices[2]["invoiceId"]]
    found = manage.get("invoices", invoiceIds__invoiceIds=names)["invoices"]
    assert [item["invoiceId"] for item in found] == names
    manage.get("invoices", 400, billingCycle__year=2025)
    manage.get("invoices", 400, billingCycle__year=2025, billingCycle__month=13)
    manage.get("invoices", 400, since__year=2025, since__month=1, invoiceIds__invoiceIds=names)


def test_preview(manage: Manage) -> None:
    found = manage.get("postpaid/invoice/preview")
    assert missing("PreviewInvoiceResponse", found) == missing("CoreInvoice", found["coreInvoice"]) == set()
    core = found["coreInvoice"]
    total = sum(int(line["amount"]) for line in core["lines"])
    assert int(core["amountAfterVat"]) == total - int(core["prepaidCreditsUsed"]["val"])


def test_usage(manage: Manage) -> None:
    found = manage.post("usage", {"analyticsRequest": USAGE})
    assert found["limitReached"] is False
    assert all(missing("TimeSeries", item) == set() for item in found["timeSeries"])
    assert found["timeSeries"][0]["group"] == ["grok-4 prompt text tokens"]
    points = found["timeSeries"][0]["dataPoints"]
    assert [point["timestamp"] for point in points] == [f"2025-03-0{day}T00:00:00Z" for day in range(1, 8)]
    assert all(len(point["values"]) == 1 for point in points)
    assert manage.post("usage", {"analyticsRequest": USAGE}) == found

    def count(**changes: Any) -> tuple[int, int]:
        series = manage.post("usage", {"analyticsRequest": {**USAGE, **changes}})["timeSeries"]
        return len(series), len(series[0]["dataPoints"]) if series else 0

    assert count(groupBy=[]) == (1, 7)
    assert count(groupBy=["model", "unitType"], filters=["model:grok-4"]) == (2, 7)
    assert count(filters=["model:nothing"]) == (0, 0)
    assert count(timeUnit="TIME_UNIT_NONE") == (4, 1)
    assert count(timeUnit="TIME_UNIT_MONTH") == (4, 1)
    assert count(timeUnit="TIME_UNIT_CALENDAR_WEEK") == (4, 2)
    assert count(timeUnit="TIME_UNIT_QUARTER_HOUR") == (4, 672)
    cut = manage.post("usage", {"analyticsRequest": {**USAGE, "timeUnit": "TIME_UNIT_SECOND"}})
    assert cut["limitReached"] is True
    assert len(cut["timeSeries"][0]["dataPoints"]) == 1000
    oslo = {**USAGE["timeRange"], "timezone": "Europe/Oslo"}  # type: ignore[dict-item]
    series = manage.post("usage", {"analyticsRequest": {**USAGE, "timeRange": oslo}})["timeSeries"]
    assert series[0]["dataPoints"][0]["timestamp"] == "2025-02-28T23:00:00Z"
    backwards = {**USAGE["timeRange"], "endTime": "2025-03-01 00:00:00"}  # type: ignore[dict-item]
    nowhere = {**USAGE["timeRange"], "timezone": "Mars/Olympus"}  # type: ignore[dict-item]
    for changes in (
        {"timeRange": backwards},
        {"timeRange": nowhere},
        {
            "timeRange": {"startTime": "9999-12-30 00:00:00", "endTime": "9999-12-31 23:59:59"},
            "timeUnit": "TIME_UNIT_MONTH",
        },
        {"timeRange": {}},
        {"values": []},
        {"groupBy": ["mood"]},
        {"filters": ["mood:good"]},
        {"timeUnit": "TIME_UNIT_INVALID"},
    ):
        manage.post("usage", {"analyticsRequest": {**USAGE, **changes}}, 400)
    manage.post("usage", {"analyticsRequest": {**USAGE, "timeUnit": "TIME_UNIT_AGE"}}, 422)
