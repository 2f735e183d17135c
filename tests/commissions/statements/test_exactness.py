"""Recalculating what changed gives what calculating everything from nothing gives."""

import hypothesis.strategies as st
import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, example, given, settings

from tenants.access import Member
from tenants.accounts.models import Business as BusinessRow
from tenants.accounts.models import Member as MemberRow
from tests.commissions.statements import standing, world
from tests.commissions.statements.exactness import Business, Event, happen

WHO = st.integers(0, 3)
DAY = st.integers(0, 115)
MONTH = st.integers(0, 3)
AMOUNT = st.sampled_from(["100", "999.99", "2500.01", "5000", "7777.77"])
SMALL = st.sampled_from(["0", "1", "3", "40", "160"])
PART = st.sampled_from(["3%", "15%", "22.5%"])
DEAL = st.tuples(
    st.integers(0, 5), WHO, DAY, AMOUNT, WHO, st.sampled_from(["USD", "USD", "EUR"])
)


def event(name: str, *given: st.SearchStrategy[object]) -> st.SearchStrategy[Event]:
    return st.tuples(st.just(name), st.tuples(*given))


DEALS: st.SearchStrategy[Event] = st.tuples(st.just("deal"), DEAL)
EVENTS = st.one_of(
    DEALS,
    DEALS,
    event("lose", st.integers(0, 5), DAY),
    event("quota", st.integers(0, 2), AMOUNT),
    event("leaves", WHO, DAY),
    event("publish", MONTH, SMALL),
    event("table", MONTH, PART),
    event("value", WHO, st.sampled_from(["hours", "level"]), SMALL, MONTH),
    event("undated", WHO, SMALL),
    event("margin", st.integers(0, 1), PART, DAY),
    event("away", WHO, DAY, st.integers(0, 20)),
    event("may_sell", WHO, st.integers(0, 1), DAY),
    event("rate", DAY, st.sampled_from(["1.1", "0.95"])),
    event(
        "balance",
        st.integers(0, 2),
        st.sampled_from(["booked", "streak", "paid"]),
        AMOUNT,
    ),
    event("manager", WHO, WHO, DAY),
    event("moves", WHO, st.integers(0, 1), DAY),
    event("forget", WHO, st.sampled_from(["hours", "level"]), MONTH),
    event("undo", st.sampled_from(["leave", "right", "rate"])),
    event("adjust", WHO, MONTH, st.sampled_from(["50", "-20.25"])),
    event("joins", WHO, DAY, AMOUNT),
    event("standing_margin", st.integers(0, 1), PART),
    event("margins_are", st.sampled_from(["text", "number"])),
    event("freeze", MONTH),
    event("reopen", MONTH),
    event("lock", MONTH),
    event("catch_up"),
    event("catch_up"),
)


# A balance of a frozen period stays undecided until the period is opened again.
LEFT_AND_OPENED_AGAIN: list[Event] = [
    ("freeze", (0,)),
    ("freeze", (3,)),
    ("lock", (2,)),
    ("balance", (0, "paid", "2500.01")),
    ("freeze", (3,)),
    ("margin", (0, "15%", 34)),
    ("balance", (0, "streak", "2500.01")),
    ("leaves", (2, 38)),
    ("table", (0, "3%")),
    ("reopen", (2,)),
    ("catch_up", ()),
]

# An open month moves a rank of which the frozen month after it holds only the rest.
FROZEN_AFTER_AN_OPEN_MONTH: list[Event] = [
    ("freeze", (3,)),
    ("may_sell", (0, 0, 46)),
    ("deal", (2, 3, 73, "100", 1, "USD")),
]


@pytest.fixture
def finance(alice: MemberRow, acme: BusinessRow) -> Member:
    return world.acting(alice, acme)


@settings(
    max_examples=6,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(events=st.lists(EVENTS, min_size=4, max_size=14))
@example(events=LEFT_AND_OPENED_AGAIN)
@example(events=FROZEN_AFTER_AN_OPEN_MONTH)
def test_any_sequence_of_changes_equals_a_calculation_from_nothing(
    finance: Member, events: list[Event]
) -> None:
    with transaction.atomic():
        business = Business(finance)
        for at, (who, day) in enumerate([(0, 3), (1, 20), (2, 40), (0, 70), (1, 100)]):
            business.deal(at, who, day, "2500.01", who, "USD")
        business.catch_up()
        for one in events:
            happen(business, one)
        business.catch_up()

        stands, anew = standing.canonical(), standing.from_scratch()

        transaction.set_rollback(True)
    assert stands == anew, "\n".join(standing.difference(stands, anew))
