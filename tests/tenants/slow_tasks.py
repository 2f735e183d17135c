"""A job that waits until its row says go, for a worker that is killed meanwhile."""

import os
import time

from tenants.jobs.handlers import handles
from tenants.jobs.lease import Lease


@handles("wait_for_a_word")
def wait_for_a_word(lease: Lease) -> None:
    """Say which process this is, and wait for the arguments to name a word."""
    while True:
        lease.step(str(os.getpid()))
        lease.job.refresh_from_db(fields=["arguments"])
        if "word" in lease.arguments:
            return
        time.sleep(0.1)
