"""A real worker is killed while it works, and the job ends all the same."""

import pytest
from django.db import transaction

from tenants.accounts.models import Business
from tenants.jobs import services
from tenants.jobs.models import Job
from tests.databases import Copy
from tests.spine.killing import worker_on


@pytest.mark.slow
def test_a_job_survives_the_kill_of_its_worker(fresh_db: Copy) -> None:
    """The pool child dies by kill -9 while it works; the job runs again and ends."""
    acme = Business.objects.get(slug="acme")
    with worker_on(fresh_db, "--include", "tests.tenants.slow_tasks") as worker:
        with transaction.atomic():
            job = services.enqueue(kind="wait_for_a_word", title="Wait", business=acme)
        rows = Job.objects.filter(pk=job.pk)
        worker.wait_for(lambda: rows.get().step)
        assert int(rows.get().step) in worker.children()

        worker.kill("child")
        worker.bring_back(job.pk)
        rows.update(arguments={"word": "go"})
        row = worker.finish(job.pk)

    assert row.state == Job.State.DONE
    assert (row.attempt, row.deaths) == (2, 1)
