"""Owners see people added up as the persons they are, whatever they are called."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from commissions_saas.lib import clock
from crm_sync.ledger.merging import merge_payees, undo_merge
from crm_sync.ledger.models import Payee
from crm_sync.ledger.services import create_payee, edit_payee
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.rollup.models import PayeeFact
from tenants.rollup.people import commission_by_person
from tenants.schema import in_business
from tests.people import a_group_member, a_user
from tests.tenants.rollup.test_pages import GROUP, NOVEMBER, NOW


@pytest.fixture(autouse=True)
def late_november(db: None) -> Iterator[None]:
    with clock.at(NOW):
        yield


@pytest.fixture
def two(businesses: dict[str, Business]) -> tuple[Business, Business]:
    """Two businesses of Northwind."""
    acme, globex = businesses["acme"], businesses["globex"]
    Business.objects.filter(pk=globex.pk).update(group_id=acme.group_id)
    globex.refresh_from_db()
    return acme, globex


@pytest.fixture
def renata(businesses: dict[str, Business]) -> Member:
    found = a_group_member(businesses["acme"], "Renata", Role.OWNER)
    return Member(found.user, found.group_id, None, found.roles)


def earns(
    business: Business,
    amount: int,
    name: str,
    email: str = "",
    user_id: int | None = None,
    month: date = NOVEMBER,
) -> Payee:
    with in_business(business):
        payee = create_payee(name=name, email=email, user_id=user_id)
    has(business, payee, amount, month)
    return payee


def has(business: Business, payee: Payee, amount: int, month: date = NOVEMBER) -> None:
    PayeeFact.objects.create(
        group_id=business.group_id,
        business_id=business.pk,
        period=f"{month:%Y-%m}",
        month=month,
        payee_id=payee.pk,
        payee_name=payee.name,
        currency="USD",
        earned=Decimal(amount),
        as_of=NOW,
    )


def seen(member: Member) -> dict[str, int]:
    names = dict(Business.objects.values_list("pk", "name"))
    months = [date(2026, 10, 1), NOVEMBER]
    parts = commission_by_person(member, months, "USD", names)
    sums: dict[str, int] = {}
    for (label, _, _), amount in parts.items():
        sums[label] = sums.get(label, 0) + int(amount)
    return sums


def test_two_people_of_one_name_are_two_rows(
    two: tuple[Business, Business], renata: Member, client: Client
) -> None:
    earns(two[0], 100, "Alex Kim", "alex@acme.example")
    earns(two[1], 30, "Alex Kim", "a.kim@globex.example")

    expected = {
        "Alex Kim · alex@acme.example": 100,
        "Alex Kim · a.kim@globex.example": 30,
    }
    assert seen(renata) == expected
    client.force_login(renata.user)
    page = client.get(f"{GROUP}?by=payee").content.decode()
    assert all(label in page for label in expected)


def test_one_person_under_two_spellings_is_one_row(
    two: tuple[Business, Business], renata: Member
) -> None:
    october = date(2026, 10, 1)
    earns(two[0], 100, "Alex Kim", "alex@acme.example", month=october)
    earns(two[1], 30, "Kim, Alexander", "Alex@Acme.example")

    assert seen(renata) == {"Kim, Alexander": 130}  # the latest month's name


def test_a_log_in_says_who_somebody_is_before_an_address(
    two: tuple[Business, Business], renata: Member
) -> None:
    user = a_user("Alex Kim")
    earns(two[0], 100, "Alex Kim", "alex@acme.example", user.pk)
    earns(two[1], 30, "A. Kim", "alex@acme.example")
    earns(two[1], 7, "Lexi", user.email)

    assert seen(renata) == {"Lexi": 137}


def test_people_without_an_address_are_told_apart_by_their_business(
    two: tuple[Business, Business], renata: Member
) -> None:
    payees = [earns(two[0], 100, "Alex Kim"), earns(two[0], 20, "Alex Kim")]
    payees.append(earns(two[1], 3, "Alex Kim"))

    words = [f"Acme, payee {payee.pk}" for payee in payees[:2]]
    words.append(f"Globex, payee {payees[2].pk}")
    labels = [f"Alex Kim · {each}" for each in words]
    assert seen(renata) == dict(zip(labels, (100, 20, 3), strict=True))


def test_an_address_that_two_people_of_a_business_share_makes_nobody_one(
    two: tuple[Business, Business], renata: Member
) -> None:
    earns(two[0], 100, "Maya", "sales@acme.example")
    earns(two[0], 20, "Theo", "sales@acme.example")
    earns(two[1], 3, "Sales", "sales@acme.example")

    assert seen(renata) == {"Maya": 100, "Theo": 20, "Sales": 3}


def test_who_was_merged_is_one_row_until_that_is_undone(
    two: tuple[Business, Business], renata: Member, alice: Member
) -> None:
    ted = earns(two[0], 100, "Ted", "ted@acme.example")
    theo = earns(two[0], 20, "Theo")
    earns(two[1], 3, "Theodor", "ted@acme.example")

    with in_business(two[0]):
        merge_payees(payee=ted, into=theo, by=alice)
    assert seen(renata) == {"Theodor": 123}

    with in_business(two[0]):
        undo_merge(payee=ted, by=alice)
    assert seen(renata) == {"Theodor": 103, "Theo": 20}


def test_an_address_that_is_entered_later_counts_at_once(
    two: tuple[Business, Business], renata: Member, alice: Member
) -> None:
    maya = earns(two[0], 100, "Maya Lind")
    earns(two[1], 30, "Maya Lind-Okafor", "maya@acme.example")

    with in_business(two[0]):
        edit_payee(payee=maya, by=alice, email="maya@acme.example")

    assert seen(renata) == {"Maya Lind-Okafor": 130}
