"""What a worker does before its first job."""

import gc

from celery import signals

from commissions_saas import celery


def test_the_collector_goes_through_nothing_that_was_there_when_a_worker_started() -> (
    None
):
    there = [celery.app]
    assert any(one is there for one in gc.get_objects())
    try:
        signals.worker_process_init.send(sender=None)

        assert not any(one is there for one in gc.get_objects())
    finally:
        gc.unfreeze()
