"""The batch path writes what the ordinary way writes, alone, in parts, and killed."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet

from commissions.plans.models import PlanVersion
from commissions.statements import batch
from commissions.statements.models import CalculationState
from commissions.statements.parts import KIND
from commissions.statements.recalculate import recalculate
from commissions_saas.bench import changes, checksum, limit
from commissions_saas.bench.measuring import prepare
from commissions_saas.bench.work import NOW, Size, fill
from commissions_saas.lib import clock
from crm_sync.ledger.changes import latest_change
from tenants.accounts.models import Business
from tenants.jobs import services as jobs
from tenants.jobs.models import Job
from tenants.schema import current_business, in_business
from tests.databases import Copy
from tests.spine.killing import worker_on

SIZE = Size(6_000, payees=12)
_RECORDED = (
    "SELECT payee_id, period_id, currency, state, change, total, waiting, payable,"
    " failures, tiers FROM statements_statement ORDER BY payee_id, period_id",
    "SELECT payee_id, period_slug, name, value FROM statements_storedmeasure"
    " WHERE closed_run IS NULL ORDER BY 1, 2, 3",
    "SELECT payee_id, period_id, effect, words, change_number, entry_id, component"
    " FROM statements_cause ORDER BY 1, 2, 5, 6, 7, 3",
    "SELECT period, month, payee_id, payee_name, currency, earned, waiting, payable,"
    " quota, attained FROM public.rollup_payeefact ORDER BY 1, 3",
    "SELECT period, month, payee_id, product, territory, component, currency, earned,"
    " lines FROM public.rollup_detailfact ORDER BY 1, 3, 4, 5, 6",
)
_FORGET = """
TRUNCATE statements_line, statements_statement, statements_cause,
    statements_storedmeasure, statements_run, statements_calculationstate CASCADE;
TRUNCATE public.rollup_payeefact, public.rollup_detailfact
"""


@pytest.fixture
def work(fresh_db: Copy, businesses: dict[str, Business]) -> Iterator[Copy]:
    """Acme with the benchmark's deals, entered, and its clock held still."""
    fill(businesses["acme"], SIZE)
    with in_business(businesses["acme"]), clock.at(NOW):
        prepare(SIZE)
        yield fresh_db


def recorded() -> list[Any]:
    found: list[Any] = [checksum.of_lines("statements_line")]
    with connection.cursor() as cursor:
        for statement in _RECORDED:
            cursor.execute(statement)
            found.append(cursor.fetchall())
    return found


def forget() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_FORGET)


def in_the_ordinary_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "is_worthwhile", lambda credits: False)


def test_everything_that_is_recorded_is_the_same(
    work: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = recalculate()
    changes.correct(range(100, 4_000, 70))
    changed = recalculate()
    changes.correct([1234])
    recalculate()
    by_batch = recorded()
    forced = recalculate(everything=True)

    assert (first.opened, forced.opened, forced.closed) == (18_000, 0, 0)
    assert 56 * 2 < changed.opened == changed.closed < 56 * 12

    limit.write_lines(latest_change(), PlanVersion.objects.get().pk)
    assert checksum.of_lines(limit.TABLE) == by_batch[0]

    in_the_ordinary_way(monkeypatch)
    again = recalculate(everything=True)
    assert (again.opened, again.closed) == (0, 0)
    assert recorded() == by_batch


def test_a_first_load_builds_its_indexes_afterwards(
    work: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = indexes()
    recalculate()
    in_place = recorded()
    forget()

    monkeypatch.setattr(batch, "FIRST_LOAD", 1_000)
    recalculate()

    assert recorded() == in_place
    assert indexes() == before
    assert len(before) == 4


def indexes() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname ="
            " current_schema() AND tablename = 'statements_line' ORDER BY 1"
        )
        return [(str(name), str(text)) for name, text in cursor.fetchall()]


@pytest.mark.slow
def test_two_workers_one_of_them_killed_write_what_one_writes(
    work: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    recalculate()
    wanted = checksum.of_lines("statements_line")
    forget()
    monkeypatch.setenv("PARTS_FROM", "1000")
    monkeypatch.setenv("CLOCK_ANCHOR", f"{NOW.isoformat()}@{int(time.time())}")
    monkeypatch.setenv("DEMO", "yes")

    with worker_on(work) as one, worker_on(work):
        job = ask()
        one.wait_for(lambda: parts_in(job, Job.State.DONE))
        one.kill("child")
        for part in parts(job).filter(state=Job.State.RUNNING):
            one.bring_back(part.pk)  # also what the other does: it is thought dead
        ended = one.finish(job)

    assert ended.state == Job.State.DONE, ended.problem
    assert parts_in(job, Job.State.DONE) >= 4
    assert checksum.of_lines("statements_line") == wanted
    assert CalculationState.objects.get().change == latest_change()


@transaction.atomic
def ask() -> UUID:
    return jobs.enqueue(
        kind="catch_up", title="Catch up", business=current_business()
    ).pk


def parts(job: UUID) -> QuerySet[Job]:
    return Job.objects.filter(parent_id=job, kind=KIND)


def parts_in(job: UUID, state: str) -> int:
    return parts(job).filter(state=state).count()
