"""The product's own ways, each in a process of its own: what it cost, and its memory."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from typing import Any

from commissions_saas.bench.machine import measured, peak_megabytes

COMMAND = [sys.executable, "-m", "commissions_saas.bench.ways"]


def run(way: str, business: str, **options: Any) -> dict[str, Any]:
    """Do a piece of work in a fresh process, as a worker would; return its figures."""
    done = subprocess.run(
        [*COMMAND, way, business, json.dumps(options)],
        env=os.environ.copy(),
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{way} failed:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(way: str, slug: str, options: dict[str, Any]) -> None:
    """Do it and print its figures."""
    import django

    django.setup()
    from commissions.plans.models import PlanVersion
    from commissions.plans.selectors import programs_of
    from commissions.statements import batch
    from commissions.statements.recalculate import recalculate
    from commissions.statements.touched import touched_between
    from commissions_saas.bench.work import at_work
    from tenants.accounts.models import Business

    batch.FIRST_LOAD = options.get("first_load", batch.FIRST_LOAD)
    with at_work(Business.objects.get(slug=slug)):
        touched_between(0, 1)  # a worker that lives has read the plans already
        programs_of(PlanVersion.objects.all())
        with measured() as cost:
            summary = recalculate(everything=way == "everything")
    figures = {
        **asdict(cost),
        "processors": cost.processors,
        "megabytes": peak_megabytes(),
        "statements": summary.statements,
        "opened": summary.opened,
        "closed": summary.closed,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
