"""`manage.py formula_check`: formulas in as JSON, what became of each out as JSON."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from commissions.formula.check_door import BadInput, answer_json


class Command(BaseCommand):
    """Reads a list of formulas from standard input; exit 0 even when some are refused."""

    help = "Check formulas given as a JSON list on standard input."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(answer_json(sys.stdin.buffer.read()))
        except (BadInput, ValueError) as problem:
            raise CommandError(f"The input is not a JSON list: {problem}") from None
