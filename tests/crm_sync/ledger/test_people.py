"""Payees are placed, merged and split again; what they are credited with follows."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from commissions_saas.lib import clock
from crm_sync.ledger import errors, selectors, services
from crm_sync.ledger.as_of import entry_facts, touched_by
from crm_sync.ledger.changes import latest_change
from crm_sync.ledger.facts import Value
from crm_sync.ledger.merging import merge_payees, undo_merge
from crm_sync.ledger.models import Credit, Entry, ExternalId, Manager, Payee
from crm_sync.ledger.placements import place_payee
from crm_sync.ledger.reading import Incoming
from crm_sync.ledger.recording import Origin, record
from tenants.access import Member
from tenants.accounts.models import Business, Role

CLOSE = Origin(connection_id=1, source="Close")
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


@pytest.fixture(autouse=True)
def at_noon(acme: Business) -> Iterator[None]:
    with clock.at(datetime(2026, 11, 24, 16, 42, tzinfo=UTC)):
        yield


def a_payee(name: str, user: str = "") -> Payee:
    payee = services.create_payee(name=name)
    if user:
        services.match_payee(payee=payee, connection_id=1, external_id=user)
    return payee


def a_sale(user: str, day: date = date(2026, 11, 9), id_: str = "oppo") -> Entry:
    values: dict[str, Value] = {
        "name": "Whitcomb Dental",
        "amount": Decimal("100.00"),
        "won_on": day,
        "owner": user,
    }
    deal = Incoming("deal", id_, "1", values, {"id": id_}, mapped=frozenset(values))
    record(records=[deal], origin=CLOSE)
    return Entry.objects.get(external_id=id_)


def credits_of(payee: Payee) -> list[tuple[str, Decimal]]:
    facts = entry_facts(
        payee_ids=[payee.pk],
        first=OCTOBER,
        last=date(2026, 11, 30),
        change=latest_change(),
    )[payee.pk]
    return [
        (credit.role, credit.share)
        for fact in facts
        for credit in fact.credits
        if credit.payee_id == payee.pk
    ]


def test_a_manager_is_credited_with_what_their_team_sold_on_the_day() -> None:
    bob, mia, ned = a_payee("Bob", "user_bob"), a_payee("Mia"), a_payee("Ned")
    place_payee(payee=bob, manager=mia, territory=None, starts_on=OCTOBER)
    place_payee(payee=bob, manager=ned, territory=None, starts_on=NOVEMBER)

    a_sale("user_bob", date(2026, 10, 31), "a")
    a_sale("user_bob", date(2026, 11, 1), "b")

    assert credits_of(mia) == [("manager", Decimal(1))]
    assert credits_of(ned) == [("manager", Decimal(1))]


def test_a_new_placement_touches_the_seller_and_both_managers() -> None:
    bob, mia, ned = a_payee("Bob", "user_bob"), a_payee("Mia"), a_payee("Ned")
    place_payee(payee=bob, manager=mia, territory=None, starts_on=OCTOBER)
    a_sale("user_bob")
    place_payee(payee=bob, manager=ned, territory=None, starts_on=NOVEMBER)

    day = date(2026, 11, 9)
    number = latest_change()
    assert touched_by([number])[number] == {
        (bob.pk, day),
        (mia.pk, day),
        (ned.pk, day),
    }


def test_a_placement_inside_another_keeps_what_lies_before_and_after() -> None:
    bob, mia, ned = a_payee("Bob"), a_payee("Mia"), a_payee("Ned")
    place_payee(payee=bob, manager=mia, territory=None, starts_on=OCTOBER)
    place_payee(
        payee=bob,
        manager=ned,
        territory=None,
        starts_on=NOVEMBER,
        ends_on=date(2026, 11, 15),
    )

    rows = Manager.objects.filter(closed=None).order_by("starts_on")
    assert [(row.manager_id, row.starts_on, row.ends_on) for row in rows] == [
        (mia.pk, OCTOBER, date(2026, 10, 31)),
        (ned.pk, NOVEMBER, date(2026, 11, 15)),
        (mia.pk, date(2026, 11, 16), None),
    ]


def test_nobody_manages_their_own_manager() -> None:
    bob, mia = a_payee("Bob"), a_payee("Mia")
    place_payee(payee=bob, manager=mia, territory=None, starts_on=OCTOBER)

    with pytest.raises(errors.BadPlacement, match="Mia"):
        place_payee(payee=mia, manager=bob, territory=None, starts_on=OCTOBER)


def test_bob_who_is_there_twice_becomes_one_and_two_again() -> None:
    bob, again = a_payee("Bob", "user_bob"), a_payee("Bob The Great", "user_bob2")
    a_sale("user_bob", id_="a")
    a_sale("user_bob2", id_="b")

    assert merge_payees(payee=again, into=bob) == 1
    merged = set(Credit.objects.filter(closed=None).values_list("payee_id", flat=True))
    a_sale("user_bob2", id_="c")
    assert undo_merge(payee=again) == 2

    assert merged == {bob.pk}
    owners = Entry.objects.order_by("external_id").values_list("owner_id", flat=True)
    assert list(owners) == [bob.pk, again.pk, again.pk]
    assert not Payee.objects.get(pk=again.pk).merged_into_id


def test_a_user_who_is_matched_cannot_be_matched_to_another() -> None:
    a_payee("Bob", "user_bob")

    with pytest.raises(errors.AlreadyMatched, match="Bob"):
        services.match_payee(
            payee=a_payee("Ned"), connection_id=1, external_id="user_bob"
        )


def test_a_rep_sees_own_deals_a_manager_the_teams_and_finance_all(
    bob: Member, alice: Member
) -> None:
    boss = a_payee("Boss", "user_boss")
    payee = a_payee("Bob", "user_bob")
    a_payee("Ned", "user_ned")
    Payee.objects.filter(pk=payee.pk).update(user_id=bob.user_id)
    place_payee(payee=payee, manager=boss, territory=None, starts_on=NOVEMBER)
    early = a_sale("user_bob", date(2026, 10, 5), "early")
    own = a_sale("user_bob", id_="own")
    a_sale("user_ned", id_="other")

    assert set(selectors.entries_visible_to(bob)) == {early, own}
    assert selectors.entries_visible_to(alice).count() == 3

    Payee.objects.filter(pk=payee.pk).update(user_id=None)
    Payee.objects.filter(pk=boss.pk).update(user_id=bob.user_id)
    manager = Member(
        **{
            **{f: getattr(bob, f) for f in bob.__dataclass_fields__},
            "roles": frozenset({Role.MANAGER}),
        }
    )
    assert set(selectors.entries_visible_to(manager)) == {own}
    assert set(selectors.payees_visible_to(manager)) == {boss, payee}


def test_somebody_who_is_nobodys_payee_sees_no_deal(bob: Member) -> None:
    a_payee("Ned", "user_ned")
    a_sale("user_ned")

    assert not selectors.entries_visible_to(bob).exists()
    assert not selectors.payees_visible_to(bob).exists()


@pytest.mark.parametrize("undone", [("two", "three"), ("three", "two")])
@pytest.mark.parametrize("chain", [True, False])
def test_bob_who_is_there_three_times_is_taken_apart_after_later_changes(
    alice: Member, chain: bool, undone: tuple[str, str]
) -> None:
    bob, two, three = (a_payee(f"Bob {n}", f"user_{n}") for n in "123")
    named = {"two": two, "three": three}
    for n in "123":
        a_sale(f"user_{n}", id_=n)
    merge_payees(payee=three, into=two if chain else bob)
    merge_payees(payee=Payee.objects.get(pk=two.pk), into=bob)

    merged = set(Credit.objects.filter(closed=None).values_list("payee_id", flat=True))
    services.edit_payee(payee=bob, name="Bob The Great", by=alice)
    a_sale("user_3", id_="later")
    handed_on = Incoming(
        "deal", "2", "2",
        {"name": "W", "amount": Decimal(5), "won_on": NOVEMBER, "owner": "user_3"},
        {"id": "2", "v": 2}, mapped=frozenset({"name", "amount", "won_on", "owner"}),
    )  # fmt: skip
    record(records=[handed_on], origin=CLOSE)
    for name in undone:
        undo_merge(payee=Payee.objects.get(pk=named[name].pk))

    assert merged == {bob.pk}
    owners = dict(Entry.objects.values_list("external_id", "owner_id"))
    assert owners == {"1": bob.pk, "2": three.pk, "3": three.pk, "later": three.pk}
    held = dict(ExternalId.objects.values_list("external_id", "payee_id"))
    assert held == {"user_1": bob.pk, "user_2": two.pk, "user_3": three.pk}
    assert not Payee.objects.filter(merged_into__isnull=False).exists()
