"""What the entries of a statement point at: people, things, and exchange rates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from commissions.calculation.facts import (
    AssignmentFact,
    DatedValue,
    PersonFact,
    RateFact,
    SellFact,
    ThingFact,
    ThingKind,
)
from commissions.calculation.names import THINGS
from commissions.statements.rates import RateBook
from commissions_saas.lib.periods import Period, period_of
from crm_sync.ledger.facts import EntryFact
from crm_sync.ledger.known import (
    RightOfDays,
    Subject,
    business_known,
    payees_known,
    rates_known,
    things_known,
)

Rates = Mapping[tuple[str, date], RateFact]
Things = Mapping[tuple[ThingKind, str], ThingFact]
Programs = Mapping[int, tuple[AssignmentFact, ...]]
Entries = Mapping[int, tuple[EntryFact, ...]]


@dataclass(frozen=True, slots=True)
class Around:
    """What was read beside the entries; most plans read nothing of it."""

    people: Mapping[int, PersonFact] = field(default_factory=dict)
    things: Things = field(default_factory=dict)
    book: RateBook | None = None

    def rates(
        self,
        own: Iterable[AssignmentFact],
        entries: Iterable[EntryFact],
        period: Period,
    ) -> Rates:
        """Return the rates of the entries' days into the plans' one currency.

        What is paid again may be converted on the last day of the period that pays.
        Plans of two currencies have none in common: their foreign entries fail.
        """
        into = {fact.program.currency for fact in own}
        if self.book is None or len(into) != 1:
            return {}
        (currency,) = into
        found = {}
        for entry in entries:
            if entry.occurred_on is None or entry.currency in ("", currency):
                continue
            end = period_of(period.kind, entry.occurred_on).ends_on
            for day in (entry.occurred_on, end, period.ends_on):
                rate = self.book.on(entry.currency, currency, day)
                if rate is not None:
                    found[entry.currency, day] = rate
        return found

    def settle_rates(self, own: Iterable[AssignmentFact], period: Period) -> Rates:
        """Return the rates out of the plans' currency, for what is settled elsewhere."""
        if self.book is None:
            return {}
        found = {}
        for program in {fact.program for fact in own}:
            if program.settle_in:
                rate = self.book.on(program.currency, program.settle_in, period.ends_on)
                if rate is not None:
                    found[program.settle_in, period.ends_on] = rate
        return found


def read_around(programs: Programs, entries: Entries, change: int) -> Around:
    """Read what these entries point at, as far as some plan asks for it."""
    used = {fact.program for own in programs.values() for fact in own}
    all_entries = [entry for own in entries.values() for entry in own]
    kinds = [kind for kind in THINGS if any(p.thing_fields.get(kind) for p in used)]
    people: dict[int, PersonFact] = {}
    if any(reads for program in used for reads in program.person_fields.values()):
        people = _people(all_entries, change)
    currencies = {program.currency for program in used}
    foreign = any(e.currency not in ("", *currencies) for e in all_entries)
    foreign = foreign or len(currencies) > 1
    converts = foreign or any(program.settle_in for program in used)
    return Around(
        people,
        _things(kinds, all_entries, change),
        RateBook(rates_known(change)) if converts else None,
    )


def dated_values(subject: Subject) -> tuple[DatedValue, ...]:
    """Return what a payee or thing has by date, as the calculation takes it."""
    return tuple(DatedValue(*value) for value in subject.values)


def sell_facts(rights: Iterable[RightOfDays]) -> tuple[SellFact, ...]:
    """Return what a payee may sell, as the calculation takes it."""
    return tuple(
        SellFact(kind, right.name, right.starts_on, right.ends_on)
        for right in rights
        for kind in THINGS
        if kind == right.kind
    )


def _people(entries: Iterable[EntryFact], change: int) -> dict[int, PersonFact]:
    credits = [credit for entry in entries for credit in entry.credits]
    ids = {credit.payee_id for credit in credits if credit.role == "owner"}
    ids |= {credit.through for credit in credits if credit.through}
    return {
        payee_id: PersonFact(found.name, found.attributes, dated_values(found))
        for payee_id, found in payees_known(ids, change).items()
    }


def _things(
    kinds: Iterable[ThingKind], entries: Iterable[EntryFact], change: int
) -> dict[tuple[ThingKind, str], ThingFact]:
    entries = list(entries)
    found: dict[tuple[ThingKind, str], ThingFact] = {}
    for kind in kinds:
        if kind == "business":
            own = {"": business_known(change)}
        else:
            values = {entry.values.get(kind) for entry in entries}
            names = {name for name in values if isinstance(name, str) and name}
            own = things_known(kind, names, change) if names else {}
        for name, subject in own.items():
            found[kind, name] = ThingFact(subject.attributes, dated_values(subject))
    return found
