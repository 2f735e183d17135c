"""From a plan document to a program: every formula checked, every name accounted for."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache

from commissions.calculation.credits import DATES, OWN_FIELDS
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
    FORMULAS,
    ComponentDocument,
    InvalidPlan,
    MeasureDocument,
    PlanDocument,
    PlanProblem,
)
from commissions.plans.hints import join, suggestion
from commissions.plans.json_form import plan_from_json
from commissions.plans.needs import circles, reads
from commissions.plans.table_form import build_table, reading_of
from crm_sync.ledger.facts import FieldFact, ValueType

# What every object has, whether a source filled it or not.
ALWAYS: Mapping[str, ValueType] = {
    **OWN_FIELDS,
    "amount": "money",
    "status": "text",
    "product": "text",
    "territory": "text",
}
OBJECTS = ("deal", "invoice", "payment", "call", "email", "meeting", "task")
_POSITIONS = ("before", "after", "total")
_RESULTS = {"when": Type.YESNO, "payable_when": Type.YESNO}

Inputs = dict[str, Type]


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
    compiler = _Compiler(plan_from_json(canonical), catalogue, tables)
    program = compiler.program()
    problems = tuple(compiler.problems)
    return (None if problems else program), problems


class _Compiler:
    """Compiles one document and collects its problems."""

    def __init__(
        self,
        document: PlanDocument,
        catalogue: Sequence[FieldFact] | None,
        tables: Collection[str],
    ) -> None:
        self.document = document
        self.problems: list[PlanProblem] = []
        self.alone = catalogue is None
        self.types = self._catalogue(catalogue)
        self.shared = self._shared(tables)

    def note(self, path: str, message: str, hint: str = "") -> None:
        self.problems.append(PlanProblem(path, message, hint, code="plan"))

    def _catalogue(
        self, catalogue: Sequence[FieldFact] | None
    ) -> dict[str, dict[str, ValueType]]:
        """Bring together what every object has, what sources offer, what is declared."""
        types: dict[str, dict[str, ValueType]] = {
            name: dict(ALWAYS) for name in OBJECTS
        }
        types["deal"]["won_on"] = "date"
        types["payee"] = {"name": "text"}
        for fact in catalogue or ():
            of_object = types.setdefault(fact.object, dict(ALWAYS))
            if fact.key not in OWN_FIELDS:
                of_object[fact.key] = fact.type
        for name, kind in self.document.fields.items():
            owner, _, key = name.partition(".")
            known = types.get(owner, {}).get(key)
            if known is not None and known != kind:
                words = f"{name} is {known} here, and the plan says {kind}."
                self.note(f"fields.{name}", words)
            elif known is None and catalogue is not None:
                words = f"The business has no field {name}."
                hint = suggestion(key, types.get(owner, {}))
                self.note(f"fields.{name}", words, hint)
            types.setdefault(owner, dict(ALWAYS))[key] = kind
        return types

    def _shared(self, tables: Collection[str]) -> dict[str, Type]:
        own = self.document.tables
        readings = {reading_of(name, own[name]) for name in own}
        for name in tables:
            if name not in own:
                readings |= {f"tiers.{name}", f"tables.{name}"}
        return dict.fromkeys(sorted(readings), Type.TABLE)

    def inputs(self, object_name: str, without: str = "") -> Inputs:
        """Return what a formula may name; `object_name` is empty per period."""
        found: Inputs = {}
        for owner in {object_name, "payee"} - {""}:
            for key, kind in self.types.get(owner, {}).items():
                found[f"{owner}.{key}"] = Type(kind)
        found |= dict.fromkeys(DATES, Type.DATE)
        for name, kind in self.document.variables.items():
            found[name] = Type(kind)
        for measure in self.document.measures:
            if measure.name != without:
                kind = "money" if measure.component else measure.type
                for which in _POSITIONS:
                    found[f"{measure.name}.{which}"] = Type(kind)
        return {**found, **self.shared}

    def program(self) -> PlanProgram | None:
        measures = [self.measure(part) for part in self.document.measures]
        components = [self.component(part) for part in self.document.components]
        self.problems += circles(measures, components)
        if self.problems:
            return None
        done = [part for part in components if part is not None]
        counted = [
            self.with_clawback(part, done) for part in measures if part is not None
        ]
        own = self.document.tables
        return PlanProgram(
            hash=self.document.hash,
            name=self.document.name,
            currency=self.document.currency,
            half="even" if self.document.rounding == "half_even" else "up",
            measures=tuple(counted),
            components=tuple(done),
            fields=self.fields_read(counted, done),
            payee_fields=self.reads("payee", _names(counted, done)),
            variables=self.document.variables,
            tables={name: build_table(own[name]) for name in own},
            table_names=frozenset(self.shared) & _names(counted, done),
            dates=frozenset(DATES) & _names(counted, done),
        )

    def measure(self, part: MeasureDocument) -> MeasureProgram | None:
        path = f"measures.{part.name}"
        if not self.known_object(part.object, path):
            return None
        inputs = self.inputs(part.object, without=part.name)
        result = Type(part.type)
        total = self.formula(part.sum, inputs, result, join(path, "sum"))
        when = self.formula(part.when, inputs, Type.YESNO, join(path, "when"))
        return MeasureProgram(
            name=part.name,
            over=part.over,
            object=part.object,
            roles=frozenset(part.credit),
            sum=total,
            when=when,
            clawback_days=part.clawback_days,
            of_team=part.of == "team",
            of_components=part.component,
        )

    def component(self, part: ComponentDocument) -> ComponentProgram | None:
        path = f"components.{part.key}"
        if part.per == "deal" and not self.known_object(part.object, path):
            return None
        inputs = self.inputs(part.object if part.per == "deal" else "")
        compiled: dict[str, Formula | None] = {}
        for name in FORMULAS:
            text = getattr(part, name)
            where = join(path, name)
            if name == "base" and text:
                compiled[name], inputs = self.base(text, inputs, where)
            else:
                allowed = inputs
                if name == "when":
                    allowed = {key: inputs[key] for key in inputs if key != "base"}
                result = _RESULTS.get(name, Type.MONEY)
                compiled[name] = self.formula(text, allowed, result, where)
        amount = compiled.pop("amount")
        if amount is None:
            return None
        return ComponentProgram(
            key=part.key,
            name=part.name,
            per=part.per,
            object=part.object,
            roles=frozenset(part.credit),
            over=part.over,
            amount=amount,
            waiting_for=part.waiting_for,
            clawback_days=part.clawback_days,
            says=part.says,
            **compiled,
        )

    def base(
        self, text: str, inputs: Inputs, path: str
    ) -> tuple[Formula | None, Inputs]:
        """Compile a base, which is an amount or else a count of something."""
        for kind in (Type.MONEY, Type.NUMBER):
            try:
                formula = compile_formula(text, inputs=inputs, result=kind)
            except InvalidFormula:
                continue
            return formula, {**inputs, "base": kind}
        return self.formula(text, inputs, Type.MONEY, path), {
            **inputs,
            "base": Type.MONEY,
        }

    def formula(
        self, text: str, inputs: Inputs, result: Type, path: str
    ) -> Formula | None:
        if not text:
            return None
        try:
            return compile_formula(text, inputs=inputs, result=result)
        except InvalidFormula as invalid:
            for problem in invalid.problems:
                self.problems.append(_in_formula(path, text, problem, self.alone))
            return None

    def known_object(self, name: str, path: str) -> bool:
        objects = [owner for owner in self.types if owner != "payee"]
        if name in objects:
            return True
        hint = suggestion(name, objects) or f"Known are {', '.join(objects)}."
        self.note(join(path, "object"), f"There is no object “{name}”.", hint)
        return False

    def with_clawback(
        self, part: MeasureProgram, components: Sequence[ComponentProgram]
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
        return MeasureProgram(
            name=part.name,
            over=part.over,
            object=part.object,
            roles=part.roles,
            sum=part.sum,
            when=part.when,
            clawback_days=longest,
            of_team=part.of_team,
            of_components=part.of_components,
        )

    def fields_read(
        self,
        measures: Sequence[MeasureProgram],
        components: Sequence[ComponentProgram],
    ) -> dict[str, tuple[FieldRead, ...]]:
        names = _names(measures, components)
        objects = {part.object for part in measures}
        objects |= {part.object for part in components}
        return {owner: self.reads(owner, names) for owner in sorted(objects)}

    def reads(self, owner: str, names: Collection[str]) -> tuple[FieldRead, ...]:
        return tuple(
            FieldRead(f"{owner}.{key}", key, kind)
            for key, kind in sorted(self.types.get(owner, {}).items())
            if f"{owner}.{key}" in names
        )


def _in_formula(path: str, text: str, problem: Problem, alone: bool) -> PlanProblem:
    hint = ""
    if alone and problem.code == "unknown_field" and not problem.suggestion:
        name = text[problem.start : problem.end]
        hint = f"If a source has it, declare it in the plan: fields: {{{name}: money}}."
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
    for measure in measures:
        formulas += [part for part in (measure.sum, measure.when) if part is not None]
    return frozenset(name for formula in formulas for name in formula.names)
