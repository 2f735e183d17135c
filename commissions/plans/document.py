"""A plan version as data: one object, whichever door it came in by.

`raw` is the canonical form, text alone and without defaults; the rest is the same
thing with types, for code to read. Equal plans have equal canonical bytes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, get_args

from commissions_saas.lib.errors import ProductError
from crm_sync.ledger.facts import Role, ValueType

Raw = str | Sequence["Raw"] | Mapping[str, "Raw"]
Rounding = Literal["half_up", "half_even"]
Per = Literal["deal", "period"]
Over = Literal["period", "month", "half_month", "week", "quarter", "year"]

ROUNDINGS: tuple[Rounding, ...] = get_args(Rounding)
OVERS: tuple[Over, ...] = get_args(Over)
PERS: tuple[Per, ...] = get_args(Per)
ROLES: tuple[str, ...] = get_args(Role)
TYPES: tuple[ValueType, ...] = get_args(ValueType)
PAYS = ("month", "half_month", "week", "quarter")
DEFAULT_CREDIT = ("owner", "split")
DEFAULT_OBJECT = "deal"
FORMULAS = ("when", "base", "amount", "cap", "floor", "payable_when")


@dataclass(frozen=True, slots=True)
class PlanProblem:
    """One thing to correct in a plan: where it is, what is wrong, what may help.

    For a formula, `line`, `column` and `end_column` point into its text, and
    `picture` is the line with carets under the part.
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

    def __str__(self) -> str:
        words = f"{self.path}: {self.message}" if self.path else self.message
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
    """A named total over credits, over the lines of components, or of a team."""

    name: str
    sum: str = ""
    when: str = ""
    type: ValueType = "money"
    object: str = DEFAULT_OBJECT
    credit: tuple[str, ...] = DEFAULT_CREDIT
    over: Over = "period"
    of: Literal["me", "team"] = "me"
    component: tuple[str, ...] = ()
    clawback_days: int | None = None


@dataclass(frozen=True, slots=True)
class ComponentDocument:
    """One rule of a plan, as it is written."""

    key: str
    name: str
    per: Per = "deal"
    object: str = DEFAULT_OBJECT
    credit: tuple[str, ...] = DEFAULT_CREDIT
    over: Over = "period"
    when: str = ""
    base: str = ""
    amount: str = ""
    cap: str = ""
    floor: str = ""
    payable_when: str = ""
    waiting_for: str = ""
    clawback_days: int | None = None
    says: str = ""


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


def canonical_json(raw: Mapping[str, Raw]) -> str:
    """Write a plan as JSON in the one way that its hash is taken from."""
    return json.dumps(raw, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
