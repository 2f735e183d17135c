"""Worked examples: what a plan promises, run through the calculation itself."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from commissions.calculation.facts import TableFact
from commissions.plans.compiling import compile_plan
from commissions.plans.document import InvalidPlan, PlanDocument
from commissions.plans.example_expect import ExampleResult, Promises
from commissions.plans.example_facts import read_setting
from commissions.plans.example_timeline import reckon
from commissions_saas.lib.errors import ProductError
from crm_sync.ledger.facts import FieldFact

__all__ = [
    "ExampleResult",
    "Tried",
    "run_examples",
    "try_examples",
    "untouched_components",
]


@dataclass(frozen=True, slots=True)
class Tried:
    """What all examples of a plan gave, and the components that paid in any."""

    results: tuple[ExampleResult, ...]
    touched: frozenset[str] = field(default_factory=frozenset)

    @property
    def ok(self) -> bool:
        """Say whether every promise was kept."""
        return all(result.ok for result in self.results)


def run_examples(
    document: PlanDocument,
    catalogue: Iterable[FieldFact] | None = None,
    tables: tuple[TableFact, ...] = (),
) -> list[ExampleResult]:
    """Run every worked example of a plan and return each promise with its outcome."""
    return list(try_examples(document, catalogue, tables).results)


def untouched_components(document: PlanDocument, tried: Tried) -> tuple[str, ...]:
    """Return the components for which no example has a line."""
    keys = (part.key for part in document.components)
    return tuple(key for key in keys if key not in tried.touched)


def try_examples(
    document: PlanDocument,
    catalogue: Iterable[FieldFact] | None = None,
    tables: tuple[TableFact, ...] = (),
) -> Tried:
    """Run every worked example; an example that cannot be run is a broken promise."""
    fields = None if catalogue is None else tuple(catalogue)
    names = {fact.name for fact in tables}
    try:
        program = compile_plan(document, fields, names)
    except InvalidPlan as problem:
        return Tried((ExampleResult("", "", "", "", "", "", False, str(problem)),))
    results: list[ExampleResult] = []
    touched: set[str] = set()
    for raw in document.examples:
        name = str(raw.get("name", ""))
        try:
            setting = read_setting(raw, document, program, fields, tables)
            reckoned = reckon(setting)
            promises = Promises(name, setting, reckoned)
            results += promises.kept(raw.get("expect", {}))
        except ProductError as problem:
            period = str(raw.get("period") or raw.get("periods") or "")
            words = str(problem)
            results.append(ExampleResult(name, "", period, "", "", "", False, words))
            continue
        for done in reckoned:
            touched.update(line.component for line in done.draft.lines)
    return Tried(tuple(results), frozenset(touched))
