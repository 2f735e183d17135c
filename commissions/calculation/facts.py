"""What the calculation is given and what it answers: frozen values, no rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

from commissions.calculation.program import PlanProgram, Window
from commissions.formula import Table
from commissions_saas.lib.periods import Period
from crm_sync.ledger.facts import EntryFact, Value

LineKind = Literal["earning", "deduction", "adjustment", "clawback"]
ThingKind = Literal["product", "service", "territory", "customer", "business"]


@dataclass(frozen=True, slots=True)
class AssignmentFact:
    """A payee on a plan version, both days included, with the values it supplies.

    A quota that changes inside an assignment is given as two facts, one after the
    other; running totals go on across facts of one plan.
    """

    plan_id: int
    version_id: int
    version_number: int  # 0 is a draft on trial
    program: PlanProgram
    starts_on: date
    ends_on: date | None
    values: Mapping[str, Value] = field(default_factory=dict)

    def covers(self, day: date) -> bool:
        """Say whether the assignment holds on `day`."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, slots=True)
class TableFact:
    """A rate table as it reads from one day to another, both included."""

    name: str
    starts_on: date
    ends_on: date | None
    table: Table


@dataclass(frozen=True, slots=True)
class RateFact:
    """What one unit of a currency was worth in another, who says so, and for when."""

    rate: Decimal
    source: str
    on: date | None = None


@dataclass(frozen=True, slots=True)
class DatedValue:
    """What a fact was from one day to another, both included."""

    key: str
    value: Value
    starts_on: date
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class PersonFact:
    """Another payee, as formulas read the owner of a deal or who is below."""

    name: str
    attributes: Mapping[str, Value] = field(default_factory=dict)
    facts: tuple[DatedValue, ...] = ()


@dataclass(frozen=True, slots=True)
class ThingFact:
    """A product, service, territory, customer or the business, with what it is."""

    attributes: Mapping[str, Value] = field(default_factory=dict)
    facts: tuple[DatedValue, ...] = ()


@dataclass(frozen=True, slots=True)
class MemberFact:
    """What one payee of a set brings to a gathered measure.

    `order` settles ties the same way everywhere.
    """

    payee_id: int
    order: str
    value: Decimal
    attributes: Mapping[str, Value] = field(default_factory=dict)
    failed: str = ""
    name: str = ""

    @property
    def who(self) -> str:
        """Return what to call the member in a sentence."""
        return self.name or self.order


@dataclass(frozen=True, slots=True)
class SellFact:
    """A thing that the payee may sell from one day to another, both included."""

    kind: ThingKind
    name: str
    starts_on: date
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class AdjustmentFact:
    """An amount that a person or a late change put on the statement."""

    id: int
    kind: Literal["adjustment", "clawback"]
    amount: Decimal
    currency: str
    reason: str
    earned_on: date
    plan_id: int = 0
    version_id: int = 0
    component: str = ""
    component_name: str = ""
    entry_id: int = 0
    role: str = ""
    waiting_for: str = ""


@dataclass(frozen=True, slots=True)
class PayeeInputs:
    """Everything that decides one payee's statement of one period.

    `entries` holds what any window of the payee needs; their credits may name other
    payees, who are only shown. `stored` holds measures of earlier periods by
    (measure key, period slug); where one is stored, its entries are not read again.
    `rates` is by (currency from, day) into the plan's currency, `settle_rates` by
    (currency to, day) out of it. `facts` are the payee's own, by date; `people` are
    others, by payee. `things` is by kind and name, the business under "". `members` and
    `given` are by the key of the gathering measure: what it takes from, or what it is.
    With `may_sell`, other things of the kinds named there are left out.
    """

    payee_id: int
    payee_name: str
    period: Period
    currency: str
    assignments: tuple[AssignmentFact, ...]
    entries: tuple[EntryFact, ...]
    tables: tuple[TableFact, ...] = ()
    adjustments: tuple[AdjustmentFact, ...] = ()
    stored: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    attributes: Mapping[str, Value] = field(default_factory=dict)
    rates: Mapping[tuple[str, date], RateFact] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    facts: tuple[DatedValue, ...] = ()
    people: Mapping[int, PersonFact] = field(default_factory=dict)
    things: Mapping[tuple[ThingKind, str], ThingFact] = field(default_factory=dict)
    members: Mapping[str, Sequence[MemberFact]] = field(default_factory=dict)
    given: Mapping[str, Decimal] = field(default_factory=dict)
    leave: tuple[tuple[date, date], ...] = ()
    may_sell: tuple[SellFact, ...] = ()
    settle_rates: Mapping[tuple[str, date], RateFact] = field(default_factory=dict)


class LineKey(NamedTuple):
    """What makes a line the same line in two calculations of a statement."""

    plan_id: int
    component: str
    entry_id: int
    role: str
    adjustment_id: int


@dataclass(frozen=True, slots=True)
class LineDraft:
    """One amount on a statement, before anything is stored.

    A line that could not be worked out has `failed`, and then its amount is zero and
    means nothing.
    """

    key: LineKey
    kind: LineKind
    version_id: int
    component: str
    component_name: str
    entry_id: int
    role: str
    share: Decimal
    base: Decimal | None
    amount: Decimal
    currency: str
    waiting_for: str
    earned_on: date
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something on the statement could not be worked out."""

    key: LineKey
    message: str


@dataclass(frozen=True, slots=True)
class MeasureDraft:
    """A measure of one plan: what this period added, and the window's total so far.

    `key` is the name under which `added` is stored for later periods; `parts` names
    the credits that it came from, in the order in which they were taken. With
    `unknown` nobody knows where it stood before the period.
    """

    key: str
    plan_id: int
    name: str
    over: Window
    window: str
    added: Decimal
    total: Decimal
    failed: str = ""
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A credit of the period that no plan may pay, and why."""

    entry_id: int
    role: str
    reason: str


@dataclass(frozen=True, slots=True)
class Settled:
    """A statement's total in the currency in which it is settled."""

    amount: Decimal
    currency: str
    rate: RateFact | None
    failed: str = ""


@dataclass(frozen=True, slots=True)
class StatementDraft:
    """One payee's statement of one period."""

    lines: tuple[LineDraft, ...]
    measures: Mapping[str, Decimal]
    failures: tuple[Failure, ...]
    totals: tuple[MeasureDraft, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    settled: Settled | None = None

    @property
    def total(self) -> Decimal:
        """Return the sum of the lines."""
        return sum((line.amount for line in self.lines), Decimal(0))


def measure_key(plan_id: int, name: str) -> str:
    """Return the name under which a plan's measure is stored."""
    return f"{plan_id}/{name}"
