"""What a measure was, down to its parts: credits, periods, lines, other payees."""

from collections.abc import Iterable
from decimal import Decimal

from commissions.calculation.facts import PayeeInputs
from commissions.calculation.gathered import Gathered
from commissions.calculation.program import MeasureProgram, PlanProgram
from commissions.calculation.receipt import Sentence
from commissions.calculation.receipt_formulas import Values, phrases, readings
from commissions.calculation.reckoning import PlanReckoning
from commissions.calculation.scope import Credited
from commissions.calculation.windows import Kept, Sum
from commissions.calculation.words import day_words, name_words, plain, shown
from commissions.formula import Formula, Type
from commissions_saas.lib.periods import Period

Told = tuple[list[Sentence], list[Sentence]]
_PLACES = {"before": "before this {}", "after": "with this {}", "total": "in all"}
_COUNTS = ("count", "rank", "dense_rank", "tied")
_ORDERS = {"highest": "the highest first", "lowest": "the lowest first"}


class MeasureTeller:
    """Tells what measures were as one line read them; each of them once."""

    def __init__(
        self,
        inputs: PayeeInputs,
        reckoning: PlanReckoning,
        program: PlanProgram,
        unit: Credited | None,
        thing: str,
        component: str = "",
    ) -> None:
        self.inputs = inputs
        self.reckoning = reckoning
        self.program = program
        self.unit = unit
        self.thing = thing
        self.component = component
        self._told: set[str] = set()

    def tell(self, formula: Formula, values: Values) -> Told:
        """Say what each measure that a formula reads was, and what it was made of."""
        sentences: list[Sentence] = []
        entries: list[Sentence] = []
        for measure in self.program.measures:
            for name in measure.names:
                if name in formula.names:
                    found, made_of = self._measure(measure, name, values)
                    sentences.append(found)
                    entries += made_of
        return sentences, entries

    def _measure(
        self, measure: MeasureProgram, name: str, values: Values
    ) -> tuple[Sentence, list[Sentence]]:
        which = name.partition(".")[2]
        value = values.get(name)
        amount = value if isinstance(value, Decimal) else Decimal(0)
        day = self.unit.day if self.unit else self.inputs.period.ends_on
        window = self.reckoning.windows.of(measure.over, day)
        of = "so far" if window.kind == "always" else f"of {window.label}"
        place = _PLACES[which].format(self.thing)
        own = self._own(measure) if measure.by is not None else None
        of = f"of {own.of or 'none'}, {of}" if own is not None else of
        words = f"{name_words(measure.name).capitalize()} {of} {place}"
        said = Sentence(f"{words}: {self.figure(measure, amount)}", amount)
        if name in self._told:
            return said, []
        self._told.add(name)
        return said, list(self._parts(measure, which, window))

    def _parts(
        self, measure: MeasureProgram, which: str, window: Period
    ) -> Iterable[Sentence]:
        """List what a measure was made of up to this line, in the plan's order."""
        for period, stored in self._kept(measure, window):
            if not stored and measure.by is not None:
                continue
            words = f"{period.label}: {self.figure(measure, stored)}, as stored"
            yield Sentence(words, stored)
        if measure.name in self.reckoning.runnings:
            yield from self._credits(measure, which, window)
            if which == "total":
                yield from self._period_lines(measure)
        elif which != "before":
            yield from self._once(measure)

    def _own(self, measure: MeasureProgram) -> Sum | None:
        """Return the sum that this line's credit belongs to; of a period there is none."""
        running = self.reckoning.runnings.get(measure.name)
        for at, unit in enumerate(self.reckoning.units if running else ()):
            if unit is self.unit and running is not None:
                return running.at[at]
        return None

    def _kept(self, measure: MeasureProgram, window: Period) -> Kept:
        own = self._own(measure)
        if own is not None:
            return own.kept
        return self.reckoning.windows.opened(measure.name, window).kept

    def _credits(
        self, measure: MeasureProgram, which: str, window: Period
    ) -> Iterable[Sentence]:
        running = self.reckoning.runnings[measure.name]
        starts = self.inputs.period.starts_on
        mine = self._own(measure)
        for at, unit in enumerate(self.reckoning.units):
            if which == "before" and unit is self.unit:
                yield from self._lines_before(measure, at)
                return
            if which == "before" and self.unit is None and unit.day >= starts:
                return
            part = running.parts[at]
            found = running.at[at]
            if (
                part is not None
                and (found is mine or not mine)
                and (found.window == window)
            ):
                day = day_words(unit.entry.occurred_on or unit.day)
                figure = self.figure(measure, part)
                yield Sentence(
                    f"{unit.entry.name} ({day}): {figure}", part, unit.entry.id
                )
            if which == "after" and unit is self.unit:
                return

    def _lines_before(self, measure: MeasureProgram, at: int) -> Iterable[Sentence]:
        """List what earlier components paid for the same credit, where they fill one
        measure together."""
        parts = self.program.components
        mine = [part.key for part in parts].index(self.component)
        if self.component not in measure.of_components:
            return
        for part in parts[:mine]:
            if part.key not in measure.of_components:
                continue
            for paid in self.reckoning.paid.get(part.key, ()):
                if paid.at == at:
                    figure = shown(paid.line.amount, self.program.currency)
                    words = f"{part.name} of this {self.thing}: {figure}"
                    yield Sentence(words, paid.line.amount, paid.line.entry_id)

    def _period_lines(self, measure: MeasureProgram) -> Iterable[Sentence]:
        for key in measure.of_components:
            for paid in self.reckoning.paid.get(key, ()):
                if paid.at < 0:
                    line = paid.line
                    figure = shown(line.amount, self.program.currency)
                    yield Sentence(f"{line.component_name}: {figure}", line.amount)

    def _once(self, measure: MeasureProgram) -> Iterable[Sentence]:
        """Say how a measure that moves once a period came to what it is."""
        gathered = self.reckoning.gathered.get(measure.name)
        if gathered is not None:
            yield from self._gathered(measure, gathered)
        formula = measure.amount if measure.gathers else measure.value or measure.sum
        scope = self.reckoning.at_end
        if formula is None or scope is None or (gathered and gathered.given):
            return
        label = self.inputs.period.label
        yield Sentence(f"{name_words(measure.name).capitalize()} in {label}:")
        told = {name for part in self.program.measures for name in part.names}
        yield from readings(formula, scope.values, told)
        sentences, entries = self._of_period().tell(formula, scope.values)
        yield from sentences
        yield from phrases(formula, scope.values)
        yield from entries

    def _of_period(self) -> "MeasureTeller":
        """Return who tells what was read once for the period, and tells it once."""
        if self.unit is None:
            return self
        teller = MeasureTeller(
            self.inputs, self.reckoning, self.program, None, "period"
        )
        teller._told = self._told
        return teller

    def _gathered(
        self, measure: MeasureProgram, gathered: Gathered
    ) -> Iterable[Sentence]:
        if gathered.given:
            yield Sentence("As given.", gathered.value)
            return
        many = len(gathered.members)
        words = f"Taken from {many} payees"
        if measure.take == "part" and gathered.amount is not None:
            amount = shown(gathered.amount, self.program.currency)
            words = f"{amount} shared by weight among {many} payees"
        elif measure.take in ("rank", "dense_rank"):
            words = f"Place among {many} payees, {_ORDERS[measure.order]}"
        if measure.where is not None:
            words += f", of whom holds: {measure.where.text}"
        yield Sentence(f"{words}.", gathered.amount)
        for at, member in enumerate(gathered.members):
            line = f"{member.who}: {self._of_others(measure, member.value)}"
            if gathered.parts:
                part = shown(gathered.parts[at], self.program.currency)
                line += f", a part of {part}"
            yield Sentence(line, member.value)

    def _of_others(self, measure: MeasureProgram, value: Decimal) -> str:
        for own in self.program.measures:
            if own.name == measure.gathers:
                return self.figure(own, value)
        return plain(value)

    def figure(self, measure: MeasureProgram, value: Decimal) -> str:
        """Write a measure's value as what it is: money, or a number."""
        if measure.take in _COUNTS and measure.gathers:
            return plain(value)
        formula = measure.value or measure.sum
        if formula is not None and formula.result in (Type.NUMBER, Type.PERCENT):
            return plain(value)
        return shown(value, self.program.currency)
