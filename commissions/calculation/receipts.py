"""The receipt of a line: the same stages as the calculation, with somebody watching."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from commissions.calculation.amounts import Amounts
from commissions.calculation.facts import (
    AdjustmentFact,
    LineDraft,
    LineKey,
    PayeeInputs,
)
from commissions.calculation.pipeline import adjustment_line, observed
from commissions.calculation.program import ComponentProgram, MeasureProgram
from commissions.calculation.receipt import (
    FormulaTrace,
    NoSuchLine,
    Receipt,
    ReceiptStep,
    Sentence,
    rows_of,
)
from commissions.calculation.reckoning import Observer, PlanReckoning
from commissions.calculation.scope import Credited, Scope
from commissions.calculation.words import day_words, name_words, share_words, shown
from commissions.formula import (
    EvaluationError,
    Formula,
    Outcome,
    Step,
    Type,
    arithmetic,
)
from commissions_saas.lib.money import places

_PERCENT = re.compile(r"(?<=\d)%")
_MINUS = re.compile(r"(?<![\w)])-(?=\d)")
_CREDITED_AS = {
    "owner": "the owner",
    "split": "a split",
    "overlay": "an overlay",
    "manager": "the manager",
    "territory": "the territory",
    "referrer": "the referrer",
}


def explain(inputs: PayeeInputs, key: LineKey) -> Receipt:
    """Return how a line came to its amount; raise `NoSuchLine` if there is none."""
    key = LineKey(*key)
    if key.adjustment_id:
        for fact in inputs.adjustments:
            if fact.id == key.adjustment_id:
                return _of_adjustment(fact)
        raise NoSuchLine(key)
    only = tuple(fact for fact in inputs.assignments if fact.plan_id == key.plan_id)
    witness = _Witness(key)
    observed(replace(inputs, assignments=only, adjustments=()), witness)
    if witness.seen is None:
        raise NoSuchLine(key)
    with arithmetic():
        return _Writer(inputs, witness.seen).receipt()


@dataclass(slots=True)
class _Seen:
    """What was known when the line was worked out."""

    reckoning: PlanReckoning
    component: ComponentProgram
    scope: Scope
    line: LineDraft
    amounts: Amounts | None
    values: dict[str, object]


class _Witness(Observer):
    """Waits for one line and keeps what it was worked out from."""

    def __init__(self, key: LineKey) -> None:
        self.key = key
        self.seen: _Seen | None = None

    def line(
        self,
        reckoning: PlanReckoning,
        component: ComponentProgram,
        scope: Scope,
        line: LineDraft,
        amounts: Amounts | None,
    ) -> None:
        if line.key == self.key:
            # A copy: the next component writes its own base into the same scope.
            values: dict[str, object] = dict(scope.values)
            self.seen = _Seen(reckoning, component, scope, line, amounts, values)


class _Writer:
    """Writes the steps of one line, in the order in which they were taken."""

    def __init__(self, inputs: PayeeInputs, seen: _Seen) -> None:
        self.inputs = inputs
        self.seen = seen
        self.component = seen.component
        self.program = seen.scope.assignment.program
        self.unit = seen.scope if isinstance(seen.scope, Credited) else None

    def receipt(self) -> Receipt:
        amounts = self.seen.amounts
        if amounts is None:
            words = Sentence(self.seen.line.failed)
            failed = ReceiptStep(
                "failed", "This line could not be worked out", (words,)
            )
            steps = [self.counted(), self.plan(), failed]
            return Receipt(self.seen.line, tuple(steps), self.traces(), self.values())
        steps = [self.counted(), self.plan()]
        if self.component.base is not None and amounts.base is not None:
            steps.append(self.base(self.component.base, amounts.base))
        steps.append(self.rate(amounts))
        if amounts.limited_by:
            steps.append(self.limits(amounts))
        steps += [self.gate(amounts), self.result(amounts)]
        return Receipt(self.seen.line, tuple(steps), self.traces(), self.values())

    def money(self, amount: Decimal) -> str:
        return shown(amount, self.program.currency)

    def counted(self) -> ReceiptStep:
        period = self.inputs.period
        unit = self.unit
        if unit is None:
            window = self.seen.reckoning.windows.of(self.component.over, period.ends_on)
            words = f"{window.label} ends in {period.label}, and this pays once for it."
            if window == period:
                words = f"This pays once for {period.label}."
            sentences = [Sentence(words)]
        else:
            sentences = [*self.standing(unit), *self.credit(unit)]
        if self.component.when is not None:
            sentences.append(self.condition(self.component.when))
        return ReceiptStep("counted", "Counted because", tuple(sentences))

    def condition(self, formula: Formula) -> Sentence:
        outcome = self.outcome(formula)
        read = dict.fromkeys(
            f"{step.text} is {_spaced(step.shown)}"
            for step in (_leaves(outcome.root) if outcome else ())
            if step.text in formula.names and step.kind is not Type.TABLE
        )
        words = f"It meets the condition {formula.text}"
        return Sentence(f"{words}: {', '.join(read)}." if read else f"{words}.")

    def standing(self, unit: Credited) -> Iterable[Sentence]:
        entry, day = unit.entry, day_words(unit.day)
        verb = "was won" if entry.object == "deal" else "happened"
        words = f"{entry.name} {verb} on {day}, which is in {self.inputs.period.label}."
        status = entry.values.get("status")
        if status and entry.counts:
            words = f"Its status is {status}. {words}"
        yield Sentence(words, entry_id=entry.id)
        if not entry.counts and entry.reversed_on is not None:
            days = self.component.clawback_days
            yield Sentence(
                f"It was lost on {day_words(entry.reversed_on)}, more than {days} days"
                " later, so it keeps its pay.",
                entry_id=entry.id,
            )
        for done in unit.conversions:
            yield Sentence(
                f"{done.name}: {shown(done.original, done.currency)} {done.currency}"
                f" × {done.rate.rate} ({done.rate.source}, {day})"
                f" = {self.money(done.converted)} {self.program.currency}",
                done.converted,
                entry.id,
            )

    def credit(self, unit: Credited) -> Iterable[Sentence]:
        role = _CREDITED_AS.get(unit.role, unit.role)
        words = f"{self.inputs.payee_name} is credited as {role}"
        words += f" with {share_words(unit.share)}."
        others = [
            f"{self.inputs.names.get(credit.payee_id, 'another payee')}"
            f" {share_words(credit.share)} ({credit.role})"
            for credit in unit.entry.credits
            if credit.payee_id != self.inputs.payee_id
        ]
        if others:
            words += f" Also credited: {', '.join(others)}."
        yield Sentence(words, unit.share)

    def plan(self) -> ReceiptStep:
        fact = self.seen.scope.assignment
        since = f"since {day_words(fact.starts_on)}"
        if fact.ends_on:
            since = f"from {day_words(fact.starts_on)} to {day_words(fact.ends_on)}"
        words = f"{self.program.name}, version {fact.version_number}, {since}."
        sentences = [Sentence(words), Sentence(f"Component: {self.component.name}.")]
        if self.component.says:
            sentences.append(Sentence(self.component.says))
        return ReceiptStep("plan", "Plan", tuple(sentences))

    def base(self, formula: Formula, value: Decimal) -> ReceiptStep:
        read, entries = self.running(formula)
        sentences = [*read, *self.readings(formula), *self.phrases(formula)]
        sentences.append(Sentence(f"Base: {self.money(value)}", value))
        return ReceiptStep("base", "Base", tuple(sentences), tuple(entries))

    def rate(self, amounts: Amounts) -> ReceiptStep:
        formula = self.component.amount
        sentences, entries = self.running(formula)
        sentences += self.readings(formula)
        sentences += self.phrases(formula)
        words = f"Amount: {self.money(amounts.exact)}"
        sentences.append(Sentence(words, amounts.exact))
        return ReceiptStep("rate", "Rate", tuple(sentences), tuple(entries))

    def running(self, formula: Formula) -> tuple[list[Sentence], list[Sentence]]:
        """Say what each measure that a formula reads was, and what it was made of."""
        sentences, entries = [], []
        for measure in self.program.measures:
            for name in measure.names:
                if name in formula.names:
                    found, listed = self.measure(measure, name.partition(".")[2])
                    sentences.append(found)
                    entries += listed
        return sentences, entries

    def measure(
        self, measure: MeasureProgram, which: str
    ) -> tuple[Sentence, list[Sentence]]:
        value = self.seen.values.get(f"{measure.name}.{which}")
        amount = value if isinstance(value, Decimal) else Decimal(0)
        window = self.seen.reckoning.windows.of(measure.over, self.seen.scope.day)
        thing = self.component.object if self.unit else "period"
        place = {
            "before": f"before this {thing}",
            "after": f"with this {thing}",
            "total": "in all",
        }[which]
        name = name_words(measure.name).capitalize()
        words = f"{name} of {window.label} {place}: {self.money(amount)}"
        return Sentence(words, amount), list(self.parts(measure, which, window.slug))

    def parts(
        self, measure: MeasureProgram, which: str, window: str
    ) -> Iterable[Sentence]:
        """List what a measure was made of up to this line, in the plan's order."""
        reckoning = self.seen.reckoning
        running = reckoning.runnings.get(measure.name)
        if running is None:
            return
        starts = self.inputs.period.starts_on
        kept = running.sums[window].kept if window in running.sums else ()
        for period, stored in kept:
            yield Sentence(f"{period.label}: {self.money(stored)}, as locked", stored)
        for at, unit in enumerate(reckoning.units):
            if which != "total" and unit is self.unit:
                if which == "before":
                    return
            elif self.unit is None and which == "before" and unit.day >= starts:
                return
            part = running.parts[at]
            if part is not None and running.at[at].window.slug == window:
                words = f"{unit.entry.name} ({day_words(unit.day)}): {self.money(part)}"
                yield Sentence(words, part, unit.entry.id)
            if which == "after" and unit is self.unit:
                return

    def readings(self, formula: Formula) -> Iterable[Sentence]:
        """Say what each field of the entry was that a formula reads."""
        outcome = self.outcome(formula)
        told = {name for part in self.program.measures for name in part.names}
        told.add("base")
        for step in _leaves(outcome.root) if outcome else ():
            if step.phrases and step.value is not None and step.text not in told:
                told.add(step.text)
                value = step.value if isinstance(step.value, Decimal) else None
                yield Sentence(_spaced(step.phrases[0]), value)

    def phrases(self, formula: Formula) -> list[Sentence]:
        """Say what each operation and function of a formula gave."""
        outcome = self.outcome(formula)
        found = []
        for step in outcome.steps if outcome else ():
            value = step.value if isinstance(step.value, Decimal) else None
            if step.text.startswith("or_else("):
                field = step.children[0]
                if field.value is None:
                    words = f"{field.text} is empty, so {step.shown} counts"
                    found.append(Sentence(_spaced(words), value))
            elif step.children:
                found += [Sentence(_spaced(words), value) for words in step.phrases]
        return found

    def outcome(self, formula: Formula) -> Outcome | None:
        try:
            return formula.explain(self.seen.values)
        except EvaluationError:
            return None

    def limits(self, amounts: Amounts) -> ReceiptStep:
        limit = amounts.cap if amounts.limited_by == "cap" else amounts.floor
        said = "is not more than" if amounts.limited_by == "cap" else "is at least"
        words = f"The plan says that it {said} {self.money(limit or Decimal(0))}."
        title = "Cap" if amounts.limited_by == "cap" else "Floor"
        return ReceiptStep("limits", title, (Sentence(words, limit),))

    def gate(self, amounts: Amounts) -> ReceiptStep:
        if self.component.payable_when is None:
            words = "Nothing has to happen before it is payable."
        elif amounts.waiting_for:
            words = f"Waiting for {amounts.waiting_for}: earned, and not payable yet."
        else:
            words = f"Waiting for {self.component.waiting_for}? No: it is payable."
        return ReceiptStep("gate", "Gate", (Sentence(words),))

    def result(self, amounts: Amounts) -> ReceiptStep:
        half = self.program.rounding.replace("_", "-")
        unit = "cents" if places(self.program.currency) == 2 else "the currency's unit"
        figure = self.money(amounts.rounded)
        exact = self.money(amounts.limited)
        parts = self.slices()
        words = f"{exact} rounded {half} to {unit}, once: {figure}"
        if exact == figure:
            words = f"{figure}, which needs no rounding ({half} to {unit}, once)."
        if len(parts) > 1 and not amounts.limited_by:
            words = f"{' + '.join(parts)} = {words}"
        return ReceiptStep("result", "Result", (Sentence(words, amounts.rounded),))

    def slices(self) -> list[str]:
        """Return what each tier gave, where the amount is nothing but tiers."""
        outcome = self.outcome(self.component.amount)
        if outcome is None or not outcome.root.text.startswith("marginal("):
            return []
        earned = [words.partition(" = ")[2] for words in outcome.root.phrases]
        return [words.partition(" ")[0] for words in earned]

    def traces(self) -> tuple[FormulaTrace, ...]:
        found = []
        for part in ("when", "base", "amount", "cap", "floor", "payable_when"):
            formula: Formula | None = getattr(self.component, part)
            outcome = self.outcome(formula) if formula is not None else None
            if formula is not None and outcome is not None:
                root = outcome.root
                found.append(
                    FormulaTrace(part, formula.text, root.shown, rows_of(root))
                )
        return tuple(found)

    def values(self) -> dict[str, str]:
        """Return each value that the line read, as the formulas saw it."""
        found: dict[str, str] = {}
        for formula in self.component.formulas:
            outcome = self.outcome(formula)
            for step in _leaves(outcome.root) if outcome else ():
                if step.text in formula.names and step.phrases:
                    found[step.text] = step.shown
        return found


def _of_adjustment(fact: AdjustmentFact) -> Receipt:
    line = adjustment_line(fact)
    kind = "A clawback" if fact.kind == "clawback" else "An adjustment"
    sentences = (
        Sentence(f"{kind}: {fact.reason}", entry_id=fact.entry_id),
        Sentence(f"Amount: {shown(fact.amount, fact.currency)}", fact.amount),
    )
    return Receipt(line, (ReceiptStep("adjustment", "Adjusted because", sentences),))


def _leaves(step: Step) -> Iterable[Step]:
    if not step.children:
        yield step
    for child in step.children:
        yield from _leaves(child)


def _spaced(words: str) -> str:
    """Write 6% as 6 % and -1 as −1, as the pages do."""
    return _MINUS.sub("−", _PERCENT.sub(" %", words))
