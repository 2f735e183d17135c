"""My plan: its sentences, the member's own figures, and where they stand in the tiers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q

from commissions.calculation.facts import (
    AssignmentFact,
    LineKey,
    MeasureDraft,
    PayeeInputs,
    TableFact,
)
from commissions.calculation.pipeline import calculate
from commissions.calculation.program import PlanProgram
from commissions.calculation.receipt import NoSuchLine
from commissions.calculation.receipts import explain
from commissions.formula import TierTable
from commissions.plans.models import Assignment, PlanVersion
from commissions.plans.selectors import programs_of
from commissions.statements.inputs import load
from commissions.statements.models import Line, PayPeriod
from commissions.statements.periods import current_period
from commissions_saas.lib.periods import Period
from crm_sync.ledger.changes import latest_change
from crm_sync.ledger.facts import Value
from crm_sync.ledger.models import Entry, Payee

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Tier:
    """One row of a tier table, and whether the payee stands in it."""

    starts: Decimal
    rate: Decimal
    is_here: bool


@dataclass(frozen=True, slots=True)
class TierList:
    """A tier table of a plan with the measure that moves through it."""

    name: str
    measure: str
    total: Decimal
    tiers: tuple[Tier, ...]


Sentences = tuple[tuple[str, str], ...]  # component, what it pays


@dataclass(frozen=True, slots=True)
class ComingVersion:
    """A published version that is not in force yet, in words."""

    number: int
    starts_on: date
    sentences: Sentences


@dataclass(frozen=True, slots=True)
class LatestDeal:
    """What the plan pays for the payee's latest deal of the period, and how."""

    line: Line
    name: str
    how: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MyPlan:
    """A plan in force for a payee, in words, and what it will be."""

    fact: AssignmentFact
    sentences: Sentences
    coming: tuple[ComingVersion, ...]
    values: tuple[tuple[str, Value], ...]
    tiers: tuple[TierList, ...]
    latest: LatestDeal | None


def my_plans(payee: Payee) -> tuple[Period, list[MyPlan]]:
    """Return the plans that pay somebody now, with where they stand."""
    period = current_period()
    key = payee.pk, period
    inputs = load([key], latest_change(), with_names=True).inputs(*key)
    draft = calculate(inputs)
    last = period.ends_on
    found = []
    for fact in inputs.assignments:
        if fact.starts_on <= last and (fact.ends_on is None or fact.ends_on >= last):
            found.append(
                MyPlan(
                    fact,
                    _sentences(fact.program),
                    tuple(_coming(payee, fact.plan_id, last)),
                    tuple(sorted(fact.values.items())),
                    tuple(_tiers(fact, inputs.tables, draft.totals)),
                    _latest(fact, inputs, period),
                )
            )
    return period, found


def _latest(
    fact: AssignmentFact, inputs: PayeeInputs, period: Period
) -> LatestDeal | None:
    """Take the line of the latest deal, as it stands, with the steps of its receipt."""
    line = (
        Line.objects.filter(
            payee_id=inputs.payee_id,
            period_id=PayPeriod.objects.filter(slug=period.slug).values("pk")[:1],
            version_id=fact.version_id,
            entry_id__gt=0,
            failed="",
            closed_run__isnull=True,
        )
        .order_by("-earned_on", "-entry_id", "component")
        .first()
    )
    if line is None:
        return None
    entry = Entry.objects.only("name").get(pk=line.entry_id)
    return LatestDeal(line, entry.name, _how(fact, inputs, line))


def _how(fact: AssignmentFact, inputs: PayeeInputs, line: Line) -> tuple[str, ...]:
    key = LineKey(fact.plan_id, line.component, line.entry_id, line.role, 0)
    try:
        steps = explain(inputs, key).steps
    except NoSuchLine:  # a change is being worked out in this moment
        return ()
    return tuple(
        sentence.text
        for step in steps
        if step.title in ("Base", "Rate")
        for sentence in step.sentences
    )


def _sentences(program: PlanProgram) -> Sentences:
    return tuple(
        (part.name, part.says or f"Pays {part.amount.text}")
        for part in program.components
    )


def _coming(payee: Payee, plan_id: int, last: date) -> Iterable[ComingVersion]:
    """Return the versions of a plan that begin while the payee is still on it."""
    on_it = Assignment.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=OuterRef("starts_on")),
        payee=payee,
        plan_id=plan_id,
        closed__isnull=True,
        starts_on__lte=OuterRef("starts_on"),
    )
    versions = PlanVersion.objects.filter(
        Exists(on_it),
        plan_id=plan_id,
        state=PlanVersion.State.PUBLISHED,
        starts_on__gt=last,
    ).order_by("starts_on", "number")
    programs = programs_of(versions)
    for row in versions:
        if row.starts_on is not None:
            words = _sentences(programs[row.pk])
            yield ComingVersion(row.number, row.starts_on, words)


def _tiers(
    fact: AssignmentFact,
    tables: Iterable[TableFact],
    totals: Iterable[MeasureDraft],
) -> Iterable[TierList]:
    shared = {table.name: table.table for table in tables}
    for component in fact.program.components:
        names = frozenset[str]().union(*(part.names for part in component.formulas))
        for name, table in {**fact.program.tables, **shared}.items():
            if f"tiers.{name}" not in names or not isinstance(table, TierTable):
                continue
            measure = next(
                (
                    total
                    for total in totals
                    if total.plan_id == fact.plan_id
                    and any(each.startswith(f"{total.name}.") for each in names)
                ),
                None,
            )
            if measure is not None:
                yield _tier_list(name, table, measure)


def _tier_list(name: str, table: TierTable, measure: MeasureDraft) -> TierList:
    reached = [row[0] for row in table.rows if row[0] <= max(measure.total, ZERO)]
    here = reached[-1] if reached else table.rows[0][0]
    return TierList(
        name.replace("_", " "),
        measure.name.replace("_", " "),
        measure.total,
        tuple(Tier(start, rate, start == here) for start, rate in table.rows),
    )
