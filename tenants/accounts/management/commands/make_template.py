"""`make_template`: make or bring up to date the schema that businesses are cloned from."""

from typing import Any

from django.core.management.base import BaseCommand

from tenants.accounts.cloning import make_template


class Command(BaseCommand):
    help = "Make or bring up to date the schema that new businesses are cloned from."

    def handle(self, *args: Any, **options: Any) -> None:
        make_template(verbosity=options["verbosity"])
        self.stdout.write("The template of new businesses is up to date.")
