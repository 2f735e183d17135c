"""The receipt of a line: the same stages as the calculation, with somebody watching."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from commissions.calculation.amounts import Amounts
from commissions.calculation.credits import UPLINE
from commissions.calculation.facts import (
    AdjustmentFact,
    LineDraft,
    LineKey,
    PayeeInputs,
)
from commissions.calculation.pipeline import adjustment_line, observed
from commissions.calculation.program import ComponentProgram
from commissions.calculation.receipt import (
    FormulaTrace,
    NoSuchLine,
    Receipt,
    ReceiptStep,
    Sentence,
    rows_of,
)
from commissions.calculation.receipt_formulas import (
    condition,
    leaves,
    outcome_of,
    phrases,
    readings,
    spaced,
)
from commissions.calculation.receipt_measures import MeasureTeller
from commissions.calculation.reckoning import Observer, PlanReckoning
from commissions.calculation.scope import Credited, Scope
from commissions.calculation.words import day_words, name_words, share_words, shown
from commissions.formula import Formula, arithmetic
from commissions_saas.lib.money import places

_CREDITED_AS = {
    "owner": "the owner",
    "split": "a split",
    "overlay": "an overlay",
    "manager": "the manager",
    "territory": "the territory",
    "referrer": "the referrer",
    UPLINE: "the upline",
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
    draft = observed(replace(inputs, assignments=only, adjustments=()), witness)
    line = next((line for line in draft.lines if line.key == key), None)
    if line is not None and line.failed and witness.seen is None:
        title = "This measure could not be worked out"
        return Receipt(line, (ReceiptStep("failed", title, (Sentence(line.failed),)),))
    if witness.seen is None or line is None:
        raise NoSuchLine(key)
    with arithmetic():
        return _Writer(inputs, witness.seen, line).receipt()


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

    def __init__(self, inputs: PayeeInputs, seen: _Seen, line: LineDraft) -> None:
        self.inputs = inputs
        self.seen = seen
        self.line = line
        self.values = seen.values
        self.component = seen.component
        self.program = seen.scope.assignment.program
        self.unit = seen.scope if isinstance(seen.scope, Credited) else None
        thing = self.component.object if self.unit else "period"
        self.measures = MeasureTeller(
            inputs,
            seen.reckoning,
            self.program,
            self.unit,
            thing,
            self.component.key,
        )

    def receipt(self) -> Receipt:
        amounts = self.seen.amounts
        steps = [self.counted(), self.plan()]
        if amounts is None:
            words = Sentence(self.line.failed)
            title = "This line could not be worked out"
            steps.append(ReceiptStep("failed", title, (words,)))
            return Receipt(self.line, tuple(steps), self.traces(), self.read())
        if self.component.steps:
            steps.append(self.waterfall())
        if self.component.base is not None and amounts.base is not None:
            steps.append(self.base(self.component.base, amounts.base))
        steps.append(self.rate(amounts))
        if amounts.limited_by:
            steps.append(self.limits(amounts))
        if self.component.keeps is not None and amounts.earned is not None:
            steps.append(self.kept(self.component.keeps, amounts))
        steps += [self.gate(amounts), self.result(amounts)]
        return Receipt(self.line, tuple(steps), self.traces(), self.read())

    def money(self, amount: Decimal) -> str:
        return shown(amount, self.program.currency)

    def counted(self) -> ReceiptStep:
        period, component = self.inputs.period, self.component
        if self.unit is None:
            window = self.seen.reckoning.windows.of(component.over, period.ends_on)
            words = f"{window.label} ends in {period.label}, and this pays once for it."
            if window == period:
                words = f"This pays once for {period.label}."
            sentences = [Sentence(words)]
        else:
            sentences = [*self.standing(self.unit), *self.credit(self.unit)]
        if component.when is not None:
            words = "It meets the condition"
            sentences.append(condition(component.when, self.values, words))
        if self.unit is not None and component.going is not None:
            words = "It is still paid because this holds:"
            sentences.append(condition(component.going, self.values, words))
        if component.replaces:
            others = ", ".join(self.name_of(key) for key in component.replaces)
            sentences.append(Sentence(f"It is paid instead of: {others}."))
        return ReceiptStep("counted", "Counted because", tuple(sentences))

    def name_of(self, key: str) -> str:
        return next(
            (part.name for part in self.program.components if part.key == key), key
        )

    def standing(self, unit: Credited) -> Iterable[Sentence]:
        entry, period = unit.entry, self.inputs.period
        day = day_words(entry.occurred_on or unit.day)
        verb = "was won" if entry.object == "deal" else "happened"
        words = f"{entry.name} {verb} on {day}, which is in {period.label}."
        if unit.nth:
            words = f"{entry.name} {verb} on {day}. {self.repeats(unit)}"
        status = entry.values.get("status")
        if status and entry.counts:
            words = f"Its status is {status}. {words}"
        yield Sentence(words, entry_id=entry.id)
        if not entry.counts and entry.reversed_on is not None:
            yield Sentence(self.lost(unit, entry.reversed_on), entry_id=entry.id)
        for done in unit.conversions:
            source = f"{done.rate.source}, {day_words(done.rate.on or done.on)}"
            yield Sentence(
                f"{done.name}: {shown(done.original, done.currency)} {done.currency}"
                f" × {done.rate.rate} ({source})"
                f" = {self.money(done.converted)} {self.program.currency}",
                done.converted,
                entry.id,
            )

    def repeats(self, unit: Credited) -> str:
        words = f"It is paid again in each period; {self.inputs.period.label} is"
        words += f" number {unit.nth}"
        times = self.component.times
        outcome = outcome_of(times, self.values) if times is not None else None
        return f"{words} of {outcome.root.shown}." if outcome else f"{words}."

    def lost(self, unit: Credited, day: date) -> str:
        words = f"It was lost on {day_words(day)}"
        amounts = self.seen.amounts
        if amounts is not None and amounts.earned is not None:
            return f"{words}; the plan says what stays of it."
        if self.component.repeat:
            return f"{words}, after {self.inputs.period.label}, which stays paid."
        days = self.component.clawback_days
        return f"{words}, more than {days} days later, so it keeps its pay."

    def credit(self, unit: Credited) -> Iterable[Sentence]:
        role = _CREDITED_AS.get(unit.role, unit.role)
        if unit.role == UPLINE:
            role += f" at level {unit.level}, through {self.name(unit.through)},"
        words = f"{self.inputs.payee_name} is credited as {role}"
        words += f" with {share_words(unit.share)}."
        others = [
            f"{self.name(credit.payee_id)} {share_words(credit.share)} ({credit.role})"
            for credit in unit.entry.credits
            if credit.payee_id != self.inputs.payee_id and credit.role != UPLINE
        ]
        if others:
            words += f" Also credited: {', '.join(others)}."
        yield Sentence(words, unit.share)

    def name(self, payee_id: int) -> str:
        person = self.inputs.people.get(payee_id)
        return self.inputs.names.get(payee_id) or (
            person.name if person else "another payee"
        )

    def plan(self) -> ReceiptStep:
        fact = self.seen.scope.assignment
        since = f"since {day_words(fact.starts_on)}"
        if fact.ends_on:
            since = f"from {day_words(fact.starts_on)} to {day_words(fact.ends_on)}"
        number = fact.version_number
        version = f"version {number}" if number else "the draft"
        words = f"{self.program.name}, {version}, {since}."
        sentences = [Sentence(words), Sentence(f"Component: {self.component.name}.")]
        if self.component.says:
            sentences.append(Sentence(self.component.says))
        return ReceiptStep("plan", "Plan", tuple(sentences))

    def waterfall(self) -> ReceiptStep:
        """Say what each named value came to, the earlier ones first."""
        sentences: list[Sentence] = []
        entries: list[Sentence] = []
        for name, formula in self.component.steps:
            found, made_of = self.measures.tell(formula, self.values)
            outcome = outcome_of(formula, self.values)
            value = outcome.value if outcome else None
            sentences += [*found, *self.readings(formula), *self.phrases(formula)]
            words = f"{name_words(name).capitalize()}: "
            words += spaced(outcome.root.shown) if outcome else "not known"
            figure = value if isinstance(value, Decimal) else None
            sentences.append(Sentence(words, figure))
            entries += made_of
        return ReceiptStep("steps", "Steps", tuple(sentences), tuple(entries))

    def base(self, formula: Formula, value: Decimal) -> ReceiptStep:
        read, entries = self.measures.tell(formula, self.values)
        sentences = [*read, *self.readings(formula), *self.phrases(formula)]
        sentences.append(Sentence(f"Base: {self.money(value)}", value))
        return ReceiptStep("base", "Base", tuple(sentences), tuple(entries))

    def rate(self, amounts: Amounts) -> ReceiptStep:
        formula = self.component.amount
        sentences, entries = self.measures.tell(formula, self.values)
        sentences += self.readings(formula)
        sentences += self.phrases(formula)
        words = f"Amount: {self.money(amounts.exact)}"
        sentences.append(Sentence(words, amounts.exact))
        return ReceiptStep("rate", "Rate", tuple(sentences), tuple(entries))

    def readings(self, formula: Formula) -> Iterable[Sentence]:
        told = {name for part in self.program.measures for name in part.names}
        told |= {"base", *(name for name, _ in self.component.steps)}
        return readings(formula, self.values, told)

    def phrases(self, formula: Formula) -> list[Sentence]:
        return phrases(formula, self.values)

    def limits(self, amounts: Amounts) -> ReceiptStep:
        is_cap = amounts.limited_by == "cap"
        limit = (amounts.cap if is_cap else amounts.floor) or Decimal(0)
        formula = self.component.cap if is_cap else self.component.floor
        said = "is not more than" if is_cap else "is at least"
        words = f"The plan says that it {said} {self.money(limit)}."
        sentences, entries = (
            self.measures.tell(formula, self.values) if formula else ([], [])
        )
        if formula is not None and formula.names:
            sentences += [*self.readings(formula), *self.phrases(formula)]
        sentences.append(Sentence(words, limit))
        title = "Cap" if is_cap else "Floor"
        return ReceiptStep("limits", title, tuple(sentences), tuple(entries))

    def kept(self, formula: Formula, amounts: Amounts) -> ReceiptStep:
        earned = amounts.earned or Decimal(0)
        words = f"Before it was lost it had earned {self.money(earned)}."
        sentences = [Sentence(words, earned)]
        sentences += [*self.readings(formula), *self.phrases(formula)]
        words = f"What stays: {self.money(amounts.limited)}"
        sentences.append(Sentence(words, amounts.limited))
        return ReceiptStep("kept", "What stays of it", tuple(sentences))

    def gate(self, amounts: Amounts) -> ReceiptStep:
        if self.component.payable_when is None:
            words = "Nothing has to happen before it is payable."
        elif amounts.waiting_for:
            words = f"Waiting for {amounts.waiting_for}: earned, and not payable yet."
        else:
            words = f"Waiting for {self.component.waiting_for}? No: it is payable."
        return ReceiptStep("gate", "Gate", (Sentence(words),))

    def result(self, amounts: Amounts) -> ReceiptStep:
        how = self.program.rounding.replace("_", "-")
        unit = "cents" if places(self.program.currency) == 2 else "the currency's unit"
        figure, exact = self.money(self.line.amount), self.money(amounts.limited)
        words = f"{exact} rounded {how} to {unit}, once: {figure}"
        if self.program.round_on == "total":
            words = f"{exact}. The plan's lines are rounded in all, {how} to {unit};"
            words += f" of that, this line has {figure}"
        elif exact == figure:
            words = f"{figure}, which needs no rounding ({how} to {unit}, once)."
        parts = self.slices() if not amounts.limited_by else []
        if len(parts) > 1 and amounts.earned is None:
            words = f"{' + '.join(parts)} = {words}"
        return ReceiptStep("result", "Result", (Sentence(words, self.line.amount),))

    def slices(self) -> list[str]:
        """Return what each tier gave, where the amount is nothing but tiers."""
        outcome = outcome_of(self.component.amount, self.values)
        if outcome is None or not outcome.root.text.startswith("marginal("):
            return []
        earned = [words.partition(" = ")[2] for words in outcome.root.phrases]
        return [words.partition(" ")[0] for words in earned]

    def traces(self) -> tuple[FormulaTrace, ...]:
        found = []
        for part, formula in self.formulas():
            outcome = outcome_of(formula, self.values)
            if outcome is not None:
                root = outcome.root
                found.append(
                    FormulaTrace(part, formula.text, root.shown, rows_of(root))
                )
        return tuple(found)

    def formulas(self) -> Iterable[tuple[str, Formula]]:
        """Return the formulas of the component by what they are for, in their order."""
        for part in ("when", "times", "going"):
            yield from self.formula(part)
        yield from self.component.steps
        for part in ("base", "amount", "cap", "floor", "keeps", "payable_when"):
            if part != "keeps" or "earned" in self.values:
                yield from self.formula(part)

    def formula(self, part: str) -> Iterable[tuple[str, Formula]]:
        formula: Formula | None = getattr(self.component, part)
        if formula is not None:
            yield part, formula

    def read(self) -> dict[str, str]:
        """Return each value that the line read, as the formulas saw it."""
        found: dict[str, str] = {}
        for _, formula in self.formulas():
            outcome = outcome_of(formula, self.values)
            for step in leaves(outcome.root) if outcome else ():
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
