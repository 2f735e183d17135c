"""Writes what a batch worked out: lines by COPY, totals and facts of many at once."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from psycopg import sql
from psycopg.copy import QueuedLibpqWriter

from commissions.calculation.batch_tiers import Crossing
from commissions.calculation.facts import (
    LineDraft,
    LineKey,
    PayeeInputs,
)
from commissions.statements import batch_facts, writing
from commissions.statements.batch_reading import LINE_COLUMNS
from commissions.statements.batch_work import Worked
from commissions.statements.differences import (
    CauseDraft,
    Step,
    StoredLine,
    Trigger,
    effects_of,
    money,
)
from commissions.statements.inputs import Key
from commissions.statements.models import Statement
from commissions.statements.reached import has_crossed
from commissions_saas.lib import clock
from crm_sync.ledger.facts import EntryFact
from crm_sync.ledger.models import Payee, Revision

_SHARE = Decimal("0.00000001")
_TABS = LINE_COLUMNS.count(",")
_LINES = sql.SQL(f"COPY statements_line ({LINE_COLUMNS}, opened_run) FROM STDIN")
_CLOSE_MEASURES = """
UPDATE statements_storedmeasure AS stored SET closed_run = %s
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS ended (payee_id, slug, name)
WHERE stored.payee_id = ended.payee_id AND stored.period_slug = ended.slug
    AND stored.name = ended.name AND stored.closed_run IS NULL
"""
_TOTALS = """
UPDATE statements_statement AS statement
SET total = fresh.total, waiting = fresh.waiting, payable = fresh.total - fresh.waiting,
    failures = 0, tiers = fresh.tiers::jsonb, settled = NULL,
    credits_left_out = '[]'::jsonb, change = %(change)s,
    basis = fresh.basis::jsonb, calculated_at = %(now)s
FROM unnest(%(ids)s::bigint[], %(totals)s::numeric[], %(waiting)s::numeric[],
    %(tiers)s::text[], %(bases)s::text[]) AS fresh (id, total, waiting, tiers, basis)
WHERE statement.id = fresh.id AND statement.state = 'open'
    AND statement.change <= %(change)s
"""
_BASES = """
UPDATE statements_statement AS statement SET basis = fresh.basis::jsonb
FROM unnest(%s::bigint[], %s::text[]) AS fresh (id, basis)
WHERE statement.id = fresh.id
"""


@contextmanager
def copying(run_id: int) -> Iterator[Callable[[Sequence[str]], None]]:
    """Take lines as text and send them to the database, which writes meanwhile."""
    ending = f"\t{run_id}\n"
    with connection.cursor() as cursor:
        writer = QueuedLibpqWriter(cursor.cursor)
        with cursor.copy(_LINES, writer=writer) as copy:

            def put(texts: Sequence[str]) -> None:
                if texts:
                    copy.write(ending.join(texts) + ending)

            yield put


def text_of(line: LineDraft, row: Statement) -> str:
    """Return a line as the text that the batch writes."""
    base = writing.NULL if line.base is None else f"{money(line.base):f}"
    return (
        f"{row.payee_id}\t{row.period_id}\t{line.version_id or writing.NULL}\t"
        f"{line.component}\t{line.component_name}\t{line.kind}\t{line.currency}\t"
        f"{line.key.adjustment_id}\t{line.failed}\t{line.key.entry_id}\t{line.role}\t"
        f"{line.share.quantize(_SHARE):f}\t{line.earned_on.isoformat()}\t{base}\t"
        f"{money(line.amount):f}\t{line.waiting_for}"
    )


def write_beside(
    worked: Sequence[Worked],
    run: writing.RunWriter,
    fence: int,
    reason: str,
    triggers: Mapping[Key, Trigger | None],
) -> None:
    """Write all that a run records beside the lines."""
    names = _names(worked, fence)
    users = dict(
        Payee.objects.filter(pk__in={done.row.payee_id for done in worked}).values_list(
            "pk", "user_id"
        )
    )
    writing.write_causes(
        [
            ((done.row.payee_id, done.row.period_id), cause)
            for done in worked
            for cause in _causes(done, triggers.get(done.key), reason, names)
        ],
        run,
    )
    _write_measures(worked, run)
    stale = [
        done.key
        for done in worked
        if done.row.calculated_at is not None and done.stale is None
    ]
    _write_totals(worked, fence, names)
    batch_facts.write_facts(worked, stale, users)
    opened = sum(done.count for done in worked)
    run.count(len(worked), opened, sum(len(done.closed) for done in worked))


def _causes(
    done: Worked, trigger: Trigger | None, reason: str, names: Mapping[int, str]
) -> Iterable[CauseDraft]:
    row = done.row
    if trigger is not None and trigger.number > row.change:
        step = Step(trigger, done.draft, _with_entries(done, names))
        closed = [_stored_line(text, id_) for text, id_ in done.closed]
        opened = [_line(text) for text in done.opened]
        return effects_of(closed, opened, done.before, step)
    effect = done.reckoned.total - row.total
    words = reason if row.calculated_at else "First calculation"
    return [CauseDraft(None, "", "", 0, effect, False, words)] if effect else []


def _with_entries(done: Worked, names: Mapping[int, str]) -> PayeeInputs:
    """Return the inputs with the entries that causes speak of, by name."""
    found = {int(text.split("\t")[9]) for text, _ in done.closed}
    found |= {int(text.split("\t")[9]) for text in done.opened}
    entries = tuple(
        EntryFact(id_, "", "", names.get(id_, ""), None, True, "", {}, ())
        for id_ in sorted(found - {0})
    )
    return replace(done.frame, entries=entries)


def _stored_line(text: str, id_: int) -> StoredLine:
    line = _line(text)
    return StoredLine(
        id=id_,
        version_id=line.version_id,
        component=line.component,
        component_name=line.component_name,
        entry_id=line.entry_id,
        role=line.role,
        adjustment_id=line.key.adjustment_id,
        kind=line.kind,
        share=line.share,
        base=line.base,
        amount=line.amount,
        currency=line.currency,
        waiting_for=line.waiting_for,
        failed=line.failed,
        earned_on=line.earned_on,
    )


def is_readable(text: str) -> bool:
    """Say whether a stored line's text falls apart into its columns.

    A tab in one of them, as in a failure that names a deal, would shift the others.
    """
    return text.count("\t") == _TABS


def _line(text: str) -> LineDraft:
    """Read a line from the batch's text."""
    words = text.split("\t")
    version = 0 if words[2] == writing.NULL else int(words[2])
    base = None if words[13] == writing.NULL else Decimal(words[13])
    return LineDraft(
        key=LineKey(0, words[3], int(words[9]), words[10], int(words[7])),
        kind=words[5],  # type: ignore[arg-type]
        version_id=version,
        component=words[3],
        component_name=words[4],
        entry_id=int(words[9]),
        role=words[10],
        share=Decimal(words[11]),
        base=base,
        amount=Decimal(words[14]),
        currency=words[6],
        waiting_for=words[15],
        earned_on=date.fromisoformat(words[12]),
        failed=words[8],
    )


def _write_measures(worked: Sequence[Worked], run: writing.RunWriter) -> None:
    ended = [
        (done.row.payee_id, done.frame.period.slug, name)
        for done in worked
        for name in done.measures
        if name in done.before
    ]
    if ended:
        with connection.cursor() as cursor:
            columns = [list(column) for column in zip(*ended, strict=True)]
            cursor.execute(_CLOSE_MEASURES, [run.id(), *columns])
    writing.open_measures(
        (
            (done.row.payee_id, done.frame.period.slug, name, value)
            for done in worked
            for name, value in done.measures.items()
            if value is not None
        ),
        run,
    )


def _write_totals(
    worked: Sequence[Worked], fence: int, names: Mapping[int, str]
) -> None:
    now = clock.now()
    values: dict[str, Any] = {
        "change": fence,
        "now": now,
        "ids": [done.row.pk for done in worked],
        "totals": [money(done.reckoned.total) for done in worked],
        "waiting": [money(done.reckoned.waiting) for done in worked],
        "tiers": [json.dumps(_tiers(done, names)) for done in worked],
        "bases": [json.dumps(done.basis(fence)) for done in worked],
    }
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS, values)
        if cursor.rowcount != len(worked):
            raise RuntimeError("A statement that was locked has moved.")
    for done in worked:
        row = done.row
        row.total = money(done.reckoned.total)
        row.waiting = money(done.reckoned.waiting)
        row.payable = row.total - row.waiting
        row.failures, row.change, row.calculated_at = 0, fence, now


def write_bases(worked: Sequence[Worked], fence: int) -> None:
    """Tell on what the lines rest of statements that are otherwise as they were."""
    if worked:
        with connection.cursor() as cursor:
            texts = [json.dumps(done.basis(fence)) for done in worked]
            cursor.execute(_BASES, [[done.row.pk for done in worked], texts])


def _tiers(done: Worked, names: Mapping[int, str]) -> list[dict[str, str]]:
    return [
        {
            "bound": format(tier.bound, "f"),
            "rate": format(tier.rate, "f"),
            "on": tier.head.split("\t")[3],
            "entry": str(_entry_of(tier)),
            "name": names.get(_entry_of(tier), ""),
        }
        for tier in _shown(done)
    ]


def _shown(done: Worked) -> Sequence[Crossing]:
    return done.reckoned.crossings if has_crossed(done.frame, done.draft) else ()


def _entry_of(tier: Crossing) -> int:
    return int(tier.head.partition("\t")[0])


def _names(worked: Sequence[Worked], fence: int) -> dict[int, str]:
    """Return the names, as of the fence, of the entries that are told of."""
    wanted = {_entry_of(tier) for done in worked for tier in _shown(done)}
    for done in worked:
        wanted |= {int(text.split("\t")[9]) for text, _ in done.closed}
        wanted |= {int(text.split("\t")[9]) for text in done.opened}
    if not wanted:
        return {}
    rows = Revision.objects.filter(entry_id__in=wanted, opened__lte=fence)
    return dict(rows.exclude(closed__lte=fence).values_list("entry_id", "name"))
