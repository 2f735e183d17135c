"""From a plan document to a program: every formula checked, every name accounted for."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from commissions.calculation.names import CALENDAR, EARNED, PEOPLE
from commissions.calculation.program import (
    ComponentProgram,
    FieldRead,
    MeasureProgram,
    PlanProgram,
)
from commissions.formula import (
    Formula,
    InvalidFormula,
    Problem,
    Type,
    compile_formula,
    render,
)
from commissions.plans.document import (
    DEFAULT_CREDIT,
    OBJECTS,
    THINGS,
    ComponentDocument,
    InvalidPlan,
    MeasureDocument,
    PlanDocument,
    PlanProblem,
)
from commissions.plans.example_values import read_value
from commissions.plans.hints import join, suggestion
from commissions.plans.json_form import plan_from_json
from commissions.plans.name_hints import name_hint, object_hint, period_hint
from commissions.plans.names import ALWAYS, Inputs, Names
from commissions.plans.needs import circles, reads
from commissions.plans.table_form import build_table, build_versions
from commissions.plans.windows import never_paid
from commissions_saas.lib.errors import ProductError
from crm_sync.ledger.facts import FieldFact, Value

__all__ = ["ALWAYS", "OBJECTS", "check_plan", "compile_plan"]

_RESULTS = {
    "when": Type.YESNO,
    "payable_when": Type.YESNO,
    "while": Type.YESNO,
    "times": Type.NUMBER,
}
_ABOVE: Mapping[str, Collection[str]] = {
    "team": ("manager",),
    "downline": ("upline",),
}
# Asked before anything of the line is worked out.
_FIRST = ("when", "while", "times")
_THEN = ("amount", "cap", "floor", "payable_when")


def compile_plan(
    document: PlanDocument,
    catalogue: Iterable[FieldFact] | None = None,
    tables: Iterable[str] = (),
) -> PlanProgram:
    """Return the program of a plan; raise `InvalidPlan` with every problem.

    `catalogue` is what the business's sources offer; None for a file that stands
    alone and declares its fields. `tables` names the business's rate tables. Programs
    are kept by the plan's content, so asking again costs nothing.
    """
    fields = None if catalogue is None else tuple(catalogue)
    program, problems = _compiled(document.canonical, fields, frozenset(tables))
    if program is None:
        raise InvalidPlan(problems)
    return program


def check_plan(
    document: PlanDocument,
    catalogue: Iterable[FieldFact] | None = None,
    tables: Iterable[str] = (),
) -> tuple[PlanProblem, ...]:
    """Return every problem of a plan against what the business offers."""
    fields = None if catalogue is None else tuple(catalogue)
    return _compiled(document.canonical, fields, frozenset(tables))[1]


@lru_cache(maxsize=512)
def _compiled(
    canonical: str, catalogue: tuple[FieldFact, ...] | None, tables: frozenset[str]
) -> tuple[PlanProgram | None, tuple[PlanProblem, ...]]:
    compiler = Compiler(plan_from_json(canonical), catalogue, tables)
    program = compiler.program()
    problems = tuple(compiler.problems)
    return (None if problems else program), problems


class Compiler:
    """Compiles one document and collects its problems.

    `asked` says of each formula, written or not, what it may name and must give.
    """

    def __init__(
        self,
        document: PlanDocument,
        catalogue: Sequence[FieldFact] | None,
        tables: Collection[str],
    ) -> None:
        self.document = document
        self.names = Names(document, catalogue, tables)
        self.problems: list[PlanProblem] = list(self.names.problems)
        self.asked: dict[str, tuple[Inputs, Type | None]] = {}
        self.written: set[str] = set()

    def note(self, path: str, message: str, hint: str = "") -> None:
        self.problems.append(PlanProblem(path, message, hint, code="plan"))

    def program(self) -> PlanProgram | None:
        document = self.document
        measures = [self.measure(part) for part in document.measures]
        components = [self.component(part) for part in document.components]
        defaults = self.defaults()
        if self.problems:
            return None
        done = [part for part in components if part is not None]
        counted = [with_clawback(part, done) for part in measures if part is not None]
        named = _names(counted, done)
        own = document.tables
        program = PlanProgram(
            hash=document.hash,
            name=document.name,
            currency=document.currency,
            rounding=document.rounding,
            round_on=document.round,
            convert_on=document.convert_on,
            settle_in=document.settle_in,
            year_starts=document.year_starts,
            measures=tuple(counted),
            components=tuple(done),
            fields=self.fields_read(counted, done, named),
            payee_fields=self.reads("payee", named),
            thing_fields={thing: self.reads(thing, named) for thing in THINGS},
            person_fields={who: self.reads(who, named, "payee") for who in PEOPLE},
            variables=document.variables,
            defaults=defaults,
            tables={n: build_table(t) for n, t in own.items() if "versions" not in t},
            dated_tables={
                n: build_versions(t) for n, t in own.items() if "versions" in t
            },
            table_names=frozenset(self.names.shared) & named,
            dates=frozenset(CALENDAR) & named,
        )
        self.problems += circles(program)
        return program

    def defaults(self) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for name, text in self.document.defaults.items():
            kind = self.document.variables[name]
            try:
                found[name] = read_value(text, kind, f"The default of {name}")
            except ProductError as problem:
                path = f"variables.{name}.default"
                self.note(path, problem.message, problem.hint)
        return found

    def measure(self, part: MeasureDocument) -> MeasureProgram | None:
        path = f"measures.{part.name}"
        if part.per == "deal" and not self.known_object(part.object, path):
            return None
        kind = self.names.kind_of(part.name)
        inputs = self.names.of_measure(part)
        own = {**inputs, f"{part.name}.before": Type.PLAIN}
        of_period = self.names.of_period(without=part.name)
        over = part.over
        if not over:
            gathered = self.document.measure(part.measure)
            over = (gathered.over if gathered else "") or "period"
        return MeasureProgram(
            name=part.name,
            over=self.document.window(over),
            object=part.object,
            roles=frozenset(_roles(part)),
            sum=self.formula(part.sum, inputs, kind, join(path, "sum")),
            when=self.formula(part.when, inputs, Type.YESNO, join(path, "when")),
            clawback_days=part.clawback_days,
            of_components=part.component,
            per=part.per,
            value=self.formula(part.value, own, kind, join(path, "value")),
            gathers=part.measure,
            of=part.of,
            take=part.take,
            order=part.order,
            where=self.where(part, join(path, "where")),
            amount=self.formula(
                part.amount, of_period, Type.MONEY, join(path, "amount")
            ),
            by=self.formula(part.by, self.by_inputs(part), None, join(path, "by")),
        )

    def by_inputs(self, part: MeasureDocument) -> Inputs:
        """Return what `by` may read: over lines, what their components pay for."""
        found = self.document.component(part.component[0]) if part.component else None
        if found is not None and found.object in self.names.objects:
            return self.names.of_credit(found.object, without=part.name)
        return self.names.of_measure(part)

    def where(self, part: MeasureDocument, path: str) -> Formula | None:
        inputs = self.names.of_others(part.measure)
        return self.formula(part.where, inputs, Type.YESNO, path)

    def component(self, part: ComponentDocument) -> ComponentProgram | None:
        path = f"components.{part.key}"
        missed = never_paid(part.over, self.document.pays, self.document.year_starts)
        if part.per == "period" and missed is not None:
            self.note(join(path, "over"), *missed)
        if part.per == "deal" and not self.known_object(part.object, path):
            return None
        inputs = self.inputs(part)
        found = self.named(part, _FIRST, inputs, path)
        steps, inputs = self.steps(part, inputs, path)
        if part.base:
            where = join(path, "base")
            kind = self.names.amount_in(part.base, inputs)
            found["base"] = self.formula(part.base, inputs, kind, where)
            inputs["base"] = kind
        found |= self.named(part, _THEN, inputs, path)
        found |= self.named(part, ("keeps",), {**inputs, EARNED: Type.MONEY}, path)
        amount = found.pop("amount")
        if amount is None:
            return None
        return ComponentProgram(
            key=part.key,
            name=part.name,
            per=part.per,
            object=part.object,
            roles=frozenset(part.credit),
            over=self.document.window(part.over),
            amount=amount,
            waiting_for=part.waiting_for,
            clawback_days=part.clawback_days,
            says=part.says,
            steps=tuple(steps),
            repeat=part.repeat,
            replaces=part.replaces,
            kind=part.kind,
            going=found.pop("while"),
            **found,
        )

    def named(
        self, part: ComponentDocument, keys: Iterable[str], inputs: Inputs, path: str
    ) -> dict[str, Formula | None]:
        """Compile the formulas that a component has under these keys."""
        return {
            key: self.formula(
                part.formulas.get(key, ""),
                inputs,
                _RESULTS.get(key, Type.MONEY),
                join(path, key),
            )
            for key in keys
        }

    def inputs(self, part: ComponentDocument) -> Inputs:
        if part.per == "period":
            return self.names.of_period()
        inputs = self.names.of_credit(part.object)
        if part.repeat:
            inputs["nth"] = Type.NUMBER
        return inputs

    def steps(
        self, part: ComponentDocument, inputs: Inputs, path: str
    ) -> tuple[list[tuple[str, Formula]], Inputs]:
        """Compile the steps in order; each may read those above it."""
        found: list[tuple[str, Formula]] = []
        inputs = dict(inputs)
        for name, text in part.steps.items():
            where = join(path, f"steps.{name}")
            kind = self.names.kind_in(text, inputs)
            formula = self.formula(text, inputs, kind, where)
            if formula is not None:
                found.append((name, formula))
            inputs[name] = kind
        return found, inputs

    def formula(
        self, text: str, inputs: Mapping[str, Type], result: Type | None, path: str
    ) -> Formula | None:
        self.asked[path] = dict(inputs), result
        if not text:
            return None
        self.written.add(path)
        try:
            return compile_formula(text, inputs=inputs, result=result)
        except InvalidFormula as invalid:
            for problem in invalid.problems:
                hint = self.hint(text, problem, inputs)
                self.problems.append(_in_formula(path, text, problem, hint))
            return None

    def hint(self, text: str, problem: Problem, inputs: Collection[str]) -> str:
        """Say what to do about a name that is not known where it stands."""
        name = text[problem.start : problem.end]
        owner, _, key = name.partition(".")
        other_kind = owner in ("tiers", "tables") and key in self.document.tables
        if problem.code != "unknown_field" or (problem.suggestion and not other_kind):
            return ""
        if key in self.names.types.get(owner, {}):
            read = [one for one in self.names.objects if f"{one}.amount" in inputs]
            return object_hint(owner, read[0]) if read else period_hint(name)
        return name_hint(name, self.document, self.names.objects, self.names.alone)

    def known_object(self, name: str, path: str) -> bool:
        objects = self.names.objects
        if name in objects:
            return True
        hint = suggestion(name, objects) or f"Known are {', '.join(objects)}."
        if self.names.alone:
            hint = f"{hint} A field makes another: fields: {{order.amount: money}}."
        self.note(join(path, "object"), f"There is no object “{name}”.", hint)
        return False

    def fields_read(
        self,
        measures: Sequence[MeasureProgram],
        components: Sequence[ComponentProgram],
        named: Collection[str],
    ) -> dict[str, tuple[FieldRead, ...]]:
        objects = {part.object for part in measures}
        objects |= {part.object for part in components}
        return {owner: self.reads(owner, named) for owner in sorted(objects)}

    def reads(
        self, owner: str, named: Collection[str], typed_as: str = ""
    ) -> tuple[FieldRead, ...]:
        types = self.names.types.get(typed_as or owner, {})
        return tuple(
            FieldRead(f"{owner}.{key}", key, kind)
            for key, kind in sorted(types.items())
            if f"{owner}.{key}" in named
        )


def _roles(part: MeasureDocument) -> Collection[str]:
    """Return whose credits a measure adds up: a team's are those of its manager."""
    if part.sum and part.of in _ABOVE and part.credit == DEFAULT_CREDIT:
        return _ABOVE[part.of]
    return part.credit


def with_clawback(
    part: MeasureProgram, components: Sequence[ComponentProgram]
) -> MeasureProgram:
    """Keep a lost entry in a measure for as long as its readers keep its pay."""
    if part.clawback_days is not None:
        return part
    reading = [
        component.clawback_days
        for component in components
        if component.per == "deal" and reads(component.formulas, part.names)
    ]
    longest = max((days for days in reading if days is not None), default=None)
    if longest is None or None in reading:
        return part
    return replace(part, clawback_days=longest)


def _in_formula(path: str, text: str, problem: Problem, hint: str) -> PlanProblem:
    return PlanProblem(
        path=path,
        message=problem.message,
        hint=hint,
        code=problem.code,
        line=problem.line,
        column=problem.column,
        end_column=problem.end_column,
        picture=render(problem, text),
        fix=problem.fix,
    )


def _names(
    measures: Iterable[MeasureProgram], components: Iterable[ComponentProgram]
) -> frozenset[str]:
    formulas = [formula for part in components for formula in part.formulas]
    formulas += [formula for part in measures for formula in part.formulas]
    return frozenset(name for formula in formulas for name in formula.names)
