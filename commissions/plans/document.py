"""A plan version as data: one object, whichever door it came in by.

`raw` is the canonical form, text alone and without defaults; the rest is the same
thing with types, for code to read. Equal plans have equal canonical bytes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal, get_args

from commissions.calculation.program import Window
from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.periods import WeekCalendar, window_of_year
from commissions_saas.lib.weeks import weeks_of, window_in_weeks
from crm_sync.ledger.facts import Role, ValueType

Raw = str | Sequence["Raw"] | Mapping[str, "Raw"]
Rounding = Literal["half_up", "half_even", "up", "down"]
RoundAt = Literal["line", "total"]
ConvertOn = Literal["day", "period_end"]
Per = Literal["deal", "period"]
Over = Literal["period", "month", "half_month", "week", "quarter", "year", "always"]
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
Order = Literal["highest", "lowest"]
Kind = Literal["earning", "deduction"]

ROUNDINGS: tuple[Rounding, ...] = get_args(Rounding)
ROUND_AT: tuple[RoundAt, ...] = get_args(RoundAt)
CONVERT_ON: tuple[ConvertOn, ...] = get_args(ConvertOn)
OVERS: tuple[Over, ...] = get_args(Over)
PERS: tuple[Per, ...] = get_args(Per)
OFS: tuple[Of, ...] = get_args(Of)
SUM_OFS: tuple[Of, ...] = ("me", "team", "downline")
TAKES: tuple[Take, ...] = get_args(Take)
ORDERS: tuple[Order, ...] = get_args(Order)
KINDS: tuple[Kind, ...] = get_args(Kind)
ROLES: tuple[str, ...] = get_args(Role)
TYPES: tuple[ValueType, ...] = get_args(ValueType)
YEAR_STARTS = tuple(str(month) for month in range(1, 13))
PAYS = ("month", "half_month", "week", "quarter")
DEFAULT_CREDIT = ("owner", "split")
DEFAULT_OBJECT = "deal"
OBJECTS = ("deal", "invoice", "payment", "call", "email", "meeting", "task")
FORMULAS = (
    "when",
    "while",
    "times",
    "base",
    "amount",
    "cap",
    "floor",
    "payable_when",
    "keeps",
)
# What a formula may read besides a deal: attributes of things that the deal names.
THINGS = ("product", "service", "territory", "customer", "business")
# Words before the dot that are not an object of a source.
NOT_OBJECTS = frozenset(
    [
        *THINGS,
        "payee",
        "owner",
        "below",
        "highest_below",
        "window",
        "period",
        "assignment",
        "tiers",
        "tables",
    ]
)


@dataclass(frozen=True, slots=True)
class PlanProblem:
    """One thing to correct in a plan: where it is, what is wrong, what may help.

    For a formula, `line`, `column` and `end_column` point into its text, and
    `picture` is the line with carets under the part. `file_line` and `file_column`
    say where it stands in the file that it was read from, where there is one.
    """

    path: str
    message: str
    hint: str = ""
    code: str = ""
    line: int = 0
    column: int = 0
    end_column: int = 0
    picture: str = ""
    fix: str = ""
    file_line: int = 0
    file_column: int = 0

    def __str__(self) -> str:
        words = f"{self.path}: {self.message}" if self.path else self.message
        if self.file_line:
            words = f"Line {self.file_line}, {words}"
        if self.picture:
            return f"{words}\n{self.picture}\n{self.hint}".rstrip()
        return f"{words} {self.hint}".strip()


class InvalidPlan(ProductError):
    """The plan cannot be used as it is written; `problems` says why."""

    def __init__(self, problems: Sequence[PlanProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


@dataclass(frozen=True, slots=True)
class MeasureDocument:
    """A named total: over credits, lines or other payees, or a state that is kept.

    Exactly one of `sum`, `component`, `value` and `measure` is written. `type` is
    empty where the formula tells.
    """

    name: str
    sum: str = ""
    when: str = ""
    type: ValueType | Literal[""] = ""
    object: str = DEFAULT_OBJECT
    credit: tuple[str, ...] = DEFAULT_CREDIT
    over: Over | Literal[""] = "period"
    of: Of = "me"
    component: tuple[str, ...] = ()
    clawback_days: int | None = None
    per: Per = "deal"
    value: str = ""
    measure: str = ""
    take: Take = "sum"
    order: Order = "highest"
    where: str = ""
    amount: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class ComponentDocument:
    """One rule of a plan, as it is written; `while` and `times` go with `repeat`."""

    key: str
    name: str
    per: Per = "deal"
    object: str = DEFAULT_OBJECT
    credit: tuple[str, ...] = DEFAULT_CREDIT
    over: Over = "period"
    formulas: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, str] = field(default_factory=dict)
    waiting_for: str = ""
    clawback_days: int | None = None
    says: str = ""
    repeat: bool = False
    replaces: tuple[str, ...] = ()
    kind: Kind = "earning"

    @property
    def when(self) -> str:
        return self.formulas.get("when", "")

    @property
    def base(self) -> str:
        return self.formulas.get("base", "")

    @property
    def amount(self) -> str:
        return self.formulas.get("amount", "")

    @property
    def cap(self) -> str:
        return self.formulas.get("cap", "")

    @property
    def floor(self) -> str:
        return self.formulas.get("floor", "")

    @property
    def payable_when(self) -> str:
        return self.formulas.get("payable_when", "")

    @property
    def keeps(self) -> str:
        return self.formulas.get("keeps", "")


@dataclass(frozen=True, slots=True)
class PlanDocument:
    """A whole plan version."""

    raw: Mapping[str, Raw]
    name: str
    currency: str
    says: str
    rounding: Rounding
    pays: str
    variables: Mapping[str, ValueType]
    fields: Mapping[str, ValueType]
    measures: tuple[MeasureDocument, ...]
    components: tuple[ComponentDocument, ...]
    tables: Mapping[str, Mapping[str, Raw]]
    examples: tuple[Mapping[str, Raw], ...]
    defaults: Mapping[str, str] = field(default_factory=dict)
    round: RoundAt = "line"
    convert_on: ConvertOn = "day"
    settle_in: str = ""
    year_starts: int = 1

    def window(self, over: Over) -> Window:
        """Return the window that an `over` means in the plan's own year."""
        if over == "period":
            return over
        if weeks_of(self.pays) is not None:
            found = window_in_weeks(self.pays, over)
            return over if found == over else WeekCalendar(found)
        return window_of_year(over, self.year_starts)

    @property
    def canonical(self) -> str:
        """Return the one JSON text of this plan."""
        return canonical_json(self.raw)

    @property
    def hash(self) -> str:
        """Return the SHA-256 of the canonical JSON."""
        return sha256(self.canonical.encode()).hexdigest()

    def component(self, key: str) -> ComponentDocument | None:
        """Return the component with this key."""
        return next((part for part in self.components if part.key == key), None)

    def measure(self, name: str) -> MeasureDocument | None:
        """Return the measure with this name."""
        return next((part for part in self.measures if part.name == name), None)


def canonical_json(raw: Mapping[str, Raw]) -> str:
    """Write a plan as JSON in the one way that its hash is taken from."""
    return json.dumps(raw, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
