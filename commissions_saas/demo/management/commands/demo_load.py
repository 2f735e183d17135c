"""Load the demo group where it is missing; a load that was cut off begins anew."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from commissions_saas.demo import clearing, loading
from commissions_saas.lib.errors import ProductError


class Command(BaseCommand):
    """manage.py demo_load"""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        """Do nothing where the demo is whole."""
        if clearing.is_loaded():
            self.stdout.write("The demo is loaded.")
            return
        try:
            if clearing.clear_what_was_cut_off():
                self.stdout.write("A load was cut off; beginning anew.")
            loading.load(tell=self.stdout.write)
        except ProductError as problem:
            raise CommandError(f"{problem.message} {problem.hint}".strip()) from problem
