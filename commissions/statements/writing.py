"""Writes what a calculation changed: lines, causes, measures, totals; all in bulk."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact
from psycopg import sql

from commissions.calculation.facts import LineDraft, PayeeInputs, StatementDraft
from commissions.formula import LANGUAGE_VERSION
from commissions.statements.differences import (
    CauseDraft,
    StoredLine,
    measure,
    money,
)
from commissions.statements.models import (
    Line,
    PayPeriod,
    Run,
    Statement,
    StoredMeasure,
)
from commissions.statements.reached import tiers_reached
from commissions_saas.lib import clock

# The calculation's number and the language's: one of them rises when the same inputs
# would give other amounts.
EVALUATOR = f"3.{LANGUAGE_VERSION}"
ROWS_AT_A_TIME = 1000
NULL = r"\N"
Pair = tuple[int, int]  # payee, period row

_COPY = """
COPY statements_line (payee_id, period_id, version_id, component, component_name,
    entry_id, role, adjustment_id, kind, share, base, amount, currency, waiting_for,
    failed, earned_on, opened_run) FROM STDIN
"""


_CAUSES = """
COPY statements_cause (run_id, change_number, payee_id, period_id, component,
    component_name, entry_id, effect, knock_on, words, at) FROM STDIN
"""
_MEASURES = """
COPY statements_storedmeasure (payee_id, period_slug, name, value, opened_run) FROM STDIN
"""
_MAKE = """
INSERT INTO statements_statement (payee_id, period_id, {columns})
SELECT pair.payee_id, pair.period_id, {values}
FROM unnest(%s::bigint[], %s::bigint[]) AS pair (payee_id, period_id)
ON CONFLICT DO NOTHING
"""


@dataclass(slots=True)
class RunWriter:
    """One run, made when the first difference is written and not before."""

    change: int
    trigger: str
    job_id: UUID | None = None
    run: Run | None = None
    totals: list[int] = field(default_factory=lambda: [0, 0, 0])

    def id(self) -> int:
        """Return the run's id; make its row on first use."""
        if self.run is None:
            self.run = Run.objects.create(
                trigger=self.trigger[:200],
                change=self.change,
                at=clock.now(),
                evaluator=EVALUATOR,
                job_id=self.job_id,
            )
        return self.run.pk

    def forget(self) -> None:
        """Take the row of a run away that has written nothing after all."""
        Run.objects.filter(pk__in=self.ids(), statements=0).delete()
        self.run = None

    def ids(self) -> list[int]:
        """Return the run's id, if it has written anything yet."""
        return [self.run.pk] if self.run is not None else []

    def count(self, statements: int, opened: int, closed: int) -> None:
        """Add to what the run says it did."""
        if self.run is None:
            return
        Run.objects.filter(pk=self.run.pk).update(
            statements=F("statements") + statements,
            opened_lines=F("opened_lines") + opened,
            closed_lines=F("closed_lines") + closed,
        )
        for index, number in enumerate((statements, opened, closed)):
            self.totals[index] += number


def lock_periods_to_write(period_ids: Collection[int]) -> None:
    """Hold the periods as they are: nobody freezes them before we commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM statements_payperiod WHERE id = ANY(%s)"
            " ORDER BY starts_on FOR SHARE",
            [sorted(period_ids)],
        )


def lock_statements_of(pairs: Collection[Pair]) -> dict[Pair, Statement]:
    """Lock these statements in the one order: by payee, then by period."""
    rows = (
        Statement.objects.select_for_update(of=("self",))
        .filter(
            payee_id__in={payee_id for payee_id, _ in pairs},
            period_id__in={period_id for _, period_id in pairs},
        )
        .order_by("payee_id", "period__starts_on")
    )
    wanted = set(pairs)
    return {
        (row.payee_id, row.period_id): row
        for row in rows
        if (row.payee_id, row.period_id) in wanted
    }


def make_statements(pairs: Collection[Pair], currency: str) -> None:
    """Make the statements that are missing; whoever comes second finds them there."""
    if not pairs:
        return
    empty = Statement(currency=currency)
    fields = [
        field
        for field in Statement._meta.concrete_fields
        if field.attname not in ("id", "payee_id", "period_id")
        and not field.has_db_default()
    ]
    values = [
        field.get_db_prep_save(getattr(empty, field.attname), connection)
        for field in fields
    ]
    columns = sql.SQL(", ").join(sql.Identifier(str(field.column)) for field in fields)
    given = sql.SQL(", ").join(sql.Placeholder() for _ in fields)
    with connection.cursor() as cursor:
        payee_ids, period_ids = zip(*sorted(pairs), strict=True)
        cursor.execute(
            sql.SQL(_MAKE).format(columns=columns, values=given),
            [*values, list(payee_ids), list(period_ids)],
        )


def live_lines(pairs: Collection[Pair]) -> dict[Pair, list[StoredLine]]:
    """Return the lines that stand on these statements."""
    found: dict[Pair, list[StoredLine]] = defaultdict(list)
    by_period: dict[int, list[int]] = defaultdict(list)
    for payee_id, period_id in pairs:
        by_period[period_id].append(payee_id)
    for period_id, payee_ids in by_period.items():
        rows = Line.objects.filter(
            payee_id__in=payee_ids, period_id=period_id, closed_run__isnull=True
        )
        for payee_id, version_id, *rest in rows.values_list(
            "payee_id",
            "version_id",
            *[name for name in StoredLine._fields if name != "version_id"],
        ).iterator(chunk_size=5000):
            number, *values = rest
            found[payee_id, period_id].append(
                StoredLine(number, version_id or 0, *values)
            )
    return found


def live_measures(
    payee_ids: Collection[int], slugs: Collection[str]
) -> dict[tuple[int, str], dict[str, Decimal]]:
    """Return the stored measures of these payees and periods."""
    found: dict[tuple[int, str], dict[str, Decimal]] = defaultdict(dict)
    rows = StoredMeasure.objects.filter(
        payee_id__in=payee_ids, period_slug__in=slugs, closed_run__isnull=True
    )
    for payee_id, slug, name, value in rows.values_list(
        "payee_id", "period_slug", "name", "value"
    ):
        found[payee_id, slug][name] = value
    return found


def close_lines(ids: Sequence[int], run_id: int) -> None:
    """Close lines, once: a run that finds one closed has lost a race and must stop."""
    if not ids:
        return
    # Said so that PostgreSQL goes by the ids: for IS NULL alone it may go through the
    # whole index of the lines that stand.
    is_open = Exact(Coalesce("closed_run", 0), 0)
    rows: QuerySet[Line] = Line.objects.filter(is_open, pk__in=ids)
    if rows.update(closed_run=run_id) != len(ids):
        raise RuntimeError("A line that was locked with its statement was closed.")


def open_lines(opened: Iterable[tuple[Pair, LineDraft]], run_id: int) -> int:
    """Write new lines by COPY, as text that is ready: it is what costs most of a run."""
    count = 0
    ready: list[str] = []
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for pair, line in opened:
            count += 1
            ready.append(_as_text(pair, line, run_id))
            if len(ready) == ROWS_AT_A_TIME:
                copy.write("".join(ready))
                ready.clear()
        copy.write("".join(ready))
    return count


def _as_text(pair: Pair, line: LineDraft, run_id: int) -> str:
    base = NULL if line.base is None else f"{money(line.base):f}"
    return (
        f"{pair[0]}\t{pair[1]}\t{line.version_id or NULL}\t{escaped(line.component)}\t"
        f"{escaped(line.component_name)}\t{line.key.entry_id}\t{line.role}\t"
        f"{line.key.adjustment_id}\t{line.kind}\t{line.share:f}\t{base}\t"
        f"{money(line.amount):f}\t{line.currency}\t{escaped(line.waiting_for)}\t"
        f"{escaped(line.failed)}\t{line.earned_on.isoformat()}\t{run_id}\n"
    )


def escaped(text: str) -> str:
    """Escape what COPY reads as its own signs; most texts have none of them."""
    if not any(sign in text for sign in "\\\t\n\r"):
        return text
    text = text.replace("\\", r"\\").replace("\t", r"\t")
    return text.replace("\n", r"\n").replace("\r", r"\r")


def write_causes(causes: Iterable[tuple[Pair, CauseDraft]], run: RunWriter) -> None:
    """Store why the run changed what it changed."""
    rows = list(causes)
    if not rows:
        return
    start, end = str(run.id()), clock.now().isoformat()
    with connection.cursor() as cursor, cursor.copy(_CAUSES) as copy:
        copy.write(
            "".join(
                f"{start}\t{cause.change_number or NULL}\t{payee_id}\t{period_id}\t"
                f"{escaped(cause.component)}\t{escaped(cause.component_name)}\t"
                f"{cause.entry_id}\t{cause.effect:f}\t{cause.knock_on}\t"
                f"{escaped(cause.words)}\t{end}\n"
                for (payee_id, period_id), cause in rows
            )
        )


def changed_measures(
    before: Mapping[str, Decimal], after: Mapping[str, Decimal]
) -> dict[str, Decimal | None]:
    """Return the measures that differ: their new value, or None where they ended."""
    fresh = {name: measure(value) for name, value in after.items()}
    return {
        name: fresh.get(name)
        for name in sorted({*before, *fresh})
        if before.get(name) != fresh.get(name)
    }


def write_measures(
    changed: Mapping[tuple[int, str], Mapping[str, Decimal | None]], run: RunWriter
) -> None:
    """Close the measures that changed and open what they are now."""
    fresh: list[tuple[int, str, str, Decimal]] = []
    for (payee_id, slug), values in changed.items():
        if not values:
            continue
        StoredMeasure.objects.filter(
            payee_id=payee_id,
            period_slug=slug,
            name__in=values,
            closed_run__isnull=True,
        ).update(closed_run=run.id())
        fresh += [
            (payee_id, slug, name, value)
            for name, value in values.items()
            if value is not None
        ]
    open_measures(fresh, run)


def open_measures(
    fresh: Iterable[tuple[int, str, str, Decimal]], run: RunWriter
) -> None:
    """Store what measures are now."""
    texts = [
        f"{payee_id}\t{slug}\t{escaped(name)}\t{value:f}\t{run.id()}\n"
        for payee_id, slug, name, value in fresh
    ]
    if texts:
        with connection.cursor() as cursor, cursor.copy(_MEASURES) as copy:
            copy.write("".join(texts))


def update_statement(
    row: Statement, inputs: PayeeInputs, draft: StatementDraft, change: int
) -> bool:
    """Write a statement's totals if it is still open and nobody read further."""
    total = sum((money(line.amount) for line in draft.lines), Decimal(0))
    waiting = sum(
        (money(line.amount) for line in draft.lines if line.waiting_for), Decimal(0)
    )
    fields = {
        "total": total,
        "waiting": waiting,
        "payable": total - waiting,
        "failures": len(draft.failures),
        "tiers": tiers_reached(inputs, draft),
        "settled": settled_of(draft),
        "credits_left_out": left_out_of(draft),
        "basis": None,
        "change": change,
        "calculated_at": clock.now(),
    }
    still = Statement.objects.filter(
        pk=row.pk, state=Statement.State.OPEN, change__lte=change
    )
    if still.update(**fields) != 1:
        return False
    for name, value in fields.items():
        setattr(row, name, value)
    return True


def forget_basis(row: Statement) -> None:
    """Say no more on what the lines rest: the same lines may rest on other totals."""
    if row.basis is not None:
        Statement.objects.filter(pk=row.pk).update(basis=None)
        row.basis = None


def settled_of(draft: StatementDraft) -> dict[str, str] | None:
    """Return the total in the currency of settling, as a statement keeps it."""
    settled = draft.settled
    if settled is None:
        return None
    rate = settled.rate
    return {
        "amount": f"{settled.amount:f}",
        "currency": settled.currency,
        "rate": f"{rate.rate.normalize():f}" if rate else "",
        "source": rate.source if rate else "",
        "on": rate.on.isoformat() if rate and rate.on else "",
        "failed": settled.failed,
    }


def left_out_of(draft: StatementDraft) -> list[dict[str, str | int]]:
    """Return the credits that no plan may pay and why, as a statement keeps them."""
    return [
        {"entry": one.entry_id, "role": one.role, "why": one.reason}
        for one in sorted(draft.left_out, key=lambda one: (one.entry_id, one.role))
    ]


def says_the_same(row: Statement, draft: StatementDraft) -> bool:
    """Say whether a statement keeps what is said of it beside its lines."""
    return row.settled == settled_of(draft) and row.credits_left_out == left_out_of(
        draft
    )


def is_open(row: Statement | None, period: PayPeriod) -> bool:
    """Say whether a calculation may write a statement, looked at under its lock."""
    if period.state != PayPeriod.State.OPEN:
        return False
    return row is None or row.state == Statement.State.OPEN
