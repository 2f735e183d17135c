"""The product's own ways, each in a process of its own: what it cost, and its memory."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from commissions_saas.bench.machine import measured, peak_megabytes

COMMAND = [sys.executable, "-m", "commissions_saas.bench.ways"]


def run(way: str, business: str, **options: Any) -> dict[str, Any]:
    """Do a piece of work in a fresh process, as a worker would; return its figures."""
    (found,) = run_each([way], [business], **options)
    return found


def run_each(
    ways: Sequence[str], businesses: Sequence[str], **options: Any
) -> list[dict[str, Any]]:
    """Do several pieces of work for several businesses, in turn, in one fresh process."""
    done = subprocess.run(
        [*COMMAND, ",".join(ways), ",".join(businesses), json.dumps(options)],
        env=os.environ.copy(),
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' and '.join(ways)} failed:\n{done.stderr[-3000:]}")
    count = len(ways) * len(businesses)
    return [json.loads(text) for text in done.stdout.splitlines()[-count:]]


def main(ways: Sequence[str], slugs: Sequence[str], options: dict[str, Any]) -> None:
    """Do it and print a line of figures for each business and way."""
    import django

    django.setup()
    for slug in slugs:
        for way in ways:
            sys.stdout.write(json.dumps(_done(way, slug, options)) + "\n")


def _done(way: str, slug: str, options: dict[str, Any]) -> dict[str, Any]:
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
    return {
        **asdict(cost),
        "processors": cost.processors,
        "megabytes": peak_megabytes(),
        "statements": summary.statements,
        "opened": summary.opened,
        "closed": summary.closed,
    }


if __name__ == "__main__":
    main(sys.argv[1].split(","), sys.argv[2].split(","), json.loads(sys.argv[3]))
