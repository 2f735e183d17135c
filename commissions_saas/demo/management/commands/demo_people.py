"""Say who can log in to the demo, and what each of them is there to show."""

from typing import Any

from django.core.management.base import BaseCommand

from commissions_saas.demo.passwords import password_file
from tenants.accounts.models import DemoPerson


class Command(BaseCommand):
    """manage.py demo_people"""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line for each person."""
        people = DemoPerson.objects.select_related("user").order_by("position")
        self.stdout.write("Choose who to be on the log-in page; no password is asked.")
        for person in people:
            self.stdout.write(f"  {person.user!s:14}  {person.sentence}")
        if password_file().exists():
            self.stdout.write(f"To type one instead: it is in {password_file()}")
