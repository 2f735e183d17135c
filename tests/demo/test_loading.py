"""Loading the demo twice, half, and beside somebody else's data."""

from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from commissions.plans.models import PlanVersion
from commissions.plans.services import publish_version
from commissions.statements.models import Statement
from commissions_saas.demo import clearing, people
from commissions_saas.demo.passwords import password_file
from commissions_saas.lib.errors import ProductError
from tenants.access import member_of
from tenants.accounts.models import Business, DemoPerson, Group, User
from tenants.audit.models import AuditRow
from tenants.jobs.services import run_all_jobs, without_sending
from tenants.schema import in_business
from tests import databases


def schemas() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^b[0-9]+$'")
        return {name for (name,) in cursor.fetchall()}


def test_a_second_load_asks_a_little_and_does_nothing(demo_db: databases.Copy) -> None:
    rows = AuditRow.objects.count()

    with CaptureQueriesContext(connection) as asked:
        call_command("demo_load", stdout=StringIO())

    assert len(asked) <= 5
    assert AuditRow.objects.count() == rows


def test_what_a_killed_load_left_behind_is_cleared(demo_db: databases.Copy) -> None:
    DemoPerson.objects.all().delete()  # people are let in last

    assert clearing.clear_what_was_cut_off()

    assert not Group.objects.exists()
    assert not User.objects.exists()
    assert schemas() == set()
    assert Business.objects.get().state == "template"
    with without_sending():
        people.found_newcomer()
    assert Business.objects.get(slug="ellery-pools").state == "ready"


def test_a_whole_demo_is_not_cleared(demo_db: databases.Copy) -> None:
    assert not clearing.clear_what_was_cut_off()
    assert Group.objects.filter(slug="hale").exists()


def test_a_database_of_somebody_else_is_left_alone(
    fresh_db: databases.Copy, settings: Settings
) -> None:
    settings.DEMO = True

    with pytest.raises(ProductError, match="more than a half-loaded demo"):
        clearing.clear_what_was_cut_off()

    assert Business.objects.filter(slug="acme").exists()


def test_the_password_is_nobody_elses_to_read(demo_db: databases.Copy) -> None:
    password = password_file().read_text().strip()
    maya = User.objects.get(name="Maya Okafor")

    assert password_file().stat().st_mode & 0o077 == 0
    assert maya.check_password(password)


def test_priya_publishes_the_draft_and_37_statements_rise_by_1240(
    demo_db: databases.Copy,
) -> None:
    place = Business.objects.get(slug="brightwater")
    day = date(2026, 11, 24)
    with in_business(place), without_sending():
        priya = member_of(
            user=User.objects.get(name="Priya Nair"), business=place, day=day
        )
        assert priya is not None
        before = totals()

        draft = PlanVersion.objects.get(state="draft")
        publish_version(draft=draft, starts_on=date(2026, 11, 1), by=priya)
        run_all_jobs()

        risen = {pk: total - before[pk] for pk, total in totals().items()}
        changed = [difference for difference in risen.values() if difference]
        assert (len(changed), sum(changed)) == (37, 1240)


def totals() -> dict[int, Decimal]:
    rows = Statement.objects.filter(period__slug="2026-11")
    return dict(rows.values_list("pk", "total"))
