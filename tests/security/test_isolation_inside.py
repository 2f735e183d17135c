"""What a rep, a lapsed member and a stranger can find out: only what is theirs."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from commissions.statements import services as statements
from commissions.statements.disputes import open_dispute
from commissions.statements.models import Line, PayPeriod, Statement
from crm_sync.connections.models import Connection
from crm_sync.ledger.models import Payee
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.audit.services import record
from tenants.jobs.models import Job
from tenants.jobs.services import enqueue
from tenants.schema import in_business
from tests.commissions.statements import world
from tests.people import a_group_member, a_member

pytestmark = pytest.mark.usefixtures("early_november")

Browser = Callable[[Member], Client]
SECRET = "Kept on the payroll despite the warning"


@pytest.fixture
def shared(october: PayPeriod, alice: Member, theo: Payee) -> int:
    """A deal of Maya's and Theo's; Theo has more of it and an adjustment to it."""
    world.sync(
        world.a_deal(
            "shared",
            date(2026, 10, 20),
            "33333",
            world.SYSTEM,
            name="Shared residence",
            split_with="user_theo",
            split_percent=Decimal("0.9"),
        )
    )
    world.catch_up()
    statements.add_adjustment(
        payee=theo,
        period=october,
        amount="777.77",
        currency="USD",
        reason=SECRET,
        by=alice,
        entry_id=world.entry("shared").pk,
    )
    world.catch_up()
    return world.entry("shared").pk


def a_source(business: Business, name: str) -> Connection:
    """A source that the whole group shares."""
    return Connection.objects.create(
        pk=900, group_id=business.group_id, kind="close", name=name
    )


def amounts_of(payee: Payee) -> set[str]:
    """Each amount that stands on somebody's statement, as pages would print it."""
    lines = Line.objects.filter(payee_id=payee.pk, closed_run__isnull=True)
    found = {f"{abs(line.amount):,.2f}" for line in lines}
    row = Statement.objects.get(payee=payee, period__slug="2026-10")
    return found | {f"{row.total:,.2f}"}


def pages_of_a_rep(maya: Payee, deal: int) -> list[str]:
    line = Line.objects.filter(
        payee_id=maya.pk, entry_id=deal, closed_run__isnull=True
    ).get()
    here = f"/b/acme/statements/{maya.pk}/2026-10/"
    return [
        here,
        f"{here}csv/",
        f"{here}changes/?since=start",
        f"{here}changes/?since=month",
        f"{here}missing/?q=a",
        f"{here}missing/?q=shared",
        f"{here}estimate/",
        f"{here}lines/{line.pk}/",
        "/b/acme/deals/",
        f"/b/acme/deals/{deal}/",
        "/b/acme/disputes/",
        "/b/acme/me/plan/",
        f"/b/acme/payees/{maya.pk}/",
    ]


def test_a_rep_sees_no_amount_of_a_colleague(
    shared: int, bob: Member, maya: Payee, theo: Payee, log_in: Browser
) -> None:
    client = log_in(bob)
    theirs = amounts_of(theo) - amounts_of(maya)
    assert len(theirs) > 2

    for path in pages_of_a_rep(maya, shared):
        answer = client.get(path)
        assert answer.status_code == 200, path
        text = answer.content.decode()
        for amount in theirs:
            assert amount not in text, (path, amount)
            assert amount.replace(",", "") not in text, (path, amount)
        assert SECRET not in text, path


def test_a_rep_finds_no_page_of_a_colleague(
    shared: int, alice: Member, bob: Member, theo: Payee, maya: Payee, log_in: Browser
) -> None:
    line = Line.objects.filter(payee_id=theo.pk, closed_run__isnull=True)[0]
    alone = world.entry("castro").pk
    dispute = open_dispute(
        line=line, reason="amount", claimed=None, note=SECRET, by=alice
    )
    here = f"/b/acme/statements/{theo.pk}/2026-10/"
    own = f"/b/acme/statements/{maya.pk}/2026-10/"
    client = log_in(bob)
    paths = [here, f"{here}csv/", f"{here}changes/", f"{here}missing/?q=a"]
    paths += [f"{here}estimate/", f"{here}lines/{line.pk}/"]
    paths += [f"{own}lines/{line.pk}/"]  # nested under a statement of one's own
    paths += [f"/b/acme/deals/{alone}/", f"/b/acme/disputes/{dispute.pk}/"]
    paths += [f"/b/acme/payees/{theo.pk}/"]

    for path in paths:
        assert client.get(path).status_code == 404, path
    for path, body in {
        f"{own}lines/{line.pk}/": {"reason": "amount", "note": "mine"},
        f"{here}acknowledge/": {},
        f"/b/acme/disputes/{dispute.pk}/": {"decision": "decline", "answer": "no"},
        f"/b/acme/disputes/{dispute.pk}/withdraw/": {},
    }.items():
        assert client.post(path, body).status_code == 404, path
    for path in ("deals/?q=castro", "disputes/", "disputes/?q=" + SECRET[:10]):
        text = client.get(f"/b/acme/{path}").content.decode()
        assert "Castro" not in text
        assert SECRET not in text
    assert "Castro" not in client.get(f"{own}missing/?q=castro").content.decode()


def test_a_lapsed_and_a_coming_member_are_strangers(
    shared: int, acme: Business, maya: Payee, log_in: Browser
) -> None:
    yesterday, tomorrow = date(2026, 11, 1), date(2026, 11, 3)
    lapsed = a_member(acme, "Lars", Role.FINANCE, Role.ADMIN, ends_on=yesterday)
    coming = a_member(acme, "Carla", Role.FINANCE, Role.ADMIN, starts_on=tomorrow)

    for member in (lapsed, coming):
        client = log_in(member)
        for path in ("/b/acme/", "/b/acme/statements/", "/b/acme/audit/?as=csv"):
            assert client.get(path).status_code == 404, path
        assert client.get("/g/northwind/").status_code == 404


def test_a_session_ends_with_the_person(
    acme: Business, alice: Member, log_in: Browser
) -> None:
    from tenants.accounts.services import deactivate_user

    client = log_in(alice)
    assert client.get("/b/acme/statements/").status_code == 200
    deactivate_user(user=alice.user, by=None)

    assert client.get("/b/acme/statements/").status_code in (302, 404)


def test_ids_of_another_business_are_refused_in_bodies(
    shared: int, acme: Business, globex: Business, alice: Member, log_in: Browser
) -> None:
    with in_business(globex):
        for number in range(5):
            stranger = world.a_payee(f"Stranger {number}", f"user_x{number}")
    assert not Payee.objects.filter(pk=stranger.pk).exists()
    olga = a_group_member(acme, "Olga", Role.OWNER)
    period = PayPeriod.objects.get(slug="2026-10")
    shared_source = a_source(acme, "Close")
    client = log_in(olga)
    routes = {"path": "x", "value": ["a"], "business": [str(globex.pk)]}

    for path, body, expected in (
        (
            "/b/acme/adjustments/",
            {"payee": stranger.pk, "period": period.pk, "amount": 5, "reason": "abc"},
            422,
        ),
        (
            "/b/acme/assignments/new/",
            {
                "payee": stranger.pk,
                "plan": "comfort_advisor",
                "starts_on": "2026-01-01",
            },
            404,
        ),
        (
            "/g/northwind/people/",
            {"email": "x@y.example", "place": str(globex.pk), "role": "admin"},
            422,
        ),
        (
            "/b/acme/access/",
            {"email": "x@y.example", "place": str(globex.pk), "role": "admin"},
            422,
        ),
        (f"/g/northwind/connections/{shared_source.pk}/routes/", routes, 422),
    ):
        answer = client.post(path, body)
        assert answer.status_code == expected, path


def test_jobs_audit_and_connections_of_another_group_are_not_found(
    shared: int, acme: Business, globex: Business, log_in: Browser
) -> None:
    job = enqueue(kind="nothing", title=SECRET, business=acme)
    record(
        action="x.y",
        object_kind="z",
        object_id=1,
        object_name=SECRET,
        by="system",
        business=acme,
    )
    source = a_source(acme, SECRET)
    otto = a_group_member(globex, "Otto", Role.OWNER)
    client = log_in(otto)

    for path in (
        f"/b/globex/jobs/{job.pk}/",
        f"/g/contoso/jobs/{job.pk}/",
        f"/g/contoso/connections/{source.pk}/",
        f"/b/globex/connections/{source.pk}/",
        f"/b/globex/deals/{shared}/",
    ):
        assert client.get(path).status_code == 404, path
    for path in (
        "/b/globex/audit/?as=csv",
        "/g/contoso/audit/?as=csv",
        "/g/contoso/audit/?q=payroll",
        "/b/globex/jobs/",
        "/g/contoso/jobs/",
        "/g/contoso/connections/",
        "/g/contoso/",
    ):
        answer: Any = client.get(path)
        content = answer.getvalue() if answer.streaming else answer.content
        assert answer.status_code == 200, path
        assert SECRET.encode() not in content, path
    assert client.post(f"/g/contoso/jobs/{job.pk}/cancel/").status_code == 404
    assert Job.objects.get(pk=job.pk).state == Job.State.QUEUED


def test_a_cursor_of_one_table_opens_no_row_of_another(
    shared: int, bob: Member, alice: Member, log_in: Browser
) -> None:
    from tenants.frame.pagination import paginate

    cursor = paginate(Payee.objects.all(), order=["name", "pk"], size=1).next_cursor
    assert cursor

    text = log_in(bob).get(f"/b/acme/deals/?page={cursor}").content.decode()

    assert "Castro" not in text
    assert "Abbott" in text, "an unreadable cursor leads to the first page"
