"""`manage.py verify_ledger`: one line for each break, exit code 1 if there is any."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from payouts.checks.breaks import Break
from payouts.checks.every import verify
from payouts.checks.system import other_trails_are_whole
from tenants.accounts.models import Business
from tenants.schema import in_business


class Command(BaseCommand):
    """Checks the invariants of every business, or of one."""

    help = "Check the ledger's invariants; exit 1 if one does not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", help="the name in the address, such as acme")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        ready = Business.objects.filter(state=Business.State.READY).order_by("pk")
        if options["business"]:
            ready = ready.filter(slug=options["business"])
            if not ready:
                raise CommandError(f"There is no business “{options['business']}”.")
        report = []
        for business in ready:
            with in_business(business):
                report += [_row(business.slug, found) for found in verify()]
        if not options["business"]:
            report += [_row("-", found) for found in other_trails_are_whole()]
        if options["json"]:
            self.stdout.write(json.dumps(report, indent=1, ensure_ascii=False))
        else:
            for row in report:
                self.stdout.write("{invariant} {business}: {words}".format(**row))
        if report:
            raise CommandError(f"{len(report)} breaks", returncode=1)
        if not options["json"]:
            self.stdout.write(f"{len(ready)} businesses, every invariant holds.")


def _row(business: str, found: Break) -> dict[str, str]:
    return {"business": business, "invariant": found.invariant, "words": found.words}
