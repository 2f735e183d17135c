"""What an example expects, held against what came out: one result for each promise."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from commissions.calculation.facts import LineDraft
from commissions.plans.document import Raw
from commissions.plans.example_facts import Setting
from commissions.plans.example_hints import why_no_line
from commissions.plans.example_lines import (
    Scope,
    amounts,
    figure_of,
    shown,
    total_of,
)
from commissions.plans.example_measures import measure_in, measures_of_each
from commissions.plans.example_periods import shown as shown_period
from commissions.plans.example_timeline import Reckoned
from commissions.plans.example_values import asked, number, single
from commissions.plans.hints import suggestion
from commissions_saas.lib.errors import ProductError

_TOTALS = (
    "total",
    "net",
    "gross",
    "deductions",
    "waiting",
    "payable",
    "released",
    "clawbacks",
    "adjustments",
)
_FIGURES = ("amount", "base", "rate", "waiting")
_SETS = ("components", "lines", "measures", "failed", "left_out")
PROMISES = (*_TOTALS, *_SETS, "settled")
_ALIASES = {"balances": "measures", "balance": "measures", "deals": "lines"}
EVERYBODY = "everybody"


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


@dataclass(slots=True)
class Promises:
    """Everything that an example expects, and what it was held against."""

    example: str
    setting: Setting
    reckoned: Sequence[Reckoned]
    expected_failures: set[tuple[str, str, int, str]] = field(default_factory=set)

    def kept(self, expect: Raw) -> list[ExampleResult]:
        """Return a result for each promise, and for each line that failed unasked."""
        people, span = self.setting.people, self.setting.span
        payee = people[0].name if len(people) == 1 else ""
        period = span.slug if span.alone else ""
        results = list(self.walk(expect, payee, period))
        return [*self.unasked(), *results]

    def walk(self, expect: Raw, payee: str, period: str) -> Iterator[ExampleResult]:
        """Go down to single promises; a single amount is the total."""
        if isinstance(expect, str):
            expect = {"total": expect}
        if not isinstance(expect, Mapping):
            words = "What is expected is written as a set of names and amounts."
            raise ProductError(words, hint="Like expect: {total: 100.00}.")
        for written, value in expect.items():
            key = _ALIASES.get(written, written)
            if key == "payees":
                for name, inner in asked(value).items():
                    yield from self.walk(inner, self.payee(name, payee), period)
            elif key == "periods":
                for slug, inner in asked(value).items():
                    yield from self.walk(inner, payee, self.period(slug, period))
            elif key in PROMISES:
                scope = self.scope(payee, period)
                self.refuse_two_meanings(key, scope)
                yield from self.promise(key, value, scope)
            elif any(person.name == key for person in self.setting.people):
                yield from self.walk(value, self.payee(key, payee), period)
            elif self.setting.span.named(key) is not None:
                yield from self.walk(value, payee, self.period(key, period))
            else:
                section = self.section(key)
                scope = self.scope(payee, period)
                yield from self.promise(section, {key: value}, scope)

    def refuse_two_meanings(self, key: str, scope: Scope) -> None:
        """Refuse a word such as “net” that names a component too and could be either."""
        if key not in _TOTALS or self.setting.document.component(key) is None:
            return
        if total_of(scope, key) != amounts(self.of_component(key, scope)):
            words = f"“{key}” is a component here, and a figure of the statement too."
            hint = f"Write components: {{{key}: …}}, or give the component another key."
            raise ProductError(words, hint=hint)

    def payee(self, name: str, within: str) -> str:
        names = [person.name for person in self.setting.people]
        if name not in names:
            words = f"There is no payee “{name}” in this example."
            raise ProductError(words, hint=suggestion(name, names))
        if within and within != name:
            raise ProductError(f"“{name}” is expected inside “{within}”.")
        return name

    def period(self, slug: str, within: str) -> str:
        found = self.setting.span.named(slug)
        if found is None:
            words = f"“{slug}” is not a period of this example."
            raise ProductError(words, hint=f"It goes through {self.setting.span.slug}.")
        if within and within != found.slug:
            raise ProductError(f"“{slug}” is expected inside “{within}”.")
        return found.slug

    def section(self, key: str) -> str:
        """Return where a name belongs that stands by itself."""
        document = self.setting.document
        if document.component(key) is not None:
            return "components"
        if document.measure(key) is not None:
            return "measures"
        if key in self.setting.ids:
            return "lines"
        names = [*PROMISES, "payees", "periods"]
        names += [part.key for part in document.components]
        names += [person.name for person in self.setting.people]
        hint = suggestion(key, names) or f"Like {', '.join(PROMISES)}."
        raise ProductError(f"“{key[:80]}” cannot be expected.", hint=hint)

    def scope(self, payee: str, period: str) -> Scope:
        found = tuple(
            done
            for done in self.reckoned
            if payee in ("", done.person.name) and period in ("", done.period.slug)
        )
        taking = frozenset(
            part.key
            for part in self.setting.document.components
            if part.kind == "deduction"
        )
        slug = period or self.setting.span.slug
        return Scope(payee or EVERYBODY, slug, found, taking)

    def promise(self, key: str, value: Raw, scope: Scope) -> Iterator[ExampleResult]:
        if key in ("waiting", "released") and isinstance(value, Mapping):
            yield from self.by_line(key, value, scope)
        elif key in _TOTALS:
            found = self.amount(scope, key, value, total_of(scope, key))
            yield from self.explained([found], scope)
        elif key == "settled":
            yield self.settled(scope, value)
        elif key == "components":
            for name, wanted in asked(value).items():
                lines = self.of_component(name, scope)
                figures = self.figures(scope, name, wanted, lines)
                yield from self.explained(figures, scope)
        elif key == "lines":
            for name, wanted in asked(value).items():
                lines = self.of_entry(name, scope)
                figures = self.figures(scope, f"line {name}", wanted, lines)
                yield from figures if lines else self.explained(figures, scope, name)
        elif key == "measures":
            for name, wanted in asked(value).items():
                if isinstance(wanted, Mapping):
                    yield from self.by_each(scope, name, wanted)
                else:
                    yield self.measure(scope, name, wanted)
        elif key == "failed":
            yield from self.failed(scope, value)
        else:
            yield from self.left_out(scope, value)

    def by_line(
        self, key: str, value: Mapping[str, Raw], scope: Scope
    ) -> Iterator[ExampleResult]:
        released = [line for done in scope.statements for line in done.released]
        waiting = [line for line in scope.lines if line.waiting_for]
        among = waiting if key == "waiting" else released
        for name, wanted in value.items():
            mine = self.named(name, among)
            yield self.amount(scope, f"{key} {name}", wanted, amounts(mine))

    def named(self, name: str, lines: Iterable[LineDraft]) -> list[LineDraft]:
        """Return the lines of an entry or else of a component."""
        if name in self.setting.ids:
            number = self.setting.ids[name]
            return [line for line in lines if line.entry_id == number]
        if self.setting.document.component(name) is None:
            raise ProductError(f"There is no entry or component “{name}” here.")
        return [line for line in lines if line.component == name]

    def explained(
        self, results: Iterable[ExampleResult], scope: Scope, name: str = ""
    ) -> Iterator[ExampleResult]:
        """Say why an entry, or the first one, has no line where one is expected."""
        for result in results:
            is_asked = not result.ok and (name or not scope.lines)
            why = why_no_line(self.setting, scope, name) if is_asked else ""
            yield replace(result, problem=why) if why else result

    def of_component(self, name: str, scope: Scope) -> list[LineDraft]:
        keys = [part.key for part in self.setting.document.components]
        if name not in keys and name != "adjustments":
            words = f"The plan has no component “{name}”."
            raise ProductError(words, hint=suggestion(name, keys))
        return [line for line in scope.lines if line.component == name]

    def of_entry(self, name: str, scope: Scope) -> list[LineDraft]:
        number = self.setting.ids.get(name)
        if number is None:
            words = f"This example has no entry “{name}”."
            raise ProductError(words, hint=suggestion(name, self.setting.ids))
        return [line for line in scope.lines if line.entry_id == number]

    def figures(
        self, scope: Scope, what: str, wanted: Raw, lines: list[LineDraft]
    ) -> Iterator[ExampleResult]:
        """Compare an amount, or base, rate and parts of some lines."""
        if isinstance(wanted, str):
            yield self.amount(scope, what, wanted, amounts(lines))
            return
        for key, value in asked(wanted).items():
            if key in _FIGURES and not self.is_part(key, what):
                text = single(value, key)
                number(text, what)
                found = figure_of(lines, key, text)
                yield self.amount(scope, f"{what} {key}", value, found)
            else:
                part = self.part(key, lines)
                yield from self.figures(scope, f"{what} {key}", value, part)

    def is_part(self, key: str, what: str) -> bool:
        """Say whether a name like “base” is that of a component, among a deal's."""
        known = self.setting.document.component(key) is not None
        return known and what.startswith("line ")

    def part(self, key: str, lines: list[LineDraft]) -> list[LineDraft]:
        """Return those of the lines that a component, a role or an entry names."""
        if self.setting.document.component(key) is not None:
            return [line for line in lines if line.component == key]
        if key in self.setting.ids:
            number = self.setting.ids[key]
            return [line for line in lines if line.entry_id == number]
        found = [line for line in lines if line.role == key]
        roles = sorted({line.role for line in lines})
        if not found:
            among = [*_FIGURES, *roles]
            hint = suggestion(key, among) or f"Like {', '.join(among)}."
            raise ProductError(f"“{key}” cannot be expected here.", hint=hint)
        return found

    def measure(self, scope: Scope, name: str, wanted: Raw) -> ExampleResult:
        what = f"measure {name}"
        found, problem = measure_in(self.setting.document, scope, name)
        if found is None:
            return self.result(scope, what, single(wanted, what), "", problem)
        return self.amount(scope, what, wanted, found)

    def by_each(
        self, scope: Scope, name: str, wanted: Mapping[str, Raw]
    ) -> Iterator[ExampleResult]:
        """Compare a measure that runs `by` something, for each that is named."""
        found = measures_of_each(self.setting.document, scope, name, wanted)
        for each, value in found.items():
            yield self.amount(scope, f"measure {name} {each}", wanted[each], value)

    def settled(self, scope: Scope, wanted: Raw) -> ExampleResult:
        settled = scope.last.draft.settled
        text = single(wanted, "settled")
        if len(scope.statements) != 1:
            raise ProductError("“settled” is of one payee and one period.")
        if settled is None:
            hint = "Like settle_in: EUR."
            raise ProductError("The plan settles in no other currency.", hint=hint)
        if settled.failed:
            ok = text == "failed" or (not _is_number(text) and text in settled.failed)
            problem = "" if ok else settled.failed
            return self.result(scope, "settled", text, settled.failed, problem, ok)
        return self.amount(scope, "settled", wanted, settled.amount, settled.currency)

    def failed(self, scope: Scope, value: Raw) -> Iterator[ExampleResult]:
        """Hold failures against what was said: by entry or component, or any."""
        if isinstance(value, str):
            value = {"": value}
        if isinstance(value, list):
            value = {single(name, "failed"): "yes" for name in value}
        for name, wanted in asked(value).items():
            text = single(wanted, "failed")
            lines = self.named(name, scope.lines) if name else scope.lines
            wrong = [line for line in lines if line.failed]
            said = " ".join(dict.fromkeys(line.failed for line in wrong))
            ok = (not wrong) if text == "no" else bool(said) and _says(text, said)
            for done in scope.statements:
                for line in wrong:
                    self.expected_failures.add(
                        (
                            done.person.name,
                            done.period.slug,
                            line.entry_id,
                            line.component,
                        )
                    )
            yield self.result(scope, f"failed {name}".strip(), text, said, "", ok)

    def left_out(self, scope: Scope, value: Raw) -> Iterator[ExampleResult]:
        if isinstance(value, str):
            value = [value]
        if isinstance(value, list):
            value = {single(name, "left_out"): "yes" for name in value}
        for name, wanted in asked(value).items():
            number = self.setting.ids.get(name)
            if number is None:
                raise ProductError(f"This example has no entry “{name}”.")
            said = " ".join(
                left.reason
                for done in scope.statements
                for left in done.draft.left_out
                if left.entry_id == number
            )
            text = single(wanted, "left_out")
            ok = (not said) if text == "no" else bool(said) and _says(text, said)
            yield self.result(scope, f"left_out {name}", text, said, "", ok)

    def unasked(self) -> Iterator[ExampleResult]:
        """Return the lines that failed though the example did not expect it."""
        for done in self.reckoned:
            for line in done.draft.lines:
                key = (
                    done.person.name,
                    done.period.slug,
                    line.entry_id,
                    line.component,
                )
                if line.failed and key not in self.expected_failures:
                    scope = Scope(done.person.name, done.period.slug, (done,))
                    yield self.result(scope, line.component, "", "failed", line.failed)

    def amount(
        self, scope: Scope, what: str, wanted: Raw, computed: object, currency: str = ""
    ) -> ExampleResult:
        expected = number(single(wanted, what), what)
        found = number(str(computed), what)
        code = currency or self.setting.document.currency
        ok = expected == found
        texts = shown(expected, code), shown(found, code)
        return self.result(scope, what, *texts, "", ok)

    def result(
        self,
        scope: Scope,
        what: str,
        expected: str,
        computed: str,
        problem: str = "",
        ok: bool = False,
    ) -> ExampleResult:
        return ExampleResult(
            self.example,
            scope.payee,
            shown_period(scope.period),
            what,
            expected,
            computed,
            ok,
            problem,
        )


def _says(wanted: str, said: str) -> bool:
    return wanted == "yes" or wanted in said


def _is_number(text: str) -> bool:
    try:
        number(text, "")
    except ProductError:
        return False
    return True
