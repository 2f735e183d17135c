"""The statement page costs the same however long the statement is."""

from datetime import date, timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from commissions.plans.models import Plan
from commissions.statements.models import Line
from crm_sync.ledger.models import Payee
from tenants.accounts.models import Member as MemberRow
from tests.commissions.statements import world
from tests.commissions.statements.world import CARE, a_deal, sync

MOST_QUERIES = 12


def test_queries_and_bytes_do_not_grow_with_the_lines(
    client: Client, advisor_plan: Plan, maya: Payee, alice: MemberRow
) -> None:
    client.force_login(alice.user)
    first = date(2026, 11, 1)
    sync(*(a_deal(f"few_{n}", first, "240", CARE) for n in range(60)))
    world.catch_up()
    path = f"/b/acme/statements/{maya.pk}/2026-11/"
    client.get(path)

    with CaptureQueriesContext(connection) as few:
        client.get(path)
    sync(
        *(
            a_deal(f"many_{n}", first + timedelta(days=n % 20), "240", CARE)
            for n in range(600)
        )
    )
    world.catch_up()
    with CaptureQueriesContext(connection) as many:
        answer = client.get(path)

    assert Line.objects.filter(closed_run__isnull=True).count() == 660
    asked = [
        [each["sql"][:200] for each in some.captured_queries if "SELECT" in each["sql"]]
        for some in (few, many)
    ]
    assert len(asked[0]) == len(asked[1]) <= MOST_QUERIES, "\n".join(asked[1])
    assert len(answer.content) < 50 * 1024
    assert "1–50 of 660" in answer.content.decode()
