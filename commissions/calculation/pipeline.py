"""The calculation: one payee, one period, from frozen facts to a statement's draft.

The stages are credits, measures, amounts with caps and floors, gates, adjustments.
Measures and components are reckoned when somebody first names them, so that their
order follows from the formulas; publishing refuses plans that name each other.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from commissions.calculation.amounts import (
    Amounts,
    applies,
    failed_line,
    line_of,
    reckon,
)
from commissions.calculation.credits import (
    CannotReckon,
    Credited,
    DayReader,
    Scope,
    credited_in_order,
    holds,
)
from commissions.calculation.facts import (
    AdjustmentFact,
    AssignmentFact,
    Failure,
    LineDraft,
    LineKey,
    MeasureDraft,
    PayeeInputs,
    StatementDraft,
)
from commissions.calculation.measures import (
    Running,
    Windows,
    add_up,
    draft_of,
    of_team,
    part_of_credit,
    publish_start,
    publish_totals,
)
from commissions.calculation.program import (
    ONE,
    ZERO,
    ComponentProgram,
    MeasureProgram,
    Per,
    PlanProgram,
)
from commissions.formula import Formula, arithmetic
from commissions_saas.lib.periods import period_of


class Observer:
    """Is told of every line as it is worked out; this one does not listen."""

    def line(
        self,
        reckoning: "PlanReckoning",
        component: ComponentProgram,
        scope: Scope,
        line: LineDraft,
        amounts: Amounts | None,
    ) -> None:
        """Hear of a line; `amounts` is None where it failed."""


_NOBODY = Observer()


def calculate(inputs: PayeeInputs) -> StatementDraft:
    """Work out a payee's statement; the order of the inputs changes nothing."""
    return observed(inputs, _NOBODY)


def observed(inputs: PayeeInputs, observer: Observer) -> StatementDraft:
    """Work out a payee's statement while an observer listens."""
    with arithmetic():
        return _observed(inputs, observer)


def _observed(inputs: PayeeInputs, observer: Observer) -> StatementDraft:
    by_plan: dict[int, list[AssignmentFact]] = defaultdict(list)
    for assignment in inputs.assignments:
        by_plan[assignment.plan_id].append(assignment)
    lines: list[LineDraft] = []
    measures: list[MeasureDraft] = []
    for plan_id in sorted(by_plan):
        reckoning = PlanReckoning(inputs, plan_id, by_plan[plan_id], observer)
        lines.extend(reckoning.all_lines())
        measures.extend(reckoning.all_measures())
    for adjustment in sorted(inputs.adjustments, key=lambda fact: fact.id):
        lines.append(adjustment_line(adjustment))
    return StatementDraft(
        lines=tuple(lines),
        measures={draft.key: draft.added for draft in measures if not draft.failed},
        failures=tuple(Failure(line.key, line.failed) for line in lines if line.failed),
        totals=tuple(measures),
    )


def adjustment_line(fact: AdjustmentFact) -> LineDraft:
    """Return the line of an adjustment, which no calculation changes."""
    return LineDraft(
        key=LineKey(fact.plan_id, fact.component, fact.entry_id, fact.role, fact.id),
        kind=fact.kind,
        version_id=fact.version_id,
        component=fact.component,
        component_name=fact.component_name,
        entry_id=fact.entry_id,
        role=fact.role,
        share=ONE,
        base=None,
        amount=fact.amount,
        currency=fact.currency,
        waiting_for=fact.waiting_for,
        earned_on=fact.earned_on,
    )


class PlanReckoning:
    """The work on one plan of one payee: each measure and component done once."""

    def __init__(
        self,
        inputs: PayeeInputs,
        plan_id: int,
        assignments: Iterable[AssignmentFact],
        observer: Observer,
    ) -> None:
        self.inputs = inputs
        self.plan_id = plan_id
        self.assignments = sorted(assignments, key=lambda fact: fact.starts_on)
        self.observer = observer
        self.units = credited_in_order(inputs, self.assignments)
        self.windows = Windows(inputs, plan_id)
        self.runnings: dict[str, Running] = {}
        self.drafts: dict[str, MeasureDraft] = {}
        self.lines: dict[str, list[LineDraft]] = {}
        self._busy: set[str] = set()
        self._programs = _unique(fact.program for fact in self.assignments)

    def all_lines(self) -> list[LineDraft]:
        """Return the lines of every component, in the plan's order."""
        keys = [part.key for program in self._programs for part in program.components]
        return [line for key in dict.fromkeys(keys) for line in self.component(key)]

    def all_measures(self) -> list[MeasureDraft]:
        """Return every measure as it stands at the end of the period."""
        names = [part.name for program in self._programs for part in program.measures]
        return [self.measure(name) for name in dict.fromkeys(names)]

    def measure(self, name: str) -> MeasureDraft:
        """Reckon a measure, once, and let every credit read it."""
        if name in self.drafts:
            return self.drafts[name]
        with_it = {
            id(program): measure
            for program in self._programs
            for measure in program.measures
            if measure.name == name
        }
        latest = list(with_it.values())[-1]
        self._begin(f"measure {name}")
        for measure in with_it.values():
            self._needs(measure.sum, measure.when)
        if latest.of_team:
            draft = of_team(latest, self.units, self.windows)
        elif latest.of_components:
            draft = self._over_lines(name, with_it, latest)
        else:
            running = self.runnings[name] = add_up(
                name, with_it, self.units, self.windows, part_of_credit
            )
            draft = draft_of(running, latest, self.windows)
        self._busy.discard(f"measure {name}")
        self.drafts[name] = draft
        return draft

    def _over_lines(
        self, name: str, with_it: dict[int, MeasureProgram], latest: MeasureProgram
    ) -> MeasureDraft:
        lines = [line for key in latest.of_components for line in self.component(key)]
        by_credit: dict[tuple[int, str], list[LineDraft]] = defaultdict(list)
        for line in lines:
            by_credit[line.entry_id, line.role].append(line)
        of_period = [line for line in lines if not line.entry_id]
        problem = next((line.failed for line in of_period if line.failed), "")

        def earned(program: MeasureProgram, unit: Credited) -> Decimal | None:
            found = by_credit.get((unit.entry.id, unit.role))
            return _sum(found) if found else None

        running = add_up(name, with_it, self.units, self.windows, earned)
        self.runnings[name] = running
        of_lines = ZERO if problem else _sum(of_period)
        return draft_of(running, latest, self.windows, of_lines, problem)

    def component(self, key: str) -> list[LineDraft]:
        """Work out the lines of a component, once."""
        if key in self.lines:
            return self.lines[key]
        self._begin(f"component {key}")
        with_it = {
            id(program): component
            for program in self._programs
            for component in program.components
            if component.key == key
        }
        for component in with_it.values():
            self._needs(*component.formulas, per=component.per)
        found = []
        for unit in self.units:
            part = with_it.get(id(unit.assignment.program))
            if part is not None and part.per == "deal":
                line = self._line_of_credit(part, unit)
                if line is not None:
                    found.append(line)
        found.extend(self._lines_of_period(with_it))
        self._busy.discard(f"component {key}")
        self.lines[key] = found
        return found

    def _line_of_credit(
        self, component: ComponentProgram, unit: Credited
    ) -> LineDraft | None:
        if unit.day < self.inputs.period.starts_on:
            return None
        key = LineKey(self.plan_id, component.key, unit.entry.id, unit.role, 0)
        try:
            if not applies(component, unit):
                return None
            amounts = reckon(component, unit)
        except CannotReckon as problem:
            line = failed_line(component, unit, key, _about(unit.entry.name, problem))
            self.observer.line(self, component, unit, line, None)
            return line
        line = line_of(component, unit, key, amounts)
        self.observer.line(self, component, unit, line, amounts)
        return line

    def _lines_of_period(
        self, with_it: dict[int, ComponentProgram]
    ) -> Iterable[LineDraft]:
        scope = self._scope_of_period()
        component = with_it.get(id(scope.assignment.program)) if scope else None
        if scope is None or component is None or component.per != "period":
            return
        if not self._window_ends_here(component):
            return
        for measure in scope.assignment.program.measures:
            if measure.name in self.drafts:
                publish_totals(scope, self.drafts[measure.name])
            elif measure.of_components:
                publish_start(scope, measure, self.windows)
        key = LineKey(self.plan_id, component.key, 0, "", 0)
        amounts = None
        try:
            if not holds(component.when, scope):
                return
            amounts = reckon(component, scope)
            line = line_of(component, scope, key, amounts)
        except CannotReckon as problem:
            line = failed_line(component, scope, key, str(problem))
        self.observer.line(self, component, scope, line, amounts)
        yield line

    def _window_ends_here(self, component: ComponentProgram) -> bool:
        if component.over == "period":
            return True
        period = self.inputs.period
        return period.contains(period_of(component.over, period.ends_on).ends_on)

    def _scope_of_period(self) -> Scope | None:
        """Read the period as of its last day, or of the last day on the plan in it."""
        period = self.inputs.period
        for fact in reversed(self.assignments):
            last = min(fact.ends_on or period.ends_on, period.ends_on)
            if fact.starts_on <= last and last >= period.starts_on:
                values, problems = DayReader(self.inputs).read(fact, last)
                return Scope(dict(values), problems, fact, last)
        return None

    def _needs(self, *formulas: Formula | None, per: Per = "deal") -> None:
        """Reckon every measure that these formulas name, before they are evaluated."""
        needed = {
            name: part.name
            for program in self._programs
            for part in program.measures
            for name in part.names_needed(per)
        }
        for formula in formulas:
            for name in sorted(formula.names) if formula is not None else ():
                if name in needed:
                    self.measure(needed[name])

    def _begin(self, what: str) -> None:
        # Publishing refuses a cycle inside a version; two versions in one window can
        # still make one between them, and that must be loud.
        if what in self._busy:
            raise RuntimeError(f"The plan's {what} depends on itself.")
        self._busy.add(what)


def _unique(programs: Iterable[PlanProgram]) -> Sequence[PlanProgram]:
    return list({id(program): program for program in programs}.values())


def _sum(lines: Iterable[LineDraft]) -> Decimal:
    for line in lines:
        if line.failed:
            raise CannotReckon(line.failed)
    return sum((line.amount for line in lines), ZERO)


def _about(name: str, problem: CannotReckon) -> str:
    words = str(problem)
    return words if name in words else f"{name}: {words}"
