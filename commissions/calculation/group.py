"""Many payees at once: what gathered measures take from others is worked out here.

Each payee's measures are worked out once, when somebody first asks for them; the
statements of all are then finished one after the other. For examples and previews,
where what others have is not stored yet.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from commissions.calculation.facts import (
    MemberFact,
    PayeeInputs,
    StatementDraft,
    measure_key,
)
from commissions.calculation.pipeline import draft_of_plans, reckonings
from commissions.calculation.program import MeasureProgram, Of, Window
from commissions.calculation.readings import dated
from commissions.calculation.reckoning import Observer, PlanReckoning
from commissions.calculation.scope import CannotReckon
from commissions.formula import arithmetic
from crm_sync.ledger.facts import Value

# Who is in a set, seen from a payee, on the last day of the period.
Sets = Callable[[PayeeInputs, Of], Sequence[int]]


def calculate_group(
    payees: Sequence[PayeeInputs], sets: Sets
) -> dict[int, StatementDraft]:
    """Work out the statements of payees who read each other's measures."""
    with arithmetic():
        group = _Group(payees, sets)
        return {payee_id: group.draft(payee_id) for payee_id in sorted(group.inputs)}


def grouped(payees: Sequence[PayeeInputs], sets: Sets) -> dict[int, PayeeInputs]:
    """Return the same inputs with what each payee's gathered measures take from.

    What others have is worked out when it is first read; receipts can be asked for.
    """
    return _Group(payees, sets).inputs


class _Group:
    """The payees of one period, and what was worked out of each so far."""

    def __init__(self, payees: Sequence[PayeeInputs], sets: Sets) -> None:
        self.sets = sets
        self.inputs = {
            payee.payee_id: replace(payee, members=_Members(self, payee))
            for payee in payees
        }
        self._plans: dict[tuple[int, str, Window | None], list[PlanReckoning]] = {}

    def draft(self, payee_id: int) -> StatementDraft:
        """Return a payee's statement."""
        return draft_of_plans(self.inputs[payee_id], self._reckonings(payee_id))

    def members(self, payee: PayeeInputs, measure: MeasureProgram) -> list[MemberFact]:
        """Return what everybody in a measure's set brings to it."""
        if measure.of == "legs":
            return [
                self._leg(payee_id, measure)
                for payee_id in self.sets(payee, "team")
                if payee_id in self.inputs
            ]
        found = [
            self._member(payee_id, [payee_id], measure)
            for payee_id in self.sets(payee, measure.of)
            if payee_id in self.inputs
        ]
        return [member for member in found if member is not None]

    def _leg(self, payee_id: int, measure: MeasureProgram) -> MemberFact:
        """Bring together a direct report and everybody below as one member."""
        below = self.sets(self.inputs[payee_id], "downline")
        everybody = [one for one in (payee_id, *below) if one in self.inputs]
        found = self._member(payee_id, everybody, measure)
        return found or self._fact(payee_id, Decimal(0), "")

    def _member(
        self, payee_id: int, of: Sequence[int], measure: MeasureProgram
    ) -> MemberFact | None:
        """Add up what some payees have of a measure; None where none of them has it."""
        found: list[Decimal] = []
        failed = ""
        for other in of:
            try:
                found += self._values(other, measure)
            except CannotReckon as problem:
                failed = failed or str(problem)
        if not found and not failed:
            return None
        return self._fact(payee_id, sum(found, Decimal(0)), failed)

    def _fact(self, payee_id: int, value: Decimal, failed: str) -> MemberFact:
        payee = self.inputs[payee_id]
        return MemberFact(
            payee_id=payee_id,
            order=payee.payee_name,
            value=value,
            attributes=attributes_at_end(payee),
            failed=failed,
            name=payee.payee_name,
        )

    def _values(self, payee_id: int, measure: MeasureProgram) -> Iterator[Decimal]:
        """Return the window totals that a payee's plans have of the gathered measure."""
        name = measure.gathers
        own = self._programs(payee_id, name)
        if not own:
            return
        over = None if own[-1].over == measure.over else measure.over
        for plan in self._reckonings(payee_id, name if over else "", over):
            if plan.measures_named(name):
                draft = plan.measure(name)
                if draft.failed:
                    raise CannotReckon(draft.failed)
                yield draft.total

    def _programs(self, payee_id: int, name: str) -> list[MeasureProgram]:
        return [
            measure
            for fact in self.inputs[payee_id].assignments
            for measure in fact.program.measures
            if measure.name == name
        ]

    def _reckonings(
        self, payee_id: int, name: str = "", over: Window | None = None
    ) -> list[PlanReckoning]:
        """Return the work on a payee's plans; with a measure over another window."""
        key = payee_id, name, over
        if key not in self._plans:
            inputs = self.inputs[payee_id]
            if over is not None:
                inputs = with_window(inputs, name, over)
            self._plans[key] = reckonings(inputs, Observer())
        return self._plans[key]


class _Members(Mapping[str, Sequence[MemberFact]]):
    """What a payee's gathered measures take from, worked out when it is read."""

    def __init__(self, group: _Group, payee: PayeeInputs) -> None:
        self._group = group
        self._payee = payee
        self._measures = {
            measure_key(fact.plan_id, measure.name): measure
            for fact in payee.assignments
            for measure in fact.program.measures
            if measure.gathers
        }

    def __getitem__(self, key: str) -> Sequence[MemberFact]:
        return self._group.members(self._payee, self._measures[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._measures)

    def __len__(self) -> int:
        return len(self._measures)


def with_window(inputs: PayeeInputs, name: str, over: Window) -> PayeeInputs:
    """Return inputs whose plans add a measure up in another window."""
    assignments = []
    for fact in inputs.assignments:
        measures = tuple(
            replace(part, over=over) if part.name == name else part
            for part in fact.program.measures
        )
        program = replace(fact.program, measures=measures)
        assignments.append(replace(fact, program=program))
    return replace(inputs, assignments=tuple(assignments))


def attributes_at_end(payee: PayeeInputs) -> dict[str, Value]:
    """Return what is known of a payee on the last day of the period."""
    found = dict(payee.attributes)
    for key in {fact.key for fact in payee.facts}:
        value = dated(key, payee.facts, found, payee.period.ends_on)
        if value is not None:
            found[key] = value
    return found
