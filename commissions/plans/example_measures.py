"""What a measure came to in an example: of one payee, for each, or of all together."""

from collections.abc import Mapping
from decimal import Decimal

from commissions.calculation.facts import MeasureDraft, measure_key
from commissions.calculation.windows import stored_period
from commissions.plans.document import MeasureDocument, PlanDocument
from commissions.plans.example_lines import ZERO, Scope
from commissions.plans.example_timeline import Reckoned
from commissions.plans.hints import suggestion
from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.periods import period_of


def measure_in(
    document: PlanDocument, scope: Scope, name: str
) -> tuple[Decimal | None, str]:
    """Return where a measure stands at the end, or why that is not known.

    What several payees have is added up where each has their own credits or lines in
    it; what all have alike, such as a total of the team's, is that one value.
    """
    measure = document.measure(name)
    if measure is None:
        names = [part.name for part in document.measures]
        hint = suggestion(name, names)
        raise ProductError(f"The plan has no measure “{name}”.", hint=hint)
    latest = {done.person.name: done for done in scope.statements}
    found = [
        total
        for done in latest.values()
        for total in done.draft.totals
        if total.name == name
    ]
    failed = next((total.failed for total in found if total.failed), "")
    if failed or not found:
        return None, failed or "not on the plan"
    return _together(measure, found), ""


def _together(measure: MeasureDocument, found: list[MeasureDraft]) -> Decimal:
    values = [total.total for total in found]
    if len(values) == 1:
        return values[0]
    if measure.component or (measure.sum and measure.of == "me"):
        return sum(values, ZERO)
    if len(set(values)) == 1:
        return values[0]
    words = f"“{measure.name}” differs between payees: say whose is expected."
    raise ProductError(words, hint="Write expect: {payees: {Maya: {measures: …}}}.")


def measures_of_each(
    document: PlanDocument, scope: Scope, name: str, wanted: Mapping[str, object]
) -> dict[str, Decimal]:
    """Return what a measure that runs `by` something has, for each that is named."""
    measure = document.measure(name)
    if measure is None or not measure.by:
        words = f"“{name}” is one amount, and does not run by anything."
        raise ProductError(words, hint="Like measures: {volume: 1000}.")
    return {each: _of_each(scope.last, document, measure, each) for each in wanted}


def _of_each(
    done: Reckoned, document: PlanDocument, measure: MeasureDocument, each: str
) -> Decimal:
    key = measure_key(1, f"{measure.name}[{each}]")
    added = done.draft.measures.get(key, ZERO)
    over = document.window(measure.over or "period")
    kind = done.period.kind if over == "period" else over
    window = period_of(kind, done.period.ends_on)
    before = [
        value
        for (name, slug), value in done.carried.items()
        if name == key and window.starts_on <= stored_period(slug).ends_on
    ]
    return sum(before, ZERO) + added
