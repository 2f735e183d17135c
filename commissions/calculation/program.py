"""A plan version made ready to run: its formulas compiled, its names in order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from commissions.formula import Formula, Table
from commissions_saas.lib import periods
from commissions_saas.lib.money import Rounding
from crm_sync.ledger.facts import Value, ValueType

Per = Literal["deal", "period"]
Window = Literal["period"] | periods.Window
Of = Literal["me", "team", "downline", "legs", "plan", "business"]
Take = Literal[
    "sum",
    "count",
    "average",
    "highest",
    "lowest",
    "rank",
    "dense_rank",
    "tied",
    "part",
]


@dataclass(frozen=True, slots=True)
class FieldRead:
    """A field that a formula of the plan names."""

    name: str
    key: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class MeasureProgram:
    """A named running total, of one of five kinds.

    `sum` over credits, or once in each pay period (`per`); `of_components`: over the
    lines of components; `value`: what the formula says it is now; `gathers`: the
    measure of this name of everybody in the set `of`, brought together by `take`. With
    `by` it runs for each customer, deal or whatever the formula names by itself.
    """

    name: str
    over: Window
    object: str
    roles: frozenset[str]
    sum: Formula | None
    when: Formula | None
    clawback_days: int | None = None
    of_components: tuple[str, ...] = ()
    per: Per = "deal"
    value: Formula | None = None
    gathers: str = ""
    of: Of = "me"
    take: Take = "sum"
    order: Literal["highest", "lowest"] = "highest"
    where: Formula | None = None
    amount: Formula | None = None
    by: Formula | None = None

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """Return the formulas that are reckoned for the payee; `where` is for others."""
        given = (self.sum, self.value, self.when, self.amount, self.by)
        return tuple(formula for formula in given if formula is not None)

    @property
    def names(self) -> tuple[str, str, str]:
        """Return the names by which formulas read it: before, after, total."""
        return f"{self.name}.before", f"{self.name}.after", f"{self.name}.total"


@dataclass(frozen=True, slots=True)
class ComponentProgram:
    """One rule of a plan: who is credited, when it applies, what it pays.

    `steps` are named values that what follows may read, in order. With `repeat` a
    credit is paid again in each pay period, at most `times`, and while `going` holds.
    `keeps` says what stays once the entry was lost. Where this applies to a credit, the
    components that it `replaces` do not. A deduction's amount is below zero.
    """

    key: str
    name: str
    per: Per
    object: str
    roles: frozenset[str]
    over: Window
    amount: Formula
    base: Formula | None = None
    when: Formula | None = None
    cap: Formula | None = None
    floor: Formula | None = None
    payable_when: Formula | None = None
    waiting_for: str = ""
    clawback_days: int | None = None
    says: str = ""
    steps: tuple[tuple[str, Formula], ...] = ()
    repeat: bool = False
    times: Formula | None = None
    going: Formula | None = None
    keeps: Formula | None = None
    replaces: tuple[str, ...] = ()
    kind: Literal["earning", "deduction"] = "earning"

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """Return every formula of the component."""
        given = (
            self.when,
            self.times,
            self.going,
            *(formula for _, formula in self.steps),
            self.base,
            self.amount,
            self.cap,
            self.floor,
            self.keeps,
            self.payable_when,
        )
        return tuple(formula for formula in given if formula is not None)


@dataclass(frozen=True, slots=True, eq=False)
class PlanProgram:
    """Everything of a plan version that the calculation reads.

    Components stand in the plan's order; who needs whom follows from the formulas.
    `fields` is by object, `thing_fields` by product, service, territory, customer and
    business, `person_fields` by owner and below; `dates` names the days and counts
    of days that formulas read. A program is equal to itself alone.
    """

    hash: str
    name: str
    currency: str
    measures: tuple[MeasureProgram, ...]
    components: tuple[ComponentProgram, ...]
    fields: Mapping[str, tuple[FieldRead, ...]]
    payee_fields: tuple[FieldRead, ...]
    variables: Mapping[str, ValueType]
    tables: Mapping[str, Table] = field(default_factory=dict)
    table_names: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()
    rounding: Rounding = "half_up"
    round_on: Literal["line", "total"] = "line"
    convert_on: Literal["day", "period_end"] = "day"
    settle_in: str = ""
    year_starts: int = 1
    defaults: Mapping[str, Value] = field(default_factory=dict)
    thing_fields: Mapping[str, tuple[FieldRead, ...]] = field(default_factory=dict)
    person_fields: Mapping[str, tuple[FieldRead, ...]] = field(default_factory=dict)
    dated_tables: Mapping[str, tuple[tuple[date, Table], ...]] = field(
        default_factory=dict
    )

    def table_on(self, name: str, day: date) -> Table | None:
        """Return the plan's own rate table as it reads on a day."""
        versions = [
            table for start, table in self.dated_tables.get(name, ()) if start <= day
        ]
        return versions[-1] if versions else self.tables.get(name)


ZERO = Decimal(0)
ONE = Decimal(1)
