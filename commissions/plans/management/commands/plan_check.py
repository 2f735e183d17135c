"""`plan_check FILE… [--json]`: read plan files and run their worked examples."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from commissions.plans.check import as_rows, as_text, check_files


class Command(BaseCommand):
    """Prints expected and computed amounts; exits with 1 where any differ.

    No database is opened: a plan file stands alone.
    """

    help = "Check plan files and run their worked examples, without a database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--json", action="store_true", help="print a JSON list")

    def handle(self, *args: Any, **options: Any) -> None:
        checks = check_files(options["files"])
        if options["json"]:
            rows = as_rows(checks)
            self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2))
        else:
            self.stdout.write(as_text(checks))
        if not all(check.ok for check in checks):
            raise SystemExit(1)
