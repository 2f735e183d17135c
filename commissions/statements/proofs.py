"""The proof that what stands is what the inputs give: computed again, compared."""

from collections.abc import Iterator

from commissions.calculation.pipeline import calculate
from commissions.statements import writing
from commissions.statements.differences import compare
from commissions.statements.inputs import load
from commissions.statements.models import CalculationState, PayPeriod, Statement
from commissions.statements.periods import as_period

CHUNK = 200


def recompute_differences() -> Iterator[str]:
    """Say which open statements do not equal a calculation from their stored inputs."""
    state = CalculationState.objects.filter(pk=1).first()
    if state is None:
        return
    rows = list(
        Statement.objects.filter(
            state=Statement.State.OPEN, period__state=PayPeriod.State.OPEN
        )
        .select_related("payee", "period")
        .order_by("period_id", "payee_id")
    )
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        yield from _differences_of(chunk, state.change)


def _differences_of(rows: list[Statement], change: int) -> Iterator[str]:
    wanted = [(row.payee_id, as_period(row.period)) for row in rows]
    loaded = load(wanted, change)
    live = writing.live_lines([(row.payee_id, row.period_id) for row in rows])
    stored = writing.live_measures(
        {row.payee_id for row in rows}, {row.period.slug for row in rows}
    )
    for row, (payee_id, period) in zip(rows, wanted, strict=True):
        draft = calculate(loaded.inputs(payee_id, period))
        closing, opening = compare(live.get((payee_id, row.period_id), []), draft.lines)
        if closing or opening:
            yield (
                f"Statement of {row.payee}, {row.period}: computed again, "
                f"{len(closing)} lines are not what they were and {len(opening)} are new"
            )
        before = stored.get((payee_id, period.slug), {})
        moved = writing.changed_measures(before, draft.measures)
        if moved:
            names = ", ".join(name.partition("/")[2] for name in moved)
            yield (
                f"Statement of {row.payee}, {row.period}: computed again, "
                f"what is stored of {names} is not what it was"
            )
