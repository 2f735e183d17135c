"""The owner sees which business uses which edition, and what sharing anew would change."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from django.test import Client

from commissions.library.models import LibraryPlan, LibraryTable
from commissions.plans import library, services
from commissions.plans.models import Plan, PlanVersion
from commissions.plans.yaml_form import plan_from_yaml
from commissions_saas.lib import clock
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.jobs.services import without_sending
from tenants.schema import in_business
from tests.commissions.plans.drafts import text_of
from tests.commissions.plans.test_library import DEARER, ROWS, TIERED, rows_from
from tests.people import a_group_member, a_member

LIBRARY = "/g/northwind/library/"
NOVEMBER = date(2026, 11, 1)
RENAMED = TIERED.replace("name: Deals,", "name: All deals,")


@pytest.fixture(autouse=True)
def on_the_day() -> Iterator[None]:
    with without_sending(), clock.at(datetime(2026, 11, 24, 16, 0, tzinfo=UTC)):
        yield


@pytest.fixture
def shared(acme: Business, ada: Member, nina: Member, beta: Business) -> LibraryPlan:
    """Acme shares a plan and its table; Beta has both, the plan in force."""
    with in_business(acme):
        library.put_table(table=rows_from(date(2026, 1, 1), ROWS, ada), by=nina)
        entry = library.put_plan(version=published(TIERED, ada, nina), by=nina)
    with in_business(beta):
        bea = a_member(beta, "Bea", Role.ADMIN)
        draft = library.take_plan(entry=entry, by=bea)
        services.publish_version(draft=draft, starts_on=NOVEMBER, by=nina)
    return entry


def published(text: str, ada: Member, nina: Member) -> PlanVersion:
    document = plan_from_yaml(text)
    plan = Plan.objects.filter(name=document.name).first()
    draft = (
        services.draft_with(plan=plan, document=document, by=ada)
        if plan
        else services.create_plan(document=document, by=ada)
    )
    return services.publish_version(draft=draft, starts_on=NOVEMBER, by=nina)


@pytest.fixture
def page(client: Client, nina: Member) -> Client:
    client.force_login(nina.user)
    return client


def test_an_empty_library_says_how_something_gets_there(page: Client) -> None:
    body = text_of(page.get(LIBRARY))

    assert "No plan is shared yet" in body and "No rate table is shared yet" in body


def test_each_business_stands_beside_the_edition_that_it_uses(
    shared: LibraryPlan, page: Client
) -> None:
    body = text_of(page.get(LIBRARY))

    assert "Tiered edition 1, 24 Nov 2026, from Acme v1" in body
    assert "Acme Matched: this edition v1 since 1 Nov 2026" in body
    assert "Beta Matched: this edition took edition 1 v1 since 1 Nov 2026" in body
    assert "Acme Matched: the same rows Beta Matched: the same rows took" in body


def test_what_is_newer_at_its_source_shows_what_sharing_it_would_change(
    acme: Business, shared: LibraryPlan, ada: Member, nina: Member, page: Client
) -> None:
    with in_business(acme):
        published(RENAMED, ada, nina)
        rows_from(date(2026, 7, 1), DEARER, ada)

    whole = text_of(page.get(LIBRARY))
    one = page.get(f"{LIBRARY}plans/{shared.pk}/")

    assert "newer at its source" in whole
    assert "the rows from 1 Jan 2026, 1 Jul 2026 would change" in whole
    body = text_of(one)
    assert "Acme v2, in force from 1 Nov 2026, is not in the library" in body
    assert "As edition 2 it would change" in body and "All deals" in body
    assert "/b/acme/plans/tiered/versions/2/" in one.content.decode()


def test_a_rate_table_has_a_page_with_its_rows_and_those_of_others(
    acme: Business, shared: LibraryPlan, ada: Member, page: Client
) -> None:
    with in_business(acme):
        rows_from(date(2026, 7, 1), DEARER, ada)

    body = text_of(page.get(f"{LIBRARY}tables/{LibraryTable.objects.get().pk}/"))

    assert "2 businesses have it" in body
    assert "From 1 Jan 2026" in body and "0 5 % 1,000 8 %" in body
    assert "the rows from 1 Jan 2026, 1 Jul 2026 would change." in body
    assert "0 6 % 1,000 9 %" in body
    assert body.count("Its own rows") == 1, "Beta has those of the library"


def test_a_rate_table_names_the_plans_that_read_it(
    shared: LibraryPlan, ada: Member, client: Client
) -> None:
    client.force_login(ada.user)

    assert "Read by Tiered." in text_of(client.get("/b/acme/tables/steps/"))


def test_an_older_edition_shows_what_taking_the_newer_would_change(
    acme: Business, shared: LibraryPlan, ada: Member, nina: Member, page: Client
) -> None:
    with in_business(acme):
        library.put_plan(version=published(RENAMED, ada, nina), by=nina)

    body = text_of(page.get(f"{LIBRARY}plans/{shared.pk}/"))

    assert "Acme has nothing newer: sharing again would change nothing." in body
    assert "Against v1, which is in force, edition 2 would change" in body


def test_another_group_and_a_businesss_admin_see_nothing_of_it(
    shared: LibraryPlan, globex: Business, client: Client
) -> None:
    charlie = a_group_member(globex, "Charlie Owner", Role.OWNER)
    admin = a_member(globex, "Gus", Role.ADMIN)
    for member in (charlie, admin):
        client.force_login(member.user)
        table = f"{LIBRARY}tables/{LibraryTable.objects.get().pk}/"
        for path in (LIBRARY, f"{LIBRARY}plans/{shared.pk}/", table):
            assert client.get(path).status_code == 404
