"""Years and quarters that begin in another month than January."""

from datetime import date, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commissions_saas.lib.periods import (
    ShiftedQuarter,
    ShiftedYear,
    Window,
    period_of,
    window_of_year,
)

DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))
SHIFTED = st.sampled_from([*get_args(ShiftedYear), *get_args(ShiftedQuarter)])


@given(kind=SHIFTED, day=DAYS)
def test_shifted_windows_follow_each_other_without_gap_or_overlap(
    kind: Window, day: date
) -> None:
    window = period_of(kind, day)

    assert window.contains(day)
    assert window.starts_on.day == 1
    assert window.next().starts_on == window.ends_on + timedelta(days=1)
    assert window.next().previous() == window


@given(starts=st.integers(1, 12), day=DAYS)
def test_four_quarters_make_a_year(starts: int, day: date) -> None:
    year = period_of(window_of_year("year", starts), day)
    quarter = period_of(window_of_year("quarter", starts), year.starts_on)

    assert year.starts_on.month == starts
    for _ in range(3):
        quarter = quarter.next()
    assert quarter.ends_on == year.ends_on


@pytest.mark.parametrize(
    ("window", "starts", "day", "first", "last", "label"),
    [
        ("year", 4, "2027-03-31", "2026-04-01", "2027-03-31", "Apr 2026 – Mar 2027"),
        ("year", 4, "2027-04-01", "2027-04-01", "2028-03-31", "Apr 2027 – Mar 2028"),
        ("year", 3, "2028-02-29", "2027-03-01", "2028-02-29", "Mar 2027 – Feb 2028"),
        ("quarter", 2, "2026-01-31", "2025-11-01", "2026-01-31", "Nov 2025 – Jan 2026"),
        ("quarter", 9, "2026-02-28", "2025-12-01", "2026-02-28", "Dec 2025 – Feb 2026"),
        ("quarter", 10, "2026-02-28", "2026-01-01", "2026-03-31", "Q1 2026"),
        ("year", 1, "2026-12-31", "2026-01-01", "2026-12-31", "2026"),
        ("month", 4, "2026-02-28", "2026-02-01", "2026-02-28", "February 2026"),
    ],
)
def test_a_shifted_window_has_its_days_and_a_name(
    window: Window, starts: int, day: str, first: str, last: str, label: str
) -> None:
    found = period_of(window_of_year(window, starts), date.fromisoformat(day))

    assert (str(found.starts_on), str(found.ends_on)) == (first, last)
    assert found.label == label
