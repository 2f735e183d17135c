"""What is not normal about a payout: plain rules over frozen facts, each with words."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from commissions.calculation.words import day_words

SWING_PERCENT = Decimal(25)
SWING_AMOUNT = Decimal(500)
BANK_CHANGE_DAYS = 10
DUPLICATE_DAYS = 45
LARGE_ADJUSTMENT = Decimal(500)
RUNS_COMPARED = 6

Severity = Literal["flag", "reason", "note"]


@dataclass(frozen=True, slots=True)
class Flag:
    """A finding. A `flag` wants eyes; a `reason` explains a swing; a `note` informs."""

    code: str
    severity: Severity
    words: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class DealPaid:
    """A deal with a line in the payout."""

    entry_id: int
    customer: str
    product: str
    amount: Decimal
    won_on: date | None


@dataclass(frozen=True, slots=True)
class PayoutFacts:
    """What the rules look at: one payee's amount and what stands behind it."""

    amount: Decimal
    currency: str
    today: date
    history: tuple[Decimal, ...]  # of the last runs, newest first
    deals: tuple[DealPaid, ...] = ()
    clawed_back: Decimal = Decimal(0)
    carried_in: Decimal = Decimal(0)
    released: int = 0
    largest_adjustment: Decimal = Decimal(0)
    new_versions: tuple[str, ...] = ()
    bank_changed_on: date | None = None
    leaves_on: date | None = None
    settled: Decimal = Decimal(0)  # with somebody else, in an earlier run


def find_flags(facts: PayoutFacts) -> list[Flag]:
    """Return all findings, those that want eyes first."""
    reasons = _reasons(facts)
    found = [
        *_negative(facts),
        *_swing(facts, reasons),
        *_duplicates(facts.deals),
        *_bank_change(facts),
        *_adjustment(facts),
        *_settled(facts),
        *_leaver(facts),
        *reasons,
    ]
    return sorted(found, key=lambda flag: flag.severity != "flag")


def average(history: Sequence[Decimal]) -> Decimal | None:
    """Return the mean of past payouts, or nothing where there are none."""
    if not history:
        return None
    mean = sum(history, Decimal(0)) / len(history)
    return mean.quantize(Decimal("0.01"))


def _reasons(facts: PayoutFacts) -> list[Flag]:
    reasons = []
    if facts.clawed_back:
        reasons.append(("clawback", f"{_money(facts.clawed_back)} clawed back"))
    if facts.carried_in:
        reasons.append(("carried", f"{_money(facts.carried_in)} carried in"))
    if facts.released:
        lines = (
            "1 earlier line"
            if facts.released == 1
            else f"{facts.released} earlier lines"
        )
        reasons.append(("released", f"{lines} became payable"))
    if facts.new_versions:
        reasons.append(("version", f"new plan: {', '.join(facts.new_versions)}"))
    return [Flag(code, "reason", words) for code, words in reasons]


def _swing(facts: PayoutFacts, reasons: list[Flag]) -> list[Flag]:
    usual = average(facts.history)
    if usual is None:
        return [Flag("first", "flag", "First payment: nothing to compare with")]
    change = facts.amount - usual
    large = abs(change) > SWING_AMOUNT
    if usual and large and abs(change) * 100 > SWING_PERCENT * abs(usual):
        percent = (change * 100 / usual).quantize(Decimal(1))
        words = f"{percent:+}% vs own average of {_money(usual)}".replace("-", "−")
        if reasons or facts.settled:
            return [Flag("swing", "note", words)]
        return [Flag("swing", "flag", f"{words}; no reason found")]
    return []


def _negative(facts: PayoutFacts) -> list[Flag]:
    if facts.amount >= 0:
        return []
    return [Flag("negative", "flag", "Below zero: carried forward to the next run")]


def _duplicates(deals: Sequence[DealPaid]) -> list[Flag]:
    found = []
    ordered = sorted(deals, key=lambda deal: (deal.customer, deal.entry_id))
    for i, deal in enumerate(ordered):
        for other in ordered[i + 1 :]:
            if _looks_the_same(deal, other):
                words = (
                    f"Two {deal.product or 'deals'} for {deal.customer}, "
                    f"{_money(deal.amount)} each: possible duplicate"
                )
                found.append(Flag("duplicate", "flag", words))
    return found


def _looks_the_same(one: DealPaid, other: DealPaid) -> bool:
    if one.entry_id == other.entry_id or one.customer != other.customer:
        return False
    if one.amount != other.amount or not (one.won_on and other.won_on):
        return False
    return abs((one.won_on - other.won_on).days) <= DUPLICATE_DAYS


def _bank_change(facts: PayoutFacts) -> list[Flag]:
    if facts.bank_changed_on is None:
        return []
    days = (facts.today - facts.bank_changed_on).days
    if days >= BANK_CHANGE_DAYS:
        return []
    ago = "today" if days <= 0 else "1 day ago" if days == 1 else f"{days} days ago"
    return [Flag("bank", "flag", f"Bank details changed {ago}")]


def _adjustment(facts: PayoutFacts) -> list[Flag]:
    if abs(facts.largest_adjustment) <= LARGE_ADJUSTMENT:
        return []
    words = f"Manual adjustment of {_money(facts.largest_adjustment)}"
    return [Flag("adjustment", "flag", words)]


def _settled(facts: PayoutFacts) -> list[Flag]:
    if not facts.settled:
        return []
    words = f"{_money(facts.settled)} of a merge that was undone after a run"
    return [Flag("settled", "flag", words)]


def _leaver(facts: PayoutFacts) -> list[Flag]:
    if facts.leaves_on is None or facts.leaves_on > facts.today:
        return []
    return [Flag("leaver", "note", f"Left on {day_words(facts.leaves_on)}")]


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}".replace("-", "−")
