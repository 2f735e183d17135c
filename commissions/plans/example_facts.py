"""From an example's own words to the facts that the calculation takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from commissions.calculation.facts import (
    AdjustmentFact,
    PayeeInputs,
    TableFact,
)
from commissions.calculation.names import OWN_FIELDS
from commissions.calculation.program import PlanProgram
from commissions.plans.document import NOT_OBJECTS, PlanDocument, Raw
from commissions.plans.example_entries import (
    Above,
    Entry,
    EntryReader,
    read_entries,
)
from commissions.plans.example_people import ALWAYS_FROM, Person, read_people
from commissions.plans.example_periods import Span, read_span
from commissions.plans.example_things import (
    Adjusted,
    Rates,
    Things,
    read_adjustments,
    read_balances,
    read_rates,
    read_tables,
    read_things,
)
from commissions.plans.example_values import read_value
from commissions.plans.names import ALWAYS
from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.periods import Period, Window, period_of
from crm_sync.ledger.facts import EntryFact, FieldFact, ValueType

__all__ = ["Setting", "read_setting", "read_value"]

_MOST = 400_000
# (measure key, period slug) → what the period added.
Stored = Mapping[tuple[str, str], Decimal]


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything an example says, ready to be reckoned for any of its periods."""

    document: PlanDocument
    program: PlanProgram
    span: Span
    people: tuple[Person, ...]
    entries: tuple[Entry, ...]
    reader: EntryReader
    things: Things
    tables: tuple[TableFact, ...]
    rates: tuple[Rates, Rates]
    adjusted: tuple[Adjusted, ...]
    stored: Mapping[int, Stored]
    given: Mapping[int, Mapping[tuple[str, str], Decimal]] = field(default_factory=dict)

    @property
    def ids(self) -> dict[str, int]:
        """Return the number of each entry by its id."""
        return {entry.external_id: entry.number for entry in self.entries}

    @property
    def names(self) -> dict[int, str]:
        """Return the name of each payee by number."""
        return {person.number: person.name for person in self.people}

    def inputs(
        self,
        person: Person,
        period: Period,
        entries: tuple[EntryFact, ...],
        stored: Stored,
        adjustments: tuple[AdjustmentFact, ...] = (),
    ) -> PayeeInputs:
        """Return what decides one statement, with these entries known."""
        into, settling = self.rates
        given = self.given.get(person.number, {})
        return PayeeInputs(
            payee_id=person.number,
            payee_name=person.name,
            period=period,
            currency=self.document.currency,
            assignments=person.assignments,
            entries=entries,
            tables=self.tables,
            adjustments=adjustments,
            stored={**self.stored.get(person.number, {}), **stored},
            attributes=person.attributes,
            rates=into,
            names=self.names,
            facts=person.facts,
            people={other.number: other.fact for other in self.people},
            things=self.things,
            given={
                key: value
                for (key, slug), value in given.items()
                if slug in ("", period.slug)
            },
            leave=person.leave,
            may_sell=person.may_sell,
            settle_rates=settling,
        )

    def days_of_facts(self, kind: Window) -> list[date]:
        """Return the first days of the periods for which a payee's value is written."""
        return [
            fact.starts_on
            for person in self.people
            for fact in person.facts
            if fact.starts_on != ALWAYS_FROM
            and fact.starts_on == period_of(kind, fact.starts_on).starts_on
            and fact.ends_on == period_of(kind, fact.starts_on).ends_on
        ]

    def below(self, number: int, on: date) -> list[int]:
        """Return the direct reports of a payee on a day."""
        name = self.names.get(number, "")
        return [p.number for p in self.people if name and p.manager_on(on) == name]


def read_setting(
    raw: Mapping[str, Raw],
    document: PlanDocument,
    program: PlanProgram,
    catalogue: Sequence[FieldFact] | None,
    tables: tuple[TableFact, ...],
) -> Setting:
    """Turn an example into facts, as if sources had sent its entries."""
    span = read_span(raw, document)
    types = _types(document, catalogue)
    people = read_people(raw, document, program, types.get("payee", {}))
    numbers = {person.name: person.number for person in people}
    entries = read_entries(raw, document.fields)
    if len(span.periods) * len(people) * max(len(entries), 1) > _MOST:
        words = "This example has too many periods, payees and entries together."
        raise ProductError(words, hint="Make several smaller examples of it.")
    adjusted = read_adjustments(raw, document, span.periods)
    for part in adjusted:
        if part.payee not in numbers and (part.payee or len(people) > 1):
            raise ProductError(f"An adjustment is of no payee “{part.payee}”.")
    return Setting(
        document=document,
        program=program,
        span=span,
        people=people,
        entries=entries,
        reader=EntryReader(document, types, numbers, _above(people)),
        things=read_things(raw, types),
        tables=(*tables, *read_tables(raw)),
        rates=read_rates(raw, document),
        adjusted=adjusted,
        stored={
            person.number: _stored(raw, person, document, span) for person in people
        },
        given={person.number: _given(raw, person, document) for person in people},
    )


def _above(people: Sequence[Person]) -> Above:
    """Say who stands above a payee on a day, if it is a payee of the example."""
    numbers = {person.name: person.number for person in people}
    by_number = {person.number: person for person in people}

    def above(payee: int, on: date) -> int | None:
        person = by_number.get(payee)
        manager = person.manager_on(on) if person else ""
        return numbers.get(manager) if manager else None

    return above


def _stored(
    raw: Mapping[str, Raw], person: Person, document: PlanDocument, span: Span
) -> dict[tuple[str, str], Decimal]:
    found: dict[tuple[str, str], Decimal] = {}
    for source in (raw, person.raw):
        for key, slug, value in read_balances(
            source.get("stored", {}), "stored", document
        ):
            if not slug:
                hint = "Like stored: {volume: {2026-10: 1000}}, or use opening."
                raise ProductError("“stored” says for which period.", hint=hint)
            found[key, slug] = value
    before, first = _opened(person, span.periods[0])
    for source in (raw, person.raw):
        opening = read_balances(source.get("opening", {}), "opening", document)
        for key, slug, value in opening:
            if slug:
                raise ProductError("“opening” has one value for each measure.")
            _refuse_new_window(key, document, first, before)
            place = key, before.slug
            found[place] = found.get(place, Decimal(0)) + value
    return found


def _opened(person: Person, first: Period) -> tuple[Period, Period]:
    """Return under what a payee's opening balances stand, and the period they open.

    Who comes in mid-period has them of the day before, as statements do.
    """
    joins = min((fact.starts_on for fact in person.assignments), default=date.min)
    if joins <= first.starts_on:
        return first.previous(), first
    period = period_of(first.kind, joins)
    if joins == period.starts_on:
        return period.previous(), period
    return period_of("day", joins - timedelta(days=1)), period


def _refuse_new_window(
    key: str, document: PlanDocument, first: Period, before: Period
) -> None:
    """Refuse an opening balance of a measure that starts again with the example."""
    name = key.partition("/")[2].partition("[")[0]
    measure = document.measure(name)
    over = measure.over if measure is not None else ""
    if not over or over == "always":
        return
    window = document.window(over)
    kind = first.kind if window == "period" else window
    if period_of(kind, before.ends_on) != period_of(kind, first.starts_on):
        words = f"“{name}” starts again with {first.slug}, so nothing opens it."
        raise ProductError(words, hint="Begin the example one period later.")


def _given(
    raw: Mapping[str, Raw], person: Person, document: PlanDocument
) -> dict[tuple[str, str], Decimal]:
    found: dict[tuple[str, str], Decimal] = {}
    for source in (raw, person.raw):
        for key, slug, value in read_balances(
            source.get("given", {}), "given", document
        ):
            measure = document.measure(key.partition("/")[2])
            if measure is not None and not measure.measure and measure.of == "me":
                words = f"“{measure.name}” is reckoned, so it cannot be given."
                raise ProductError(words, hint="Use stored or opening for the past.")
            found[key, slug] = value
    return found


def refuse_unread(setting: Setting, periods: Sequence[Period]) -> None:
    """Refuse what is given for a period that the example does not work out."""
    known = {"", *(period.slug for period in periods)}
    for given in setting.given.values():
        for key, slug in given:
            if slug not in known:
                name = key.partition("/")[2]
                words = f"“{name}” is given for {slug}, which is not worked out here."
                hint = "Where it stood before goes under stored; or go through periods."
                raise ProductError(words, hint=hint)


def _types(
    document: PlanDocument, catalogue: Sequence[FieldFact] | None
) -> dict[str, dict[str, ValueType]]:
    types: dict[str, dict[str, ValueType]] = {}

    def of(owner: str) -> dict[str, ValueType]:
        known = {} if owner in NOT_OBJECTS else dict(ALWAYS)
        return types.setdefault(owner, known)

    for fact in catalogue or ():
        of(fact.object)[fact.key] = fact.type
    for name, kind in document.fields.items():
        owner, _, key = name.partition(".")
        of(owner)[key] = kind
    for owner, of_object in types.items():
        for key in OWN_FIELDS if owner not in NOT_OBJECTS else ():
            of_object.pop(key, None)
    return types
