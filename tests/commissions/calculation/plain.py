"""Programs written out plainly, without a plan document between test and stages."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from commissions.calculation.facts import MemberFact, StatementDraft
from commissions.calculation.names import CALENDAR, PEOPLE, THINGS
from commissions.calculation.program import (
    ComponentProgram,
    FieldRead,
    MeasureProgram,
    PlanProgram,
)
from commissions.formula import Formula, Table, Type, compile_formula
from crm_sync.ledger.facts import ValueType

TYPES: Mapping[str, ValueType] = {
    "deal.amount": "money",
    "deal.share": "percent",
    "deal.product": "text",
    "deal.paid": "yesno",
    "deal.won_on": "date",
    "deal.lost_on": "date",
    "deal.level": "number",
    "deal.credited": "money",
    "deal.role": "text",
    "payee.level": "text",
    "payee.points": "number",
    "payee.salary": "money",
    "owner.rate": "percent",
    "below.rate": "percent",
    "highest_below.rate": "percent",
    "payee.rate": "percent",
    "product.cost": "money",
    "business.factor": "number",
    "nth": "number",
    "earned": "money",
    "value": "money",
    "base": "money",
    **CALENDAR,
}
_FORMULAS = [
    "sum",
    "when",
    "value",
    "where",
    "amount",
    "base",
    "cap",
    "floor",
    "payable_when",
    "times",
    "going",
    "keeps",
    "by",
]
_YES_OR_NO = ("when", "where", "payable_when", "going")


def a_plan(
    *,
    measures: Iterable[Mapping[str, Any]] = (),
    components: Iterable[Mapping[str, Any]] = (),
    variables: Mapping[str, ValueType] | None = None,
    tables: Mapping[str, Table] | None = None,
    **rest: Any,
) -> PlanProgram:
    """Return a program; formulas are given as text, measures and components as keys."""
    compiler = _Compiler(dict(variables or {}), dict(tables or {}))
    measures, components = list(measures), list(components)
    for measure in measures:
        for which in ("before", "after", "total"):
            compiler.types[f"{measure['name']}.{which}"] = Type.MONEY
    done = tuple(compiler.measure(dict(part)) for part in measures)
    parts = tuple(compiler.component(dict(part)) for part in components)
    return PlanProgram(
        hash="",
        name="A plan",
        currency=rest.pop("currency", "USD"),
        measures=done,
        components=parts,
        fields={"deal": compiler.reads("deal")},
        payee_fields=compiler.reads("payee"),
        variables=dict(variables or {}),
        tables=dict(tables or {}),
        table_names=frozenset(f"tiers.{name}" for name in tables or {}),
        dates=frozenset(CALENDAR) & compiler.named,
        thing_fields={kind: compiler.reads(kind) for kind in THINGS},
        person_fields={which: compiler.reads(which) for which in PEOPLE},
        **rest,
    )


class _Compiler:
    def __init__(
        self, variables: Mapping[str, ValueType], tables: Mapping[str, Table]
    ) -> None:
        self.types = {name: Type(kind) for name, kind in TYPES.items()}
        self.types |= {name: Type(kind) for name, kind in variables.items()}
        self.types |= {f"tiers.{name}": Type.TABLE for name in tables}
        self.named: frozenset[str] = frozenset()

    def formula(self, text: str, result: Type | None) -> Formula:
        formula = compile_formula(text, inputs=self.types, result=result)
        self.named |= formula.names
        return formula

    def formulas(self, part: dict[str, Any]) -> dict[str, Any]:
        """Replace each text by its formula."""
        for name in _FORMULAS:
            if name in part:
                result: Type | None = Type.MONEY
                result = Type.YESNO if name in _YES_OR_NO else result
                result = Type.NUMBER if name == "times" else result
                result = None if name == "by" else result
                part[name] = self.formula(part[name], result)
        part["roles"] = frozenset(part.pop("credit", ("owner", "split")))
        return {"over": "period", "object": "deal", **part}

    def measure(self, part: dict[str, Any]) -> MeasureProgram:
        return MeasureProgram(**{"sum": None, "when": None, **self.formulas(part)})

    def component(self, part: dict[str, Any]) -> ComponentProgram:
        steps = []
        for name, text in dict(part.get("steps", {})).items():
            formula = self.formula(text, None)
            self.types[name] = formula.result
            steps.append((name, formula))
        part["steps"] = tuple(steps)
        part.setdefault("name", part["key"])
        return ComponentProgram(**{"per": "deal", **self.formulas(part)})

    def reads(self, owner: str) -> tuple[FieldRead, ...]:
        return tuple(
            FieldRead(name, name.partition(".")[2], TYPES[name])
            for name in sorted(self.named)
            if name.startswith(f"{owner}.") and name in TYPES
        )


def totals(draft: StatementDraft) -> dict[str, Decimal]:
    """Return what each measure came to."""
    return {measure.name: measure.total for measure in draft.totals}


def lines(draft: StatementDraft) -> dict[tuple[str, int, str], Decimal]:
    """Return the amounts by component, entry and role."""
    return {
        (line.component, line.entry_id, line.role): line.amount for line in draft.lines
    }


def a_member(payee: int, value: str, **rest: Any) -> MemberFact:
    """Return what a payee brings to a gathered measure."""
    order = rest.pop("order", f"{payee:04}")
    return MemberFact(payee, order, Decimal(value), **rest)
