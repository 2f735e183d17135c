"""What open deals would earn: worked out by the same stages, never stored or summed in."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from commissions.calculation.facts import PayeeInputs
from commissions.calculation.pipeline import calculate
from commissions.statements.inputs import load
from commissions.statements.models import Statement
from commissions.statements.periods import as_period
from commissions_saas.lib import clock
from commissions_saas.lib.money import round_money
from crm_sync.ledger.as_of import open_entry_facts
from crm_sync.ledger.changes import latest_change
from crm_sync.ledger.facts import EntryFact
from tenants.schema import current_business

ZERO = Decimal(0)
CONFIDENCE = ("confidence", "probability")
EXPECTED = ("expected_on", "expected_close", "estimated_close", "won_on")


@dataclass(frozen=True, slots=True)
class OpenDeal:
    """An open deal and what it would earn if it alone were won."""

    entry: EntryFact
    amount: Decimal
    confidence: Decimal | None
    expected_on: date | None
    alone: Decimal
    is_included: bool

    @property
    def weighted(self) -> Decimal:
        """Return the estimate times the confidence; without one it counts in full."""
        confidence = Decimal(1) if self.confidence is None else self.confidence
        return round_money(self.alone * confidence, self.entry.currency or "USD")


@dataclass(frozen=True, slots=True)
class Estimate:
    """The open pipeline of a payee, alone, together and weighted."""

    deals: tuple[OpenDeal, ...]
    left_out: tuple[tuple[EntryFact, str], ...]
    together: Decimal
    weighted: Decimal
    projected: Decimal

    @property
    def alone(self) -> Decimal:
        """Return the sum of what each would earn alone; tiers can make it differ."""
        return sum((deal.alone for deal in self.deals if deal.is_included), ZERO)


def estimate_of(row: Statement, chosen: Collection[int] | None = None) -> Estimate:
    """Work out a payee's open deals as if they were won in the statement's period."""
    change = latest_change()
    key = row.payee_id, as_period(row.period)
    inputs = load([key], change).inputs(*key)
    opened = open_entry_facts(payee_ids=[row.payee_id], change=change)
    now = calculate(inputs).total
    day = min(
        max(clock.today(current_business().time_zone), key[1].starts_on),
        key[1].ends_on,
    )
    deals, left_out, won = [], [], []
    for entry in opened.get(row.payee_id, ()):
        amount = entry.values.get("amount")
        if not isinstance(amount, Decimal):
            left_out.append((entry, "It has no amount yet."))
            continue
        as_won = _as_won(entry, day)
        alone, problem = _worth(inputs, [as_won], now)
        if problem or not alone:
            left_out.append((entry, problem or "No component of the plan pays for it."))
            continue
        included = chosen is None or entry.id in chosen
        won += [as_won] if included else []
        deals.append(
            OpenDeal(
                entry,
                amount,
                _confidence(entry),
                _expected(entry),
                alone,
                included,
            )
        )
    together, _ = _worth(inputs, won, now)
    weighted = sum((deal.weighted for deal in deals if deal.is_included), ZERO)
    return Estimate(
        tuple(deals), tuple(left_out), together, weighted, row.total + together
    )


def _as_won(entry: EntryFact, day: date) -> EntryFact:
    values = {**entry.values, "won_on": day, "status_type": "won"}
    return replace(entry, occurred_on=day, counts=True, values=values)


def _worth(
    inputs: PayeeInputs, won: Sequence[EntryFact], now: Decimal
) -> tuple[Decimal, str]:
    if not won:
        return ZERO, ""
    draft = calculate(replace(inputs, entries=(*inputs.entries, *won)))
    ids = {entry.id for entry in won}
    failed = next(
        (line.failed for line in draft.lines if line.failed and line.entry_id in ids),
        "",
    )
    return draft.total - now, failed


def _confidence(entry: EntryFact) -> Decimal | None:
    for name in CONFIDENCE:
        value = entry.values.get(name)
        if isinstance(value, Decimal):
            return value / 100 if value > 1 else value
    return None


def _expected(entry: EntryFact) -> date | None:
    for name in EXPECTED:
        value = entry.values.get(name)
        if isinstance(value, date):
            return value
    return None
