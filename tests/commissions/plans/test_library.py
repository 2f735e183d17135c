"""A group's businesses share plans and rate tables by copies; other groups see nothing."""

from collections.abc import Iterator
from datetime import date

import pytest
from django.test import Client

from commissions.library.models import LibraryPlan, LibraryTable
from commissions.plans import errors, library, services
from commissions.plans.assigning import set_table
from commissions.plans.models import Plan, PlanVersion, RateTable, RateTableRows
from commissions.plans.selectors import tables_known
from commissions.plans.yaml_form import plan_from_yaml
from crm_sync.ledger.changes import latest_change
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.jobs.services import without_sending
from tenants.schema import in_business
from tests.people import a_member

TIERED = """
plan: Tiered
currency: USD
measures: {volume: {sum: deal.amount, over: month}}
components:
  - {key: deals, name: Deals, base: deal.amount, amount: "marginal(volume.before, base, tiers.steps)"}
examples:
  - name: Below the tier
    period: 2026-11
    deals: [{id: one, won_on: 2026-11-04, amount: 100}]
    expect: {total: 5.00}
"""
ROWS = [{"from": "0", "rate": "5%"}, {"from": "1000", "rate": "8%"}]
DEARER = [{"from": "0", "rate": "6%"}, {"from": "1000", "rate": "9%"}]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with without_sending():
        yield


@pytest.fixture
def bea(beta: Business) -> Member:
    return a_member(beta, "Bea", Role.ADMIN)


@pytest.fixture
def steps(acme: Business, ada: Member) -> RateTable:
    return rows_from(date(2026, 1, 1), ROWS, ada)


@pytest.fixture
def tiered(steps: RateTable, ada: Member, nina: Member) -> PlanVersion:
    """A plan in force at Acme that names a shared table."""
    draft = services.create_plan(document=plan_from_yaml(TIERED), by=ada)
    return services.publish_version(draft=draft, starts_on=date(2026, 11, 1), by=nina)


def rows_from(day: date, rows: list[dict[str, str]], by: Member) -> RateTable:
    made = set_table(key="steps", name="Steps", starts_on=day, rows=rows, by=by)
    return made.table


def states() -> tuple[list[str], list[str]]:
    plans, tables = library.shelved_plans(), library.shelved_tables()
    return [each.state for each in plans], [each.state for each in tables]


def test_a_plan_is_taken_as_a_draft_with_the_tables_that_it_names(
    tiered: PlanVersion, steps: RateTable, nina: Member, beta: Business, bea: Member
) -> None:
    library.put_table(table=steps, by=nina)
    entry = library.put_plan(version=tiered, by=nina)

    with in_business(beta):
        before = states()
        draft = library.take_plan(entry=entry, by=bea)

        assert before == (["absent"], ["absent"])
        assert states() == (["taken"], ["taken"])
        assert (draft.state, draft.sha256) == ("draft", tiered.sha256)
        assert services.try_document(services.document_of(draft)).ok
        with pytest.raises(errors.NeedsSecondPerson):
            services.publish_version(draft=draft, starts_on=date(2026, 11, 1), by=bea)


def test_a_newer_edition_is_offered_and_comes_as_a_draft(
    tiered: PlanVersion, nina: Member, ada: Member, beta: Business, bea: Member
) -> None:
    entry = library.put_plan(version=tiered, by=nina)
    with in_business(beta):
        library.take_plan(entry=entry, by=bea)
        plan = Plan.objects.get()
    again = services.draft_with(
        plan=tiered.plan,
        document=plan_from_yaml(TIERED.replace("Deals,", "All deals,")),
        by=ada,
    )
    second = services.publish_version(draft=again, starts_on=date(2026, 12, 1), by=nina)
    entry = library.put_plan(version=second, by=nina)

    with in_business(beta):
        assert (entry.edition, states()[0]) == (2, ["newer"])
        with pytest.raises(errors.DraftStands):
            library.take_plan(entry=entry, by=bea)
        services.discard_draft(draft=plan.versions.get(), by=bea)
        draft = library.take_plan(entry=entry, by=bea)
        assert (draft.library_edition, states()[0]) == (2, ["taken"])
        assert draft.plan_id == plan.pk
    assert states()[0] == ["taken"], "where it came from nothing is offered"


def test_the_same_version_put_twice_is_one_edition(
    tiered: PlanVersion, nina: Member
) -> None:
    library.put_plan(version=tiered, by=nina)

    assert library.put_plan(version=tiered, by=nina).edition == 1
    assert LibraryPlan.objects.count() == 1


def test_a_draft_is_not_put_into_the_library(
    tiered: PlanVersion, ada: Member, nina: Member
) -> None:
    draft = services.start_draft(plan=tiered.plan, by=ada)

    with pytest.raises(errors.NotPublished):
        library.put_plan(version=draft, by=nina)


def test_a_table_that_is_taken_over_has_exactly_the_rows_of_the_library(
    steps: RateTable, ada: Member, nina: Member, beta: Business, bea: Member
) -> None:
    entry = library.put_table(table=steps, by=nina)
    with in_business(beta):
        library.take_table(entry=entry, by=bea)
        change = latest_change()
    rows_from(date(2026, 7, 1), DEARER, ada)
    entry = library.put_table(table=steps, by=nina)
    here = tables_known(latest_change())

    with in_business(beta):
        assert states()[1] == ["newer"]
        library.take_table(entry=entry, by=bea)
        library.take_table(entry=entry, by=bea)

        there = tables_known(latest_change())
        assert [(x.starts_on, x.ends_on, x.table) for x in there] == [
            (x.starts_on, x.ends_on, x.table) for x in here
        ]
        assert latest_change() == change + 1, "one change, and none the second time"
        assert len(tables_known(change)) == 1, "what was known then is still known"
        assert states()[1] == ["taken"]


def test_rows_that_a_business_wrote_itself_are_seen_to_differ(
    steps: RateTable, nina: Member, beta: Business, bea: Member
) -> None:
    entry = library.put_table(table=steps, by=nina)
    with in_business(beta):
        library.take_table(entry=entry, by=bea)
        rows_from(date(2026, 9, 1), DEARER, bea)
        assert states()[1] == ["differs"]

        library.take_table(entry=entry, by=bea)

        assert states()[1] == ["taken"]
        live = RateTableRows.objects.filter(closed__isnull=True)
        assert [row.starts_on for row in live] == [date(2026, 1, 1)]


def test_another_group_neither_sees_nor_takes_nor_changes_anything(
    tiered: PlanVersion,
    steps: RateTable,
    nina: Member,
    globex: Business,
    charlie: Member,
    client: Client,
) -> None:
    plan = library.put_plan(version=tiered, by=nina)
    table = library.put_table(table=steps, by=nina)
    client.force_login(charlie.user)

    body = client.get("/b/globex/library/").content.decode()
    taken = [
        client.post(f"/b/globex/library/plans/{plan.pk}/take/").status_code,
        client.post(f"/b/globex/library/tables/{table.pk}/take/").status_code,
        client.post(f"/b/acme/library/plans/{plan.pk}/take/").status_code,
        client.get("/b/acme/library/").status_code,
        client.post("/b/acme/tables/steps/share/").status_code,
    ]

    assert "Tiered" not in body and "Steps" not in body
    assert taken == [404] * 5
    with in_business(globex):
        assert not Plan.objects.exists() and not RateTable.objects.exists()
        with pytest.raises(LibraryPlan.DoesNotExist):
            library.take_plan(entry=plan, by=charlie)
        with pytest.raises(LibraryTable.DoesNotExist):
            library.take_table(entry=table, by=charlie)


def test_the_pages_lead_from_putting_to_taking(
    tiered: PlanVersion,
    nina: Member,
    ada: Member,
    beta: Business,
    bea: Member,
    client: Client,
) -> None:
    client.force_login(ada.user)
    refused = client.post("/b/acme/plans/tiered/versions/1/share/").status_code
    client.force_login(nina.user)
    client.post("/b/acme/plans/tiered/versions/1/share/")
    client.post("/b/acme/tables/steps/share/")
    client.force_login(bea.user)

    shelf = client.get("/b/beta/library/").content.decode()
    answer = client.post(f"/b/beta/library/plans/{LibraryPlan.objects.get().pk}/take/")

    assert refused == 403, "only owners and group admins offer to other businesses"
    assert "Take as a draft" in shelf and "Acme v1" in shelf
    assert answer["Location"] == "/b/beta/plans/tiered/draft/"
