"""The trail: written with the change, never changed, and every tampering found."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from tenants.access import Member
from tenants.accounts.models import Business
from tenants.audit import sealing, services
from tenants.audit.context import caused_by
from tenants.audit.models import AuditRow
from tenants.schema import in_business
from tenants.urls_for import business_url
from tests.databases import Copy


def a_row(by: Member | str = "sync", **values: object) -> AuditRow:
    words: dict[str, object] = {
        "action": "runs.run.approved",
        "object_kind": "run",
        "object_id": 4,
        "object_name": "Run 4",
        "by": by,
    }
    with transaction.atomic():
        return services.record(**(words | values))  # type: ignore[arg-type]


def tamper(statement: str, *values: Any) -> None:
    """Do what only the owner of the table can."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE public.audit_auditrow DISABLE TRIGGER USER")
        cursor.execute(statement, values)
        cursor.execute("ALTER TABLE public.audit_auditrow ENABLE TRIGGER USER")


def breaks_of(business: Business) -> list[sealing.Break]:
    return sealing.verify(group_id=business.group_id, business_id=business.pk)


def test_a_row_says_who_where_and_keeps_the_digits(
    acme: Business, alice: Member
) -> None:
    with caused_by(request_id="r-1", address="192.0.2.7"):
        row = a_row(alice, before={"rate": Decimal("0.060")}, after={"rate": None})

    row.refresh_from_db()
    assert (row.business_id, row.group_id) == (acme.pk, acme.group_id)
    assert (row.user_id, row.by) == (alice.user_id, "Alice")
    assert row.before == {"rate": "0.060"}
    assert (row.request_id, row.address) == ("r-1", "192.0.2.7")


def test_a_row_is_only_written_with_its_change(fresh_db: Copy) -> None:
    with pytest.raises(services.OutsideTransaction):
        services.record(
            action="x", object_kind="x", object_id=1, object_name="x", by="x"
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE public.audit_auditrow SET by = 'nobody'",
        "UPDATE public.audit_auditrow SET by = 'nobody', sealed = 1",
        "DELETE FROM public.audit_auditrow",
        "TRUNCATE public.audit_auditrow",
    ],
)
@pytest.mark.parametrize("is_sealed", [True, False])
def test_the_database_refuses_to_change_the_trail(
    acme: Business, statement: str, is_sealed: bool
) -> None:
    a_row()
    if is_sealed:
        sealing.seal()

    with (
        pytest.raises(IntegrityError, match="only ever appended"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_each_business_is_numbered_without_gaps(
    acme: Business, globex: Business
) -> None:
    for _ in range(3):
        a_row()
        with in_business(globex):
            a_row()
    first = sealing.seal()
    a_row()
    second = sealing.seal()

    assert (first, second) == (6, 1)
    for business, count in ((acme, 4), (globex, 3)):
        rows = AuditRow.objects.filter(business_id=business.pk).order_by("pk")
        assert list(rows.values_list("sealed", flat=True)) == list(range(1, count + 1))
    assert breaks_of(acme) == breaks_of(globex) == sealing.verify_others() == []


def test_a_changed_row_is_found(acme: Business) -> None:
    rows = [a_row(after={"total": "10.00"}) for _ in range(3)]
    sealing.seal()

    tamper(
        """UPDATE public.audit_auditrow SET after = '{"total": "10.01"}' WHERE id = %s""",
        rows[1].pk,
    )

    assert [(b.number, b.words) for b in breaks_of(acme)] == [(2, "it was changed")]


def test_a_removed_row_is_found(acme: Business) -> None:
    rows = [a_row() for _ in range(3)]
    sealing.seal()

    tamper("DELETE FROM public.audit_auditrow WHERE id = %s", rows[1].pk)

    assert [b.words for b in breaks_of(acme)] == ["a row before it is gone"]


def test_a_row_that_was_changed_and_hashed_again_is_found(acme: Business) -> None:
    rows = [a_row() for _ in range(3)]
    sealing.seal()
    rows[1].refresh_from_db()
    rows[1].by = "nobody"

    tamper(
        "UPDATE public.audit_auditrow SET by = 'nobody', hash = %s WHERE id = %s",
        sealing.hash_of(rows[1]),
        rows[1].pk,
    )

    assert [b.words for b in breaks_of(acme)] == ["the row before it was changed"]


def test_the_page_shows_what_changed_and_can_be_narrowed_down(
    acme: Business, alice: Member, client: Client
) -> None:
    a_row(alice, before={"state": "draft"}, after={"state": "approved"})
    a_row("sync", object_name="Opportunity 7", object_kind="entry")
    client.force_login(alice.user)
    url = business_url(acme, "audit:audit")

    everything = client.get(url).content.decode()
    narrowed = client.get(url, {"kind": "run"}).content.decode()
    nothing = client.get(url, {"q": "no such words"}).content.decode()

    assert "Opportunity 7" in everything
    assert "state: draft → approved" in everything
    assert "Run 4" in narrowed
    assert "Opportunity 7" not in narrowed
    assert "Nothing matches" in nothing


def test_the_file_holds_no_cell_that_a_spreadsheet_runs(
    acme: Business, alice: Member, client: Client
) -> None:
    a_row("sync", object_name='=HYPERLINK("http://evil")')
    client.force_login(alice.user)

    answer = client.get(business_url(acme, "audit:audit"), {"as": "csv"})
    text = b"".join(answer).decode()

    assert answer["Content-Disposition"].startswith("attachment")
    assert "'=HYPERLINK" in text
    assert ',"=' not in text


def test_globex_is_not_in_the_trail_of_acme(
    acme: Business, globex: Business, alice: Member, client: Client
) -> None:
    with in_business(globex):
        a_row("sync", object_name="Globex only")
    client.force_login(alice.user)

    page = client.get(business_url(acme, "audit:audit")).content.decode()

    assert "Globex only" not in page
