"""The work on one plan of one payee: every measure and component is done once.

What is worked out after what stands in `order`; whatever needs each other only in what
came before is taken together here, credit by credit.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from commissions.calculation.amounts import Amounts
from commissions.calculation.credits import credited_in_order, repeated
from commissions.calculation.facts import (
    AssignmentFact,
    LeftOut,
    LineDraft,
    MeasureDraft,
    PayeeInputs,
    measure_key,
)
from commissions.calculation.gathered import Gathered, gather
from commissions.calculation.measures import (
    Running,
    added_once,
    draft_of,
    part_of_credit,
    publish,
    publish_draft,
    publish_to_credits,
)
from commissions.calculation.order import (
    Group,
    Node,
    reads_stored,
    runs_at_credits,
    work_of,
)
from commissions.calculation.paying import (
    Line,
    pay_credit,
    pay_period,
    unpayable,
)
from commissions.calculation.program import (
    ZERO,
    ComponentProgram,
    MeasureProgram,
    PlanProgram,
)
from commissions.calculation.readings import DayReader
from commissions.calculation.scope import CannotReckon, Credited, Scope, foreign_words
from commissions.calculation.windows import Windows
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


class Paid(NamedTuple):
    """A line, and the place of its credit in the plan's order; -1 for a period's."""

    line: LineDraft
    at: int


class PlanReckoning:
    """The work on one plan of one payee, in the order in which things are needed."""

    def __init__(
        self,
        inputs: PayeeInputs,
        plan_id: int,
        assignments: Iterable[AssignmentFact],
        observer: Observer,
    ) -> None:
        self.inputs = inputs
        self.plan_id = plan_id
        self.assignments = sorted(
            assignments, key=lambda fact: (fact.starts_on, fact.version_id)
        )
        self.observer = observer
        self.days = DayReader(inputs)
        self.windows = Windows(inputs, plan_id)
        self.programs = _unique(fact.program for fact in self.assignments)
        self.work = work_of(self.programs)
        self.left_out: list[LeftOut] = []
        self.at_end = self._at_end()
        self.units = self._units()
        self.runnings: dict[str, Running] = {}
        self.drafts: dict[str, MeasureDraft] = {}
        self.gathered: dict[str, Gathered] = {}
        self.paid: dict[str, list[Paid]] = {}
        self._at_unit: dict[str, dict[int, LineDraft]] = {}
        self._circles: dict[str, str] = {}
        self._done: set[Node] = set()
        self._busy: set[Node] = set()
        self._publish_starts()

    def all_lines(self) -> list[LineDraft]:
        """Return the lines of every component, in the plan's order."""
        keys = [part.key for program in self.programs for part in program.components]
        return [
            paid.line for key in dict.fromkeys(keys) for paid in self.component(key)
        ]

    def all_measures(self) -> list[MeasureDraft]:
        """Return every measure as it stands at the end of the period."""
        names = [part.name for program in self.programs for part in program.measures]
        return [self.measure(name) for name in dict.fromkeys(names)]

    def measure(self, name: str) -> MeasureDraft:
        """Return a measure at the period's end; it is reckoned once."""
        self._ensure(Node("total", name))
        return self.drafts[name]

    def component(self, key: str) -> list[Paid]:
        """Return the lines of a component; they are worked out once."""
        self._ensure(Node("component", key))
        return self.paid[key]

    def measures_named(self, name: str) -> dict[int, MeasureProgram]:
        """Return what each version of the plan says of a measure."""
        return {
            id(program): measure
            for program in self.programs
            for measure in program.measures
            if measure.name == name
        }

    def _ensure(self, node: Node) -> None:
        if node in self._done:
            return
        group = self.work.groups[node]
        if node in self._busy:
            # Only other payees can lead back here; inside a plan the order is known.
            words = f"“{node.name}” of {self.inputs.payee_name} depends on itself."
            raise CannotReckon(words)
        self._busy.update(group.nodes)
        try:
            for needed in group.needs:
                self._ensure(needed)
            if group.circle:
                self._fail(group)
            elif group.nodes[0].kind == "total":
                self._total(node.name)
            else:
                self._run(group.nodes)
        finally:
            self._busy.difference_update(group.nodes)
        self._done.update(group.nodes)

    # Credit by credit

    def _run(self, nodes: Sequence[Node]) -> None:
        """Take every credit once, through all that is worked out together."""
        running = [self._running(node.name) for node in nodes if node.kind == "running"]
        self.runnings |= {measure.name: measure for measure in running}
        takers: list[Callable[[Credited, int], None]] = []
        for node in nodes:
            if node.kind == "running":
                takers.append(self.runnings[node.name].take)
            else:
                self.paid[node.name], self._at_unit[node.name] = [], {}
                if self._is_per_deal(node.name):
                    takers.append(self._payer(node.name, running))
        for at, unit in enumerate(self.units if takers else ()):
            for measure in running:
                measure.open(unit)
            for take in takers:
                take(unit, at)
        for node in nodes:
            if node.kind == "component":
                self.paid[node.name] += self._paid_for_period(node.name)

    def _running(self, name: str) -> Running:
        programs = self.measures_named(name)

        def earned(
            program: MeasureProgram, unit: Credited, at: int, total: Decimal
        ) -> Decimal | None:
            lines = [
                self._at_unit[key][at]
                for key in program.of_components
                if at in self._at_unit.get(key, ())
            ]
            return _sum(lines) if lines else None

        latest = list(programs.values())[-1]
        contribution = earned if latest.of_components else part_of_credit
        return Running(programs, self.windows, self.work.at_credits, contribution)

    def _payer(
        self, key: str, together: Iterable[Running]
    ) -> Callable[[Credited, int], None]:
        """Return what pays a component for a credit, and keeps the line.

        Measures over its lines that are taken together with it grow at once, so that
        two components that fill one cap never fill it twice.
        """
        programs = self._components(key)
        growing = [one for one in together if key in one.latest.of_components]
        found, at_unit = self.paid[key], self._at_unit[key]
        starts = self.inputs.period.starts_on

        def pay(unit: Credited, at: int) -> None:
            component = programs.get(id(unit.assignment.program))
            if component is None or component.per != "deal" or unit.day < starts:
                return
            if component.repeat is not (unit.nth > 0):
                return
            line = pay_credit(self.plan_id, component, unit, self.inputs.period)
            if line is not None:
                found.append(self._told(component, unit, line, at))
                at_unit[at] = line[0]
                for measure in growing:
                    measure.grow(unit, line[0])

        return pay

    def _told(
        self, component: ComponentProgram, scope: Scope, line: Line, at: int
    ) -> Paid:
        self.observer.line(self, component, scope, *line)
        return Paid(line[0], at)

    # Once a period

    def _paid_for_period(self, key: str) -> Iterable[Paid]:
        scope = self.at_end
        if scope is None:
            return
        program = scope.assignment.program
        component = self._components(key).get(id(program))
        if component is None or component.per != "period":
            return
        if not self._window_ends_here(component):
            return
        scope = Scope(dict(scope.values), scope.problems, scope.assignment, scope.day)
        if program.dates:
            window = self.windows.of(component.over, scope.day)
            scope.values.update(self.days.window(scope.assignment, window))
        line = pay_period(self.plan_id, component, scope, self._foreign())
        if line is not None:
            yield self._told(component, scope, line, -1)

    def _window_ends_here(self, component: ComponentProgram) -> bool:
        if component.over == "period":
            return True
        period = self.inputs.period
        return period.contains(period_of(component.over, period.ends_on).ends_on)

    def _total(self, name: str) -> None:
        """Work out what a measure is at the period's end, and let all read it."""
        measure = list(self.measures_named(name).values())[-1]
        if name in self._circles:
            now = self.windows.now(measure)
            draft = draft_of(self.plan_id, measure, now, ZERO, self._circles[name])
        elif name in self.runnings:
            draft = self._total_of_running(measure)
        else:
            draft = self._once_a_period(measure)
        self.drafts[name] = draft
        is_read = not self.work.at_credits.isdisjoint(measure.names)
        if is_read and not runs_at_credits(measure):
            publish_to_credits(self.units, measure, self.windows, draft)
        if self.at_end is not None:
            publish_draft(self.at_end, draft)

    def _total_of_running(self, measure: MeasureProgram) -> MeasureDraft:
        running = self.runnings[measure.name]
        of_period = [
            paid.line
            for key in measure.of_components
            for paid in self.paid.get(key, ())
            if paid.at < 0
        ]
        problem = next((line.failed for line in of_period if line.failed), "")
        of_lines = ZERO if problem else _sum(of_period)
        running.publish_totals(self.units, of_lines)
        now = running.now()
        added = now.total + of_lines - now.at_start
        failed = problem or now.failed
        return draft_of(self.plan_id, measure, now, added, failed)

    def _once_a_period(self, measure: MeasureProgram) -> MeasureDraft:
        """Work out a measure that moves once; off the plan, it does not move."""
        now, scope = self.windows.now(measure), self.at_end
        added, failed = ZERO, ""
        program = scope.assignment.program if scope is not None else None
        own = self.measures_named(measure.name).get(id(program))
        try:
            if foreign := self._foreign():
                raise CannotReckon(foreign)
            if scope is not None and own is not None and own.gathers:
                key = measure_key(self.plan_id, own.name)
                found = self.gathered[own.name] = gather(self.inputs, own, key, scope)
                added = found.value - now.total
            else:
                added = added_once(own, now, scope)
        except CannotReckon as problem:
            failed = f"“{measure.name}” could not be worked out. {problem}"
        return draft_of(self.plan_id, measure, now, added, failed)

    def _foreign(self) -> str:
        end = self.at_end
        return foreign_words(end.assignment, self.inputs.currency) if end else ""

    # What formulas read before anything is reckoned

    def _at_end(self) -> Scope | None:
        """Read the period as of its last day, or of the last day on the plan in it."""
        period = self.inputs.period
        for fact in reversed(self.assignments):
            last = min(fact.ends_on or period.ends_on, period.ends_on)
            if fact.starts_on <= last and last >= period.starts_on:
                values, problems = self.days.read(fact, last)
                return Scope(dict(values), problems, fact, last)
        return None

    def _units(self) -> list[Credited]:
        units = credited_in_order(
            self.inputs, self.assignments, self.days, self.left_out
        )
        end = self.at_end
        if end is None:
            return units
        if not any(part.repeat for part in end.assignment.program.components):
            return units
        again = repeated(self.inputs, units, end.assignment, end.day, self.days)
        return [*units, *again]

    def _publish_starts(self) -> None:
        """Let all read where the measures stood that are known from stored values."""
        for name in dict.fromkeys(
            part.name for program in self.programs for part in program.measures
        ):
            measure = list(self.measures_named(name).values())[-1]
            if not reads_stored(measure):
                continue
            if self.at_end is not None:
                now = self.windows.now(measure)
                publish(self.at_end, measure.names[0], now.total, now.failed)
            read = measure.names[0] in self.work.at_credits
            if read and not runs_at_credits(measure):
                publish_to_credits(self.units, measure, self.windows, None)

    def _is_per_deal(self, key: str) -> bool:
        return any(part.per == "deal" for part in self._components(key).values())

    def _components(self, key: str) -> Mapping[int, ComponentProgram]:
        return {
            id(program): component
            for program in self.programs
            for component in program.components
            if component.key == key
        }

    def _fail(self, group: Group) -> None:
        """Say of everything in a circle why it cannot be worked out."""
        for node in group.nodes:
            if node.kind == "component":
                self.paid[node.name] = self._circular(node.name, group.circle)
                continue
            self._circles[node.name] = group.circle
            if node.kind == "total":
                self._total(node.name)
            measure = list(self.measures_named(node.name).values())[-1]
            for unit in self.units:
                for name in measure.names:
                    publish(unit, name, ZERO, group.circle)

    def _circular(self, key: str, words: str) -> list[Paid]:
        scope = self.at_end
        component = list(self._components(key).values())[-1]
        if scope is None:
            return []
        line = unpayable(self.plan_id, component, scope, words)
        return [self._told(component, scope, line, -1)]


def _unique(programs: Iterable[PlanProgram]) -> tuple[PlanProgram, ...]:
    return tuple({id(program): program for program in programs}.values())


def _sum(lines: Iterable[LineDraft]) -> Decimal:
    for line in lines:
        if line.failed:
            raise CannotReckon(line.failed)
    return sum((line.amount for line in lines), ZERO)
