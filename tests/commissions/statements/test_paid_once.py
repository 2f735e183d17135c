"""Whatever the order of freezing, changing and undoing, everybody is paid once."""

import hypothesis.strategies as st
import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings

from tenants.access import Member
from tenants.accounts.models import Business
from tenants.accounts.models import Member as MemberRow
from tests.commissions.statements import paid_once, world
from tests.commissions.statements.paid_once import (
    FLAT,
    TIERED,
    ZERO,
    Event,
    PayingBusiness,
    happen,
)

WHO = st.integers(0, 1)
MONTH = st.integers(0, 2)
AMOUNT = st.sampled_from(["1000", "1500", "1999.99", "2500.05", "0"])
WHICH = st.integers(0, 2)


def event(name: str, *given: st.SearchStrategy[object]) -> st.SearchStrategy[Event]:
    return st.tuples(st.just(name), st.tuples(*given))


DEALS = event("deal", st.integers(0, 2), WHO, st.integers(0, 85), AMOUNT)
CLOSING = st.one_of(
    event("freeze", MONTH),
    event("freeze", MONTH),
    event("reopen", MONTH),
    event("lock", MONTH),
    event("pay", MONTH),
    event("later"),
    event("catch_up"),
    event("catch_up"),
)
ACCEPTED = st.one_of(
    DEALS,
    DEALS,
    event("vanish", st.integers(0, 2)),
    event("accept", WHICH),
    event("adjust", WHO, MONTH, st.sampled_from(["20", "-3.5"])),
    event("posts", st.booleans()),
)
DECIDED = st.one_of(
    ACCEPTED,
    event("decline", WHICH),
    event("undo", WHICH),
)
BEGINNING: list[Event] = [
    ("deal", (0, 0, 5, "1000")),
    ("deal", (1, 1, 20, "1500")),
    ("catch_up", ()),
    ("freeze", (0,)),
]
quickly = settings(
    max_examples=8,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def finance(alice: MemberRow, acme: Business) -> Member:
    return world.acting(alice, acme)


def owed_in_all(business: PayingBusiness) -> None:
    """Each cent is on a statement, waits to be decided, or was left out on purpose."""
    anew, stands = paid_once.from_nothing(business), paid_once.earned()
    posted = paid_once.posted()
    due = {
        key: anew.get(key, ZERO) - stands.get(key, ZERO) - posted.get(key, ZERO)
        for key in {*anew, *stands, *posted}
    }
    due = {key: amount for key, amount in due.items() if amount}
    waiting = paid_once.waiting()
    left_out = {key for key, amount in due.items() if key not in waiting}
    assert waiting == {key: due[key] for key in due if key not in left_out}
    assert {(key, due[key]) for key in left_out} <= paid_once.declined()
    by_hand = paid_once.added_by_hand()
    right = paid_once.by_payee(anew)
    later = paid_once.by_payee(due)
    for payee_id, total in paid_once.paid().items():
        expected = right.get(payee_id, ZERO) + by_hand.get(payee_id, ZERO)
        assert total + later.get(payee_id, ZERO) == expected


@quickly
@given(events=st.lists(st.one_of(CLOSING, DECIDED), min_size=6, max_size=22))
def test_every_cent_is_paid_or_proposed_or_left_out_once(
    finance: Member, acme: Business, events: list[Event]
) -> None:
    with transaction.atomic():
        business = PayingBusiness(finance, acme, FLAT)
        happen(business, [*BEGINNING, *events, ("catch_up", ())])

        owed_in_all(business)

        transaction.set_rollback(True)


@quickly
@given(events=st.lists(st.one_of(CLOSING, ACCEPTED), min_size=6, max_size=22))
def test_totals_over_months_end_right_however_late_their_deals_came(
    finance: Member, acme: Business, events: list[Event]
) -> None:
    with transaction.atomic():
        business = PayingBusiness(finance, acme, TIERED)
        happen(business, [*BEGINNING, *events, ("catch_up", ())])
        paid_once.post_all(business)

        owed_in_all(business)

        transaction.set_rollback(True)
