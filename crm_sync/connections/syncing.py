"""Reading a source: page by page, each with its cursor in one transaction.

Nothing is asked of a source while a transaction is open. A run that is cut off goes on
from the last cursor that was committed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from django.db import transaction

from commissions_saas.lib import clock
from crm_sync.connections import errors
from crm_sync.connections.adopting import adopt_directory, adopt_owners
from crm_sync.connections.comparing import compare_ids, lost_ones, read_under
from crm_sync.connections.directory import (
    NOT_OFFERED,
    refresh_directory,
    remember_organisation,
)
from crm_sync.connections.endpoints import watch
from crm_sync.connections.holding import (
    HELD,
    HELD_BACK,
    Compared,
    held_words,
    look_again_is_due,
    with_held,
)
from crm_sync.connections.joining import bring_in_members, note_leavers
from crm_sync.connections.models import Connection, SyncRun
from crm_sync.connections.opening import in_a_job, open_connection
from crm_sync.connections.readers import Reader, reader_of, source_name
from crm_sync.connections.retrying import retry_refused, retry_unrouted
from crm_sync.connections.strangers import adopts_people
from crm_sync.connections.taking import Taken, take_pages
from crm_sync.connections.telling import ask_to_tell
from crm_sync.contract import ConfigurationProblem, Provider, TryAgainLater, Warns
from crm_sync.ledger.standard import DEAL
from tenants.jobs.errors import Cancelled, RunLater
from tenants.jobs.lease import Lease
from tenants.schema import in_public

COMPARED = "compared"  # among the cursors: when ids were compared, by object
COUNTED = "counted"  # and how many records the source had then
LOST = "lost"  # and how many more are here all the same, by object
LONGEST_WAIT = timedelta(minutes=15)
COMPARE_EVERY = timedelta(hours=24)
_LONGEST_NAP = Decimal(5)
_LEFT_OUT = "Not read:"


class Work(Protocol):
    """What a sync needs of the job that it runs in."""

    def step(self, words: str, done: int = 0, total: int = 0) -> None:
        """Say what is done now."""

    def check(self) -> None:
        """Refuse to go on if another worker has taken the job."""


def sync(lease: Lease) -> dict[str, int | str]:
    """Read what is new at a connection's source into the ledgers of its businesses."""
    with in_public():
        connection = Connection.objects.get(pk=lease.arguments["connection"])
        if connection.state in (Connection.State.PAUSED, Connection.State.REMOVED):
            return {"skipped": connection.state}
        run = _open_run(connection, lease)
        with _told(connection, run, lease):
            _read_everything(connection, run, lease)
            _finish(connection, run, lease)
    return {"read": run.read, "new": run.new, "changed": run.changed, "run": run.pk}


def _read_everything(connection: Connection, run: SyncRun, lease: Lease) -> None:
    def wait(seconds: Decimal) -> None:
        """Leave the source alone as long as it asks, and say so."""
        words = f"Waiting {seconds:.0f} s: {source_name(connection)} asks for it"
        lease.step(words if seconds >= 1 else "Reading", run.read, 0)
        while seconds > 0:
            nap = min(seconds, _LONGEST_NAP)
            time.sleep(float(nap))
            seconds -= nap

    provider = open_connection(connection, wait=wait, limits=in_a_job(connection))
    lease.step("Reading people and fields")
    remember_organisation(connection, provider)
    hidden = refresh_directory(
        connection=connection, provider=provider, check=lease.check
    )
    lease.step("Looking after the webhook")
    said = watch(connection=connection, provider=provider, check=lease.check)
    if said:
        _log(run, said)
    reader = reader_of(connection, provider)
    if adopts_people(connection):
        adopt_directory(connection, reader, lease.check)
    _read_objects(connection, run, lease, reader, provider, hidden)
    lease.step("Trying refused records again")
    if adopts_people(connection):
        adopt_owners(reader, lease.check)
        note_leavers(reader, lease.check)
    for person in bring_in_members(reader, lease.check):
        _log(run, f"No log-in for {person}")
    retry_refused(reader=reader, check=lease.check)
    retry_unrouted(reader=reader, check=lease.check)


def _read_objects(
    connection: Connection,
    run: SyncRun,
    lease: Lease,
    reader: Reader,
    provider: Provider,
    hidden: Mapping[str, ConfigurationProblem],
) -> None:
    """Read each object that is chosen; what a key or plan lacks, or what is gone there,
    is left out: what was read of it stays as it is."""
    problems = dict(hidden)
    gone: list[str] = []
    chosen = connection.options.get("objects", ["deal"])
    for object_ in chosen:
        if object_ in hidden:
            continue
        try:
            gone += _read_and_compare(connection, run, lease, reader, provider, object_)
        except ConfigurationProblem as problem:
            if object_ == DEAL or problem.status not in NOT_OFFERED:
                raise
            problems[object_] = problem
    left_out = [
        f"{object_}: {problem.message} {problem.hint}".strip()
        for object_, problem in problems.items()
    ]
    _warn(connection, run, provider, left_out)
    if gone:
        lease.step("Reading what stood under customers that are gone")
        read_under(
            reader=reader,
            provider=provider,
            customers=gone,
            objects=[one for one in chosen if one not in problems],
            run=run,
            lease=lease,
        )


def _read_and_compare(
    connection: Connection,
    run: SyncRun,
    lease: Lease,
    reader: Reader,
    provider: Provider,
    object_: str,
) -> tuple[str, ...]:
    """Read what is new of one object, and all its ids where some may be missing.

    Returns the customers that are gone.
    """
    is_first = object_ not in connection.cursors
    taken = _read_object(connection, run, lease, reader, provider, object_)
    known = connection.cursors.get(LOST, {}).get(object_, 0)
    gone = lease.arguments.get("gone", {}).get(object_, 0)
    if (
        taken.must_compare
        or is_first
        or gone
        or look_again_is_due(connection, object_)
        or _compare_is_due(connection, object_)
        or lost_ones(reader, provider, object_) > known
    ):
        lease.step(f"Comparing what is here with {source_name(connection)}")
        found = compare_ids(
            reader=reader,
            provider=provider,
            object_=object_,
            run=run,
            lease=lease,
            confirmed=gone,
        )
        lost = lost_ones(reader, provider, object_)
        with lease.transaction():
            _note_compare(connection, object_, found, lost)
    return taken.without_customer


def _warn(
    connection: Connection, run: SyncRun, provider: Provider, left_out: list[str]
) -> None:
    """Say what this key or plan does not reach; everything else goes on."""
    said = provider.warnings() if isinstance(provider, Warns) else connection.warnings
    warnings = [one for one in said if not one.startswith((_LEFT_OUT, HELD_BACK))]
    warnings += [f"{_LEFT_OUT} {one}" for one in left_out]
    warnings += held_words(connection)
    if warnings != connection.warnings:
        connection.warnings = warnings
        connection.save(update_fields=["warnings"])
    for one in left_out:
        _log(run, f"{_LEFT_OUT} {one}")


def _read_object(
    connection: Connection,
    run: SyncRun,
    lease: Lease,
    reader: Reader,
    provider: Provider,
    object_: str,
) -> Taken:
    """Read the pages of one object; say what is to be looked at afterwards."""
    return take_pages(
        pages=provider.pages(object_, connection.cursors.get(object_, {})),
        connection=connection,
        run=run,
        lease=lease,
        reader=reader,
        object_=object_,
    )


def _log(run: SyncRun, words: str) -> None:
    run.log = [*run.log, {"at": clock.now().isoformat(), "words": words}][-200:]
    run.save(update_fields=["log"])


def _open_run(connection: Connection, lease: Lease) -> SyncRun:
    """Go on with the run of this job where it was cut off, or begin one."""
    with lease.transaction():
        before = SyncRun.objects.filter(
            connection=connection, job_id=lease.job.pk, finished_at__isnull=True
        ).first()
        if before is not None:
            return before
        # What a dead job has left behind is not running any more.
        SyncRun.objects.filter(
            connection=connection, state=SyncRun.State.RUNNING
        ).update(state=SyncRun.State.PARTIAL, finished_at=clock.now())
        return SyncRun.objects.create(
            connection=connection,
            kind="changes" if connection.cursors else "first",
            job_id=lease.job.pk,
            started_at=clock.now(),
        )


@contextmanager
def _told(connection: Connection, run: SyncRun, lease: Lease) -> Iterator[None]:
    """Write into the run and the connection how reading ended."""
    read_before = run.read
    try:
        yield
    except ConfigurationProblem as problem:
        refused = problem.status in (401, 402, 403)
        with lease.transaction():
            _end(run, SyncRun.State.FAILED, str(problem.message))
            note_problem(connection, problem.message, problem.hint, refused=refused)
        raise
    except errors.SourceError as problem:
        with lease.transaction():
            _end(run, SyncRun.State.FAILED, problem.message)
            note_problem(connection, problem.message, problem.hint)
        raise
    except TryAgainLater as problem:
        with lease.transaction():
            _log(run, str(problem))
            note_problem(connection, problem.message, problem.hint)
        after = timedelta(milliseconds=int(problem.after * 1000))
        if run.read == read_before:
            after = max(after, _failing_for(connection))
        raise RunLater(problem.message, after) from problem
    except Cancelled:
        with transaction.atomic():
            _end(run, SyncRun.State.PARTIAL, "Somebody cancelled it.")
        raise


def _failing_for(connection: Connection) -> timedelta:
    """Return for how long a source has not answered, a quarter of an hour at most.

    It is left alone for as long again: a worker that tries a dead source every minute
    has little time left for the others.
    """
    connection.refresh_from_db(fields=["problem_since"])
    since = connection.problem_since or clock.now()
    return min(clock.now() - since, LONGEST_WAIT)


def _finish(connection: Connection, run: SyncRun, lease: Lease) -> None:
    with lease.transaction():
        _end(run, SyncRun.State.DONE, "")
        ask_to_tell(connection, run)
        now = clock.now()
        Connection.objects.filter(pk=connection.pk).update(
            last_success_at=now, problem="", problem_hint="", problem_since=None
        )
        Connection.objects.filter(
            pk=connection.pk,
            state__in=(Connection.State.NEW, Connection.State.REFUSED),
        ).update(state=Connection.State.ACTIVE)
    connection.refresh_from_db()


def note_problem(
    connection: Connection, message: str, hint: str, *, refused: bool = False
) -> None:
    """Say on the connection what is wrong, and since when."""
    rows = Connection.objects.filter(pk=connection.pk)
    rows.update(problem=message, problem_hint=hint)
    rows.filter(problem_since__isnull=True).update(problem_since=clock.now())
    if refused:
        rows.filter(state__in=(Connection.State.NEW, Connection.State.ACTIVE)).update(
            state=Connection.State.REFUSED
        )


def _end(run: SyncRun, state: str, problem: str) -> None:
    run.state = state
    run.problem = problem
    run.finished_at = clock.now()
    run.save(update_fields=["state", "problem", "finished_at"])


def _compare_is_due(connection: Connection, object_: str) -> bool:
    at = connection.cursors.get(COMPARED, {}).get(object_)
    return at is None or clock.now() - datetime.fromisoformat(at) >= COMPARE_EVERY


def _note_compare(
    connection: Connection, object_: str, found: Compared, lost: int
) -> None:
    now = clock.now().isoformat()
    compared = connection.cursors.get(COMPARED, {}) | {object_: now}
    counted = dict(connection.cursors.get(COUNTED, {}))
    if found.there is not None:
        counted[object_] = {"there": found.there, "at": now}
    still = connection.cursors.get(LOST, {}) | {object_: lost}
    held = with_held(connection.cursors, object_, found)
    more = {COMPARED: compared, COUNTED: counted, LOST: still, HELD: held}
    connection.cursors = {**connection.cursors, **more}
    connection.save(update_fields=["cursors"])
