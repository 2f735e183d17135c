"""An entry tells a program only of the people whose pay its member may see."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from crm_sync.ledger import services
from crm_sync.ledger.facts import Value
from crm_sync.ledger.models import Credit, Entry, Payee
from crm_sync.ledger.placements import place_payee
from crm_sync.ledger.reading import Incoming
from crm_sync.ledger.recording import Origin, record
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tests.api.caller import caller
from tests.people import a_member

ENTRIES = "/b/acme/api/v1/entries/"


def a_payee(name: str) -> Payee:
    payee = services.create_payee(name=name, email=f"{name.lower()}@pay.example")
    services.match_payee(payee=payee, connection_id=1, external_id=f"user_{name}")
    return payee


@pytest.fixture
def maya(acme: Business, bob: Member) -> Payee:
    """Bob is paid as Maya, and shares a deal with Theo."""
    maya, theo = a_payee("Maya"), a_payee("Theo")
    Payee.objects.filter(pk=maya.pk).update(user_id=bob.user_id)
    values: dict[str, Value] = {
        "name": "Whitcomb Dental",
        "amount": Decimal("100.00"),
        "won_on": date(2026, 11, 9),
        "owner": "user_Maya",
        "split_with": "user_Theo",
        "split_percent": Decimal("0.3125"),
    }
    deal = Incoming("deal", "one", "1", values, {}, mapped=frozenset(values))
    record(records=[deal], origin=Origin(connection_id=1, source="Close"))
    first = Credit.objects.get(payee_id=maya.pk)
    Credit.objects.exclude(pk=first.pk).delete()
    Credit.objects.create(
        entry_id=first.entry_id,
        payee_id=theo.pk,
        role="overlay",
        share=Decimal("0.25"),
        occurred_on=first.occurred_on,
        opened=first.opened,
    )
    return maya


def credited(member: Member) -> list[list[str]]:
    """Return the names that a member's program gets, from the list and from one."""
    program = caller(member)
    _, listed = program.get(ENTRIES)
    _, one = program.get(f"{ENTRIES}{Entry.objects.get().pk}/")
    return [
        [credit["payee"] for credit in found["credits"]]
        for found in (*listed["entries"], one)
    ]


def test_a_rep_is_not_told_who_shares_a_deal(maya: Payee, bob: Member) -> None:
    assert credited(bob) == [["Maya"], ["Maya"]]
    answer = str(caller(bob).get(ENTRIES))
    assert "maya@pay.example" in answer
    for secret in ("Theo", "theo@", "0.25", "0.3125"):
        assert secret not in answer


def test_finance_is_told_of_every_credit(maya: Payee, alice: Member) -> None:
    assert credited(alice) == [["Maya", "Theo"]] * 2


def test_a_credit_names_its_person_by_the_ids_of_the_entrys_own_source(
    maya: Payee, alice: Member
) -> None:
    for connection, user in ((1, "user_Maya_too"), (2, "user_Maya")):
        services.match_payee(payee=maya, connection_id=connection, external_id=user)

    _, listed = caller(alice).get(ENTRIES)

    credits = {one["payee"]: one for one in listed["entries"][0]["credits"]}
    assert credits["Maya"]["source_users"] == ["user_Maya", "user_Maya_too"]


def test_a_manager_is_told_of_the_team_only(maya: Payee, acme: Business) -> None:
    mark = a_member(acme, "Mark", Role.MANAGER)
    boss = a_payee("Boss")
    Payee.objects.filter(pk=boss.pk).update(user_id=mark.user_id)
    place_payee(payee=maya, manager=boss, territory=None, starts_on=date(2026, 11, 1))

    assert credited(mark) == [["Maya"], ["Maya"]]
