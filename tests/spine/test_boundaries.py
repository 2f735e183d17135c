"""A sync that is killed between any two of its writes ends with the ledger as the source.

A child of this process does the job and kills itself -9 before a write, before a commit
or after one; what it had open, PostgreSQL rolls back. Then the job is taken up again.
"""

from __future__ import annotations

import os
import re
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, connections

from commissions_saas.demo.processes import wait_until
from crm_sync.connections import services
from crm_sync.connections.models import Connection, SyncRun
from crm_sync.ledger.models import Credit, Entry, Payee, RefusedRecord, Revision
from payouts.checks.every import verify
from tenants.accounts.models import Business
from tenants.jobs import ending, lease
from tenants.jobs.models import Job
from tenants.jobs.services import claim, run_now, without_sending, work
from tests.crm_sync.providers.close_source import MONDAY, Source, close_source
from tests.databases import Copy

_WRITE = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM|COPY|MERGE INTO)\s+\S+", re.I)
_NEVER = 10**9


@dataclass
class Doomed:
    """Counts the steps of this process, notes them, and dies at the one it is told."""

    at: int
    notes: Path | None = None
    steps: list[str] = field(default_factory=list)

    def step(self, name: str) -> None:
        self.steps.append(name)
        if self.notes is not None:
            self.notes.write_text("\n".join(self.steps))
        if len(self.steps) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def __call__(
        self, execute: Callable[..., Any], sql: str, *given: Any, **more: Any
    ) -> Any:
        found = _WRITE.match(str(sql))
        if found:
            self.step(" ".join(found[0].split()))
        return execute(sql, *given, **more)

    @contextmanager
    def watching(self) -> Iterator[None]:
        here: Any = connection
        commit = here._commit

        def watched() -> None:
            self.step("before a commit")
            commit()
            self.step("after a commit")

        here._commit = watched
        with connection.execute_wrapper(self):
            yield


def in_a_child(do: Callable[[], None]) -> int:
    """Do something in a process of its own; return the signal that ended it, or 0.

    What it raises is printed, and fails here as well.
    """
    here = connections["default"]
    connections.close_all()  # a socket that two processes have would serve neither
    child = os.fork()
    if child == 0:
        # Beside a running event loop, such as a browser test leaves, Django keeps its
        # connections apart. The child has no loop: it would go on with an older one,
        # which is open to the database of another test.
        connections["default"] = here
        try:
            do()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "see what it printed"
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


@pytest.fixture
def close(tmp_path: Path) -> Iterator[Source]:
    with close_source(tmp_path / "close.db") as source:
        yield source


def five_deals(source: Source) -> tuple[str, ...]:
    """Deals of somebody new, won, open and lost, and one that is refused."""
    user = source.account.add_user(name="Maya", email="maya@acme.example")
    statuses = (source.won, source.active, source.lost, source.won, source.won)
    return tuple(
        source.deal(
            user=user,
            status=status,
            value=None if number == 4 else 1_001 + number,
            won_on=date(2026, 11, 3),
            created_at=MONDAY,
            updated_at=MONDAY + timedelta(minutes=number),
        )
        for number, status in enumerate(statuses)
    )


def connected(source: Source, business: Business) -> Connection:
    assert business.group is not None
    return services.create_connection(
        group=business.group,
        business=business,
        kind="close",
        name="Close",
        secret=source.key,
        base_url=source.server.url,
        objects=["deal"],
        options={
            "allow_loopback": True,
            "page_size": 2,
            "retry_seconds": "0.01",
            "people": "payees",
        },
    )


def killed_at(step: int, job: Job, notes: Path | None = None) -> int:
    def do() -> None:
        with without_sending(), Doomed(step, notes).watching():
            claimed = claim(job.pk)
            assert claimed is not None
            work(claimed, is_kept=False)

    return in_a_child(do)


def taken_up_again(job: Job) -> Job:
    """Do what beat does when a lease has run out, and what the next worker then does."""
    past = lease.database_now() - timedelta(seconds=1)
    Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(lease_until=past)
    assert wait_until(lambda: is_let_go(job), 60)
    with without_sending():
        return run_now(job)


def is_let_go(job: Job) -> bool:
    """Bury the job; the database may not have noticed yet that its worker is gone."""
    ending.bury_expired(job.pk)
    return Job.objects.exclude(state=Job.State.RUNNING).filter(pk=job.pk).exists()


def ledger_of(source: Connection) -> dict[str, tuple[Any, ...]]:
    rows = Entry.objects.filter(connection_id=source.pk, deleted=False)
    return {
        row.external_id: (
            row.amount,
            row.counts,
            row.version,
            Revision.objects.filter(entry_id=row.pk).count(),
            Credit.objects.filter(entry_id=row.pk, closed__isnull=True).count(),
        )
        for row in rows
    }


def truth_of(source: Source, deals: tuple[str, ...]) -> dict[str, tuple[Any, ...]]:
    versions = source.truth()
    return {
        id: (Decimal(1_001 + number) / 100, number in (0, 3), versions[id], 1, 1)
        for number, id in enumerate(deals[:4])
    }


def worth_a_kill(steps: list[str]) -> list[int]:
    """Return the first step of each kind, counted from one, and each fifth commit."""
    first = {name: at for at, name in reversed(list(enumerate(steps, start=1)))}
    commits = [at for at, name in enumerate(steps, start=1) if "commit" in name]
    return sorted({*first.values(), *commits[::5]})


@pytest.mark.slow
def test_a_sync_killed_at_any_of_its_writes_ends_as_the_source(
    fresh_db: Copy,
    acme: Business,
    close: Source,
    tmp_path: Path,
    settings: Any,
) -> None:
    settings.PAGES_AT_ONCE = 1
    deals = five_deals(close)
    truth = truth_of(close, deals)
    notes = tmp_path / "steps"
    with without_sending():
        undisturbed = services.start_sync(connection=connected(close, acme))
    assert killed_at(_NEVER, undisturbed, notes) == 0
    steps = notes.read_text().splitlines()

    for step in worth_a_kill(steps):
        Payee.objects.filter(name__startswith="Maya").update(name="Former", email="")
        source = connected(close, acme)
        with without_sending():
            job = services.start_sync(connection=source)
        assert killed_at(step, job) == signal.SIGKILL, steps[step - 1]
        job = taken_up_again(job)

        where = f"killed at {step}: {steps[step - 1]}"
        assert (job.state, job.problem) == (Job.State.DONE, ""), where
        assert ledger_of(source) == truth, where
        waiting = RefusedRecord.objects.get(connection_id=source.pk)
        assert waiting.external_id == deals[4], where
        # Killed where the job itself was to be ended, it is done once more.
        runs = SyncRun.objects.filter(connection=source).order_by("pk")
        assert {run.state for run in runs} == {"done"}, where
        assert [run.changed for run in runs[1:]] in ([], [0]), where

    assert len(worth_a_kill(steps)) > 15
    assert verify() == []
    cache.clear()
