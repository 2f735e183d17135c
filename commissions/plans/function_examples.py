"""The functions with this business's own fields, worked out for one of its deals."""

from dataclasses import dataclass
from datetime import date

from commissions.formula import (
    EvaluationError,
    InvalidFormula,
    Table,
    TierTable,
    Type,
    compile_formula,
)
from commissions.formula.functions import GROUPS
from commissions.formula.functions.declare import Function
from commissions.formula.words import value_words
from commissions.plans.selectors import field_catalogue, tables_known
from crm_sync.ledger.changes import latest_change
from crm_sync.ledger.models import Entry
from crm_sync.ledger.selectors import entry_fields

# {money}, {day} and {text} are fields of a deal, {tiers} is a rate table; all are the
# business's own. What is not here shows the example of the catalogue.
_OWN = {
    "min": "min({money} * 10%, 1500)",
    "max": "max({money} * 1%, 500)",
    "clamp": "clamp({money} * 10%, 500, 2000)",
    "prorate": "prorate({money}, day({day}), days_in_month({day}))",
    "abs": "abs({money} - 20000)",
    "round": "round({money} * 3.333%, 2)",
    "floor": "floor({money} / 1000) * 50",
    "ceil": "ceil({money} / 1000) * 50",
    "marginal": "marginal(0, {money}, {tiers})",
    "whole": "whole({money}, {money}, {tiers})",
    "rate_at": "rate_at({money}, {tiers})",
    "curve": "curve({money}, {tiers})",
    "blended_rate": "blended_rate(0, {money}, {tiers})",
    "is_blank": "is_blank({money})",
    "or_else": "or_else({money}, 0)",
    "is_one_of": 'is_one_of({text}, "{value}", "Something else")',
    "contains": 'contains({text}, "{word}")',
    "starts_with": 'starts_with({text}, "{word}")',
    "ends_with": 'ends_with({text}, "{word}")',
    "lower": "lower({text})",
    "date": '{day} >= date("{year}-01-01")',
    "days_between": 'days_between(date("{year}-01-01"), {day})',
    "days_including": "days_including({day}, month_end({day}))",
    "months_between": 'months_between(date("{year}-01-01"), {day})',
    "months_begun": 'months_begun(date("{year}-01-01"), {day})',
    "add_days": "add_days({day}, 90)",
    "add_months": "add_months({day}, 3)",
    "month_start": "month_start({day})",
    "month_end": "month_end({day})",
    "days_in_month": "days_in_month({day})",
    "quarter": "quarter({day})",
    "year": "year({day})",
    "month": "month({day})",
    "day": "day({day})",
}


@dataclass(frozen=True, slots=True)
class OwnExample:
    """A formula over the business's own fields and what it gives for one deal."""

    text: str
    shown: str
    deal: str


@dataclass(frozen=True, slots=True)
class FunctionRow:
    """One function as the functions page and the editor's help show it."""

    function: Function
    own: OwnExample | None

    @property
    def insert(self) -> str:
        """Return what the editor puts into a formula."""
        return f"{self.function.name}("


def function_groups(search: str = "") -> list[tuple[str, list[FunctionRow]]]:
    """Return the functions in their groups; with a search, those that speak of it."""
    sample = _Sample.taken()
    wanted = search.casefold().strip()
    found: list[tuple[str, list[FunctionRow]]] = []
    for title, group in GROUPS:
        rows = [
            FunctionRow(one, sample.example_of(one) if sample else None)
            for one in group
            if wanted in f"{one.usage} {one.summary} {title}".casefold()
        ]
        if rows:
            found.append((title, rows))
    return found


@dataclass(frozen=True)
class _Sample:
    """One deal of the business, and what stands for the words in braces."""

    deal: str
    types: dict[str, Type]
    values: dict[str, object]
    words: dict[str, str]

    @classmethod
    def taken(cls) -> "_Sample | None":
        deals = Entry.objects.filter(object="deal", deleted=False, counts=True)
        dated = deals.filter(amount__gt=0, occurred_on__isnull=False)
        entry = dated.order_by("-occurred_on", "-id").first()
        if entry is None:
            return None
        types: dict[str, Type] = {"deal.amount": Type.MONEY, "deal.won_on": Type.DATE}
        types |= {"deal.product": Type.TEXT}
        for fact in field_catalogue():
            if fact.object == "deal":
                types[f"deal.{fact.key}"] = Type(fact.type)
        values: dict[str, object] = {
            f"deal.{row.field.key}": row.value for row in entry_fields(entry)
        }
        values |= {"deal.amount": entry.amount, "deal.won_on": entry.occurred_on}
        values |= {"deal.product": entry.product}
        words = {"money": "deal.amount", "text": "deal.product", "day": "deal.won_on"}
        if entry.product and '"' not in entry.product:
            words |= {"value": entry.product, "word": entry.product.split()[0]}
        if entry.occurred_on:
            words |= {"year": str(entry.occurred_on.year)}
            words |= _tiers(entry.occurred_on, types, values)
        return cls(entry.name, types, values, words)

    def example_of(self, function: Function) -> OwnExample | None:
        """Return the function at work on this deal; nothing where it cannot be."""
        pattern = _OWN.get(function.name, "")
        try:
            text = pattern.format_map(self.words)
            formula = compile_formula(text, self.types, None)
            value = formula.evaluate(self.values)
        except (KeyError, InvalidFormula, EvaluationError):
            return None
        return OwnExample(text, value_words(value, formula.result), self.deal)


def _tiers(
    day: date, types: dict[str, Type], values: dict[str, object]
) -> dict[str, str]:
    """Hand over the business's first table with tiers that holds on the day."""
    for fact in tables_known(latest_change()):
        table: Table = fact.table
        ended = fact.ends_on is not None and fact.ends_on < day
        if isinstance(table, TierTable) and fact.starts_on <= day and not ended:
            name = f"tiers.{fact.name}"
            types[name], values[name] = Type.TABLE, table
            return {"tiers": name}
    return {}
