"""A worker that is killed for good, and transactions that overlap: with real commits."""

import os
import subprocess
import sys
import threading
from datetime import timedelta

from django.db import connection, transaction

from commissions.statements.models import Line
from commissions.statements.written_back import StatementAmounts
from commissions_saas.demo.processes import wait_until
from crm_sync.writeback.models import WriteBack, WrittenValue
from tenants.accounts.models import Business
from tenants.jobs.lease import database_now
from tenants.jobs.models import Job
from tenants.jobs.services import run_now, send_due, without_sending
from tenants.schema import in_business
from tests.crm_sync.connections.scene import later
from tests.crm_sync.writeback.stage import TEN_PERCENT, Stage, entry_of, value_of
from tests.databases import Copy

WORKER = """
import django, sys
django.setup()
from tenants.jobs.services import run
run(sys.argv[1])
"""


def test_a_worker_killed_between_send_and_mark_costs_a_second_send_of_the_same_value(
    fresh_db: Copy, stage: Stage
) -> None:
    deal = stage.pay()
    stage.turn_on(lines="live")
    job = Job.objects.get(kind="write_back")
    faults = stage.scene.source.server.faults
    faults.write_script, faults.stall_milliseconds = ["hang"], 60_000
    environ = {
        **os.environ,
        "DATABASE_URL": fresh_db.url,
        "DJANGO_SETTINGS_MODULE": "commissions_saas.settings",
    }

    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(job.pk)], env=environ)
    assert wait_until(lambda: stage.in_close(deal) == TEN_PERCENT, 180)
    worker.kill()  # the value is there; nobody has marked it
    worker.wait()
    stood = value_of(deal).state
    past = database_now() - timedelta(seconds=1)
    Job.objects.filter(pk=job.pk).update(lease_until=past)
    WrittenValue.objects.update(claimed_until=past)
    with without_sending():
        send_due()
    run_now(Job.objects.get(pk=job.pk))

    assert stood == WrittenValue.State.WAITING
    assert value_of(deal).state == WrittenValue.State.WRITTEN
    assert stage.in_close(deal) == TEN_PERCENT
    assert stage.writes() == [f"PUT opportunity/{deal}/"] * 2


def test_only_deals_whose_lines_were_written_since_are_looked_at(
    fresh_db: Copy, stage: Stage
) -> None:
    changed, _ = stage.pay(), stage.pay(100_000)
    amounts = StatementAmounts()
    # Not `place()`: that is further back while anybody on this server is at work.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        place = {"transaction": cursor.fetchone()[0]}
    nothing = amounts.touched(place, live=True)

    with later(5):
        stage.scene.account.edit(changed, {"value": 4_000_000})
        stage.read()

    assert nothing == set()
    assert amounts.touched(place, live=True) == {entry_of(changed).pk}


def test_lines_that_are_committed_after_a_later_look_are_not_missed(
    fresh_db: Copy, stage: Stage, acme: Business
) -> None:
    deal = stage.pay()
    row = stage.turn_on(lines="live")
    entry_id = entry_of(deal).pk
    written, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with in_business(acme), transaction.atomic():
                Line.objects.filter(entry_id=entry_id).update(closed_run=1)
                written.set()
                go_on.wait(120)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(120)
    stage.write()  # it looks while the other has not committed
    row = WriteBack.objects.get(pk=row.pk)
    go_on.set()
    thread.join()

    touched = StatementAmounts().touched(row.mark["place"], live=True)
    assert touched is not None and entry_id in touched
