"""Worked examples: what a plan promises, run through the calculation itself."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from commissions.calculation.facts import (
    LineDraft,
    PayeeInputs,
    StatementDraft,
    TableFact,
)
from commissions.calculation.pipeline import calculate
from commissions.calculation.program import PlanProgram
from commissions.plans.compiling import compile_plan
from commissions.plans.document import InvalidPlan, PlanDocument, Raw
from commissions.plans.example_facts import Setting, read_setting
from commissions.plans.hints import suggestion
from commissions.plans.table_form import read_number
from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.money import places
from crm_sync.ledger.facts import FieldFact

_PROMISES = ("total", "waiting", "components", "lines", "measures", "failed")


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """One promise of an example and what came out; amounts are plain text.

    `component` says what was looked at: a component's key, `total`, `waiting`,
    `line <id>`, `measure <name>` or `failed <id>`; empty where the example itself
    cannot be run, and then `problem` says why.
    """

    example: str
    payee: str
    period: str
    component: str
    expected: str
    computed: str
    ok: bool
    problem: str = ""


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
        name, period = str(raw.get("name", "")), str(raw.get("period", ""))
        try:
            setting = read_setting(raw, document, program, fields, tables)
            results.extend(_results(name, raw, setting, program, touched))
        except ProductError as problem:
            words = str(problem)
            results.append(ExampleResult(name, "", period, "", "", "", False, words))
    return Tried(tuple(results), frozenset(touched))


def _results(
    name: str,
    raw: Mapping[str, Raw],
    setting: Setting,
    program: PlanProgram,
    touched: set[str],
) -> Iterator[ExampleResult]:
    expected = _expected(raw, setting.payees)
    for inputs in setting.payees:
        draft = calculate(inputs)
        touched.update(line.component for line in draft.lines)
        wanted = expected.get(inputs.payee_name, {})
        promise = _Promise(name, inputs, draft, program, setting.ids)
        yield from promise.kept(wanted)


def _expected(
    raw: Mapping[str, Raw], payees: Sequence[PayeeInputs]
) -> dict[str, Mapping[str, Raw]]:
    """Return what is expected of each payee; one payee needs no name."""
    expect = raw.get("expect", {})
    assert isinstance(expect, Mapping)  # the reader refused anything else
    by_name = expect.get("payees", {})
    if not isinstance(by_name, Mapping):
        raise ProductError("“expect.payees” is a set of names.")
    names = [inputs.payee_name for inputs in payees]
    for name in by_name:
        if name not in names:
            raise ProductError(f"There is no payee “{name}” in this example.")
    rest = {key: value for key, value in expect.items() if key != "payees"}
    if rest and len(names) > 1:
        hint = "Write expect: {payees: {Maya: {total: …}}}."
        raise ProductError("This example has several payees.", hint=hint)
    found = {name: _mapping(by_name[name]) for name in by_name}
    return {names[0]: rest, **found} if rest else found


@dataclass(slots=True)
class _Promise:
    """What an example expects of one payee, held against the draft."""

    example: str
    inputs: PayeeInputs
    draft: StatementDraft
    program: PlanProgram
    ids: Mapping[str, int]

    def kept(self, wanted: Mapping[str, Raw]) -> Iterator[ExampleResult]:
        for key in wanted:
            if key not in _PROMISES:
                hint = suggestion(key, _PROMISES) or f"Like {', '.join(_PROMISES)}."
                raise ProductError(f"“{key}” cannot be expected.", hint=hint)
        failures = _mapping(wanted.get("failed", {}))
        for entry, text in failures.items():
            yield self.failed(entry, str(text))
        failed_ids = {self.ids.get(entry, -1) for entry in failures}
        for line in self.draft.lines:
            if line.failed and line.entry_id not in failed_ids:
                yield self.result(line.component, "", "failed", False, line.failed)
        lines = self.draft.lines
        for key, amount in _mapping(wanted.get("components", {})).items():
            if all(part.key != key for part in self.program.components):
                raise ProductError(f"The plan has no component “{key}”.")
            mine = [line for line in lines if line.component == key]
            yield self.amount(key, amount, _sum(mine))
        for entry, amount in _mapping(wanted.get("lines", {})).items():
            mine = [line for line in lines if line.entry_id == self.entry(entry)]
            yield self.amount(f"line {entry}", amount, _sum(mine))
        for name, amount in _mapping(wanted.get("measures", {})).items():
            yield self.amount(f"measure {name}", amount, self.measure(name))
        if "waiting" in wanted:
            waiting = [line for line in lines if line.waiting_for]
            yield self.amount("waiting", wanted["waiting"], _sum(waiting))
        if "total" in wanted:
            yield self.amount("total", wanted["total"], self.draft.total)

    def entry(self, name: str) -> int:
        if name not in self.ids:
            raise ProductError(f"This example has no entry “{name}”.")
        return self.ids[name]

    def measure(self, name: str) -> Decimal:
        for measure in self.draft.totals:
            if measure.name == name:
                return measure.total
        raise ProductError(f"The plan has no measure “{name}”.")

    def amount(self, what: str, wanted: Raw, computed: Decimal) -> ExampleResult:
        expected = read_number(str(wanted))
        ok = expected == computed
        return self.result(what, self.shown(expected), self.shown(computed), ok)

    def failed(self, entry: str, text: str) -> ExampleResult:
        wanted = self.entry(entry)
        found = [line.failed for line in self.draft.lines if line.entry_id == wanted]
        said = " ".join(words for words in found if words)
        ok = bool(said) and (text == "yes" or text in said)
        return self.result(f"failed {entry}", text, said, ok)

    def shown(self, amount: Decimal) -> str:
        """Write an amount with at least the currency's places, and no digit lost."""
        wanted = places(self.program.currency)
        exponent = amount.normalize().as_tuple().exponent
        given = -exponent if isinstance(exponent, int) and exponent < 0 else 0
        return f"{amount:.{max(wanted, given)}f}"

    def result(
        self, what: str, expected: str, computed: str, ok: bool, problem: str = ""
    ) -> ExampleResult:
        return ExampleResult(
            self.example,
            self.inputs.payee_name,
            self.inputs.period.slug,
            what,
            expected,
            computed,
            ok,
            problem,
        )


def _sum(lines: Iterable[LineDraft]) -> Decimal:
    return sum((line.amount for line in lines), Decimal(0))


def _mapping(value: Raw) -> Mapping[str, Raw]:
    if not isinstance(value, Mapping):
        raise ProductError("What is expected is written as a set of names and amounts.")
    return value
