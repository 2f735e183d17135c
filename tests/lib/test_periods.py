"""Period arithmetic: edges, neighbours and slugs."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commissions_saas.lib.periods import (
    KINDS,
    Kind,
    NotAPeriod,
    parse_period,
    period_of,
)

DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))


@given(kind=st.sampled_from(KINDS), day=DAYS)
def test_periods_follow_each_other_without_gap_or_overlap(
    kind: Kind, day: date
) -> None:
    period = period_of(kind, day)

    assert period.contains(day)
    assert period.next().starts_on == period.ends_on + timedelta(days=1)
    assert period.next().previous() == period


@given(kind=st.sampled_from(KINDS), day=DAYS)
def test_a_slug_names_its_period(kind: Kind, day: date) -> None:
    period = period_of(kind, day)

    assert parse_period(period.slug) == period


@pytest.mark.parametrize(
    ("kind", "day", "ends"),
    [
        ("half_month", date(2026, 1, 16), date(2026, 1, 31)),
        ("half_month", date(2024, 2, 16), date(2024, 2, 29)),
        ("half_month", date(2026, 2, 15), date(2026, 2, 15)),
        ("month", date(2024, 2, 1), date(2024, 2, 29)),
        ("quarter", date(2026, 11, 24), date(2026, 12, 31)),
        ("week", date(2026, 12, 31), date(2027, 1, 3)),
    ],
)
def test_a_period_ends_on_its_last_day(kind: Kind, day: date, ends: date) -> None:
    assert period_of(kind, day).ends_on == ends


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-11c", "2026-w54", "2026-q5", "26-11", "", "2026-00"]
)
def test_what_is_no_period_is_refused_with_examples(text: str) -> None:
    with pytest.raises(NotAPeriod, match="2026-11a"):
        parse_period(text)


def test_a_period_has_the_words_people_use() -> None:
    labels = [period_of(kind, date(2026, 11, 3)).label for kind in KINDS]

    assert labels == [
        "November 2026",
        "1–15 Nov 2026",
        "Week of 2 Nov 2026",
        "Q4 2026",
        "2026",
    ]
