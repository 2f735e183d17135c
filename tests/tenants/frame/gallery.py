"""What the pages of the gallery show."""

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django import forms
from django.http import HttpRequest

from tenants.frame.charts import ChartPoint
from tenants.frame.hooks import AsOf, AsOfPart
from tenants.frame.pagination import Page
from tenants.frame.sorting import read_sort
from tenants.frame.states import _LOOKS
from tests.tenants.frame import writing

AS_OF = AsOf(
    datetime(2026, 11, 24, 16, 42, tzinfo=UTC),
    [
        AsOfPart("Close synced 10:39", "#"),
        AsOfPart("3 refused records (≈ $1,840 commission not counted)", "#", True),
    ],
)
MONTHS = {
    "Jun": "6210.40",
    "Jul": "7120.00",
    "Aug": "5801.15",
    "Sep": "-318.20",
    "Oct": "5310.40",
    "Nov": "4956.12",
}
FIGURES = {
    "total": "4956.12",
    "change": "-160",
    "payable": "4736.73",
    "waiting": "831.39",
    "clawed": "-612",
    "volume": "82926.50",
    "quota": "90000",
    "line1": "1021.20",
    "line2": "2475",
    "line3": "831.39",
    "line4": "706.53",
    "subtotal": "5034.12",
    "pipeline": "5476",
    "weighted": "3296",
    "net": "48529",
    "will": "48847.20",
    "carried": "-318.20",
    "ready": "32734.70",
}


class ClaimForm(forms.Form):
    """A form with one field of each kind."""

    amount = forms.DecimalField(
        label="What should it be?", help_text="The amount you expected, in USD."
    )
    reason = forms.ChoiceField(
        label="Reason",
        choices=[("split", "Split or credit"), ("rate", "Rate, tier or accelerator")],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(label="Note", widget=forms.Textarea, required=False)
    tell = forms.BooleanField(
        label="Tell my manager", required=False, help_text="She sees the note."
    )


def a_request() -> HttpRequest:
    """Make a request of a finance member; the switcher's query is left out."""
    user = SimpleNamespace(
        locale="en_US", is_authenticated=True, email="helen@x.example", pk=0
    )
    member = SimpleNamespace(worth=frozenset({"finance", "admin", "rep"}))
    business = SimpleNamespace(
        time_zone="America/Chicago",
        slug="acme",
        name="Brightwater Heating & Air",
        currency="USD",
    )
    return writing.a_request(
        "/b/acme/runs/9/",
        user=user,
        member=member,
        business=business,
        group=None,
        resolver_match=None,
    )


def payee(
    name: str, amount: str, usual: str, reason: str, state: str
) -> dict[str, Any]:
    change = (Decimal(amount) - Decimal(usual)) / Decimal(usual)
    return {
        "name": name,
        "amount": Decimal(amount),
        "usual": Decimal(usual),
        "reason": reason,
        "swing": change,
        "state": state,
    }


def values() -> dict[str, Any]:
    """Return the context that all pages of the gallery share."""
    figures = {name: Decimal(text) for name, text in FIGURES.items()}
    return figures | {
        "pay_date": date(2026, 12, 15),
        "points": [
            ChartPoint(month, Decimal(text), now=month == "Nov")
            for month, text in MONTHS.items()
        ],
        "steps": [
            {"text": "Draft", "done": True, "note": "Sam Ortiz, 24 Nov"},
            {"text": "In review", "here": True},
            *({"text": text} for text in ("Approved", "Exported", "Paid", "Closed")),
        ],
        "flagged": [
            payee("Dana Whitlock", "11240", "3601", "No reason found", "payable"),
            payee("Marcus Bell", "-318.20", "2100", "Clawback", "carried_forward"),
            payee("Inés Caro", "4872.50", "4400", "Bank details changed", "on_hold"),
        ],
        "trend": [Decimal(n) for n in (3, 5, 4, 7, 6, 11)],
        "sort": read_sort(
            "-amount", columns={"name": ["name"], "amount": ["amount"]}, default="name"
        ),
        "page": Page(list(range(50)), 10214, 51, 50, "next", "back"),
        "diff": [
            {"kind": "same", "word": "", "text": "component: maintenance plan"},
            {"kind": "removed", "word": "removed", "text": "amount: 40.00"},
            {"kind": "added", "word": "added", "text": "amount: 60.00"},
        ],
        "states": sorted(_LOOKS),
        "bad_form": ClaimForm({}),
        "has_errors": True,
        "matrix": [
            ("Brightwater", [Decimal(n) for n in ("79402.88", "83119.36", "61244.90")]),
            ("Ridgeline", [Decimal(n) for n in ("112385.20", "98760.55", "71930.25")]),
        ],
    }
