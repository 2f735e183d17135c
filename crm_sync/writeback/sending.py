"""Sends the values that wait, one request each; a worker may die between any two steps.

A row is claimed, sent, and then marked. Who dies before the mark has sent a value that
the next one sends again: the same value in the same field, which changes nothing. The
claim outlives any request, so that no late worker overwrites a newer value.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from django.db.models import F, Q, QuerySet

from commissions_saas.lib import clock
from crm_sync.connections.models import Connection
from crm_sync.contract import ConfigurationProblem, TryAgainLater
from crm_sync.providers.writes import Writes
from crm_sync.writeback.models import WriteBack, WrittenValue
from tenants.jobs.errors import RunLater
from tenants.jobs.lease import Lease, database_now, later

CLAIM = timedelta(seconds=120)  # longer than any request may take
LATEST = 60.0  # seconds after its claim in which a request may begin
AT_ONCE = 200
MOST_A_RUN = 2000  # then other jobs have their turn
ALIKE = 3  # refusals in a row, nothing taken in between: it is the field or the key
REST = timedelta(hours=1)  # how long a source that refuses everything is left alone
LONGEST_REST = timedelta(hours=1)
OF_THE_KEY = (401, 402)
State = WrittenValue.State


@dataclass(slots=True)
class Sent:
    """What a run has done."""

    written: int = 0
    refused: int = 0
    in_a_row: list[int] = field(default_factory=list)
    """The rows refused since a value was last taken."""


def waiting(row: WriteBack) -> QuerySet[WrittenValue]:
    """Return the values that are not in the source as they should be."""
    return row.values.filter(state=State.WAITING)


def due(row: WriteBack) -> QuerySet[WrittenValue]:
    """Return the values whose turn has come; the least tried first, so that one which
    fails again and again holds up nobody."""
    now = database_now()
    rows = waiting(row).filter(Q(next_try_at=None) | Q(next_try_at__lte=now))
    return rows.filter(Q(claimed_until=None) | Q(claimed_until__lte=now)).order_by(
        "tries", "pk"
    )


def send(lease: Lease, row: WriteBack, source: Writes) -> Sent:
    """Send what waits until nothing does, the source refuses all, or the run is long."""
    sent = Sent()
    total = waiting(row).count()
    while sent.written + sent.refused < MOST_A_RUN:
        batch = list(due(row)[:AT_ONCE])
        for value in batch:
            if _send_one(lease, row, value, source, sent) is False:
                return sent
            lease.step("Writing", sent.written, total)
        if not batch:
            break
    return sent


def key_of(row: WriteBack, external_id: str, value: str) -> str:
    """Name this value of this field, the same in every try."""
    said = f"{row.connection_id} {row.object} {external_id} {row.path} {value}"
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def digest_of_key(connection: Connection) -> str:
    """Return by what a new key is told from the one that was refused."""
    return hashlib.sha256(bytes(connection.secret)).hexdigest()


def _send_one(
    lease: Lease, row: WriteBack, value: WrittenValue, source: Writes, sent: Sent
) -> bool:
    """Send one value; False where nothing more is to be sent in this run."""
    began = time.monotonic()
    with lease.transaction():
        if not _claim(value):
            return True  # another run has it, or something else is wanted by now
    if time.monotonic() - began > LATEST:
        return True  # this worker stood still; its claim may be another's soon
    try:
        source.write(
            row.object,
            value.external_id,
            row.path,
            _as_sent(row, value.wanted),
            key=key_of(row, value.external_id, value.wanted),
        )
    except TryAgainLater as problem:
        _put_off(lease, value, problem)
        # The row rests longer each time; the others only as long as the source asks.
        raise RunLater(problem.message, _asked(problem)) from problem
    except ConfigurationProblem as problem:
        return _refused(lease, row, value, problem, sent)
    with lease.transaction():
        _mark(row, value)
    sent.written += 1
    sent.in_a_row.clear()
    return True


def _as_sent(row: WriteBack, value: str) -> Decimal | str | None:
    if not value:
        return None
    is_number = row.kind == WriteBack.Kind.COMMISSION and not row.as_text
    return Decimal(value) if is_number else value


def _claim(value: WrittenValue) -> bool:
    """Take a row for as long as a request may last, if it still wants the same."""
    now = database_now()
    free = WrittenValue.objects.filter(
        Q(claimed_until=None) | Q(claimed_until__lte=now),
        pk=value.pk,
        state=State.WAITING,
        wanted=value.wanted,
    )
    return free.update(claimed_until=later(CLAIM), tries=F("tries") + 1) == 1


def _mark(row: WriteBack, value: WrittenValue) -> None:
    """Note what the source has now; the row waits on where something else is wanted."""
    mine = WrittenValue.objects.filter(pk=value.pk)
    mine.update(
        written=value.wanted, written_at=clock.now(), claimed_until=None, tries=0
    )
    mine.filter(wanted=value.wanted, state=State.WAITING).update(
        state=State.WRITTEN, problem="", hint="", next_try_at=None
    )
    mine.filter(state=State.WRITTEN, wanted="").delete()  # emptied: nothing of ours
    WriteBack.objects.filter(pk=row.pk).update(
        last_written_at=clock.now(), problem="", hint="", stopped_at=None
    )


def _put_off(lease: Lease, value: WrittenValue, problem: TryAgainLater) -> None:
    with lease.transaction():
        WrittenValue.objects.filter(pk=value.pk).update(
            claimed_until=None,
            problem=problem.message,
            hint="It is tried again by itself.",
            next_try_at=later(_rest(problem, value.tries)),
        )


def _rest(problem: TryAgainLater, tries: int) -> timedelta:
    """Twice as long after each failure of the same row, and never less than asked."""
    grown = timedelta(seconds=5 * 2 ** min(tries, 10))
    return max(_asked(problem), min(grown, LONGEST_REST))


def _asked(problem: TryAgainLater) -> timedelta:
    return timedelta(milliseconds=int(problem.after * 1000))


def _refused(
    lease: Lease,
    row: WriteBack,
    value: WrittenValue,
    problem: ConfigurationProblem,
    sent: Sent,
) -> bool:
    """Note a refusal. What the key or the field is to blame for stops the run: then
    the rows wait, and it is said once."""
    said = {"problem": problem.message, "hint": problem.hint}
    mine = WrittenValue.objects.filter(pk=value.pk)
    with lease.transaction():
        if problem.status in OF_THE_KEY:
            mine.update(claimed_until=None, **said)
            _stop(row, problem)
            return False
        mine.filter(wanted=value.wanted, state=State.WAITING).update(
            state=State.REFUSED, **said
        )
        mine.update(claimed_until=None)
        sent.refused += 1
        # A record that is gone says nothing of the next one.
        if problem.status != 404:
            sent.in_a_row.append(value.pk)
        if len(sent.in_a_row) < ALIKE:
            return True
        _stop(row, problem)
        row.values.filter(pk__in=sent.in_a_row, state=State.REFUSED).update(
            state=State.WAITING
        )
        sent.refused -= len(sent.in_a_row)
        return False


def _stop(row: WriteBack, problem: ConfigurationProblem) -> None:
    connection = Connection.objects.get(pk=row.connection_id)
    WriteBack.objects.filter(pk=row.pk).update(
        problem=problem.message,
        hint=problem.hint,
        stopped_at=clock.now(),
        stopped_key=digest_of_key(connection),
    )


def is_resting(row: WriteBack, connection: Connection) -> bool:
    """Say whether the source refused everything a short while ago, with this key."""
    if row.stopped_at is None or row.stopped_key != digest_of_key(connection):
        return False
    return clock.now() - row.stopped_at < REST
