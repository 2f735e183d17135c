"""The story written into the stand-in for Close, moment by moment."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from commissions_saas.demo.close_server import values
from commissions_saas.demo.close_server.account import Account
from commissions_saas.demo.close_server.store import Store
from commissions_saas.demo.story.facts import Deal, Edit, Item, Meeting

STATUSES = (
    ("Lead", "active"),
    ("Proposal", "active"),
    ("Won", "won"),
    ("Lost", "lost"),
)
PERSON, BUSINESS, PRODUCT = "Split with", "Business", "Product"


class Book:
    """One organisation's account, and what of its story is written already."""

    def __init__(
        self, store: Store, *, name: str, currency: str, fields: Mapping[str, str]
    ) -> None:
        self.account = Account.create(store, name=name, currency=currency)
        self.statuses = {
            label: self.account.add_status(label, type_) for label, type_ in STATUSES
        }
        self.fields = {
            label: self.account.add_custom_field(label, type_)
            for label, type_ in fields.items()
        }
        self.users: dict[str, str] = {}
        self._leads: dict[str, str] = {}
        self._deals: dict[str, str] = {}
        self._waiting: list[Item] = []

    def add_person(self, name: str, email: str, *, is_admin: bool = False) -> None:
        """Add a user of this Close."""
        if name not in self.users:
            role = "admin" if is_admin else "user"
            self.users[name] = self.account.add_user(name=name, email=email, role=role)

    def take(self, items: Iterable[Item]) -> None:
        """Take what is going to happen; nothing is written yet."""
        self._waiting += items
        self._waiting.sort(key=lambda item: (item.at, item.key))

    def write_until(self, moment: datetime) -> int:
        """Write everything that has happened by then, in its order."""
        due = [item for item in self._waiting if item.at <= moment]
        self._waiting = self._waiting[len(due) :]
        with self.account.store.transaction():
            for item in due:
                self._write(item)
        return len(due)

    def _write(self, item: Item) -> None:
        if isinstance(item, Deal):
            self._add(item)
        elif isinstance(item, Edit):
            by = self.users.get(item.by)
            changes = self._changes(item.changes, item.at)
            self.account.edit(self._deals[item.key], changes, by=by, at=item.at)
        elif isinstance(item, Meeting):
            self.account.add_meeting(
                lead=self._lead(item.customer, item.at),
                user=self.users[item.owner],
                title=f"Introduction to {item.customer}",
                starts_at=item.at,
                status=item.status,
                key=item.key,
            )

    def _add(self, deal: Deal) -> None:
        day = deal.expected_on or deal.at.date()
        lost = deal.status == "Lost"
        custom = dict(deal.custom)
        if deal.product:
            custom[PRODUCT] = deal.product
        if BUSINESS in self.fields:
            custom[BUSINESS] = deal.business
        own = {self.fields[label]: text for label, text in custom.items()}
        if deal.split_with:
            own[self.fields[PERSON]] = self.users[deal.split_with]
        self._deals[deal.key] = self.account.add_opportunity(
            lead=self._lead(deal.customer, deal.at),
            user=self.users[deal.owner],
            status=self.statuses[deal.status],
            value=_whole_cents(deal.amount),
            won_on=None if lost else day,
            lost_at=deal.at if lost else None,
            custom=own,
            confidence=deal.confidence,
            created_at=deal.at,
            key=deal.key,
        )

    def _changes(self, changes: Mapping[str, str], at: datetime) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for label, text in changes.items():
            if label == "amount":
                found["value"] = _whole_cents(Decimal(text))
            elif label == "status":
                found["status_id"] = self.statuses[text]
                if text == "Lost":
                    found["date_lost"] = values.shown(values.stamp(at))
            else:
                found[f"custom.{self.fields[label]}"] = text
        return found

    def _lead(self, customer: str, at: datetime) -> str:
        if customer not in self._leads:
            key = f"lead {customer}"
            self._leads[customer] = self.account.add_lead(customer, at=at, key=key)
        return self._leads[customer]


def _whole_cents(amount: Decimal) -> int:
    return int((amount * 100).to_integral_exact())
