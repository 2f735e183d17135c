"""Calendars of whole weeks: 4-4-5 and its sisters, and every two weeks."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commissions_saas.lib import weeks
from commissions_saas.lib.periods import (
    NotAPeriod,
    WeekCalendar,
    parse_period,
    pay_kind,
    period_of,
)

DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))
YEARS = st.builds(
    weeks.Weeks,
    st.sampled_from(weeks.PATTERNS),
    st.sampled_from([weeks.LAST, weeks.NEAREST]),
    st.integers(1, 7),
    st.integers(1, 12),
)
CALENDARS = st.one_of(
    YEARS.map(lambda one: one.kind()),
    st.integers(0, 13).map(lambda at: f"two_weeks_{at}"),
)
ONE_DAY = timedelta(days=1)


@given(kind=CALENDARS, day=DAYS)
def test_periods_of_weeks_follow_each_other_and_their_slugs_name_them(
    kind: str, day: date
) -> None:
    period = period_of(pay_kind(kind), day)

    assert period.contains(day)
    assert (period.ends_on - period.starts_on).days + 1 in (14, 28, 35, 42)
    assert period.next().starts_on == period.ends_on + ONE_DAY
    assert period.next().previous() == period
    assert parse_period(period.slug) == period
    assert len(period.slug) <= 12
    assert weeks.read_words(weeks.words_of(kind)) == kind


@given(year=YEARS, day=DAYS)
def test_quarters_are_three_periods_and_years_four_quarters(
    year: weeks.Weeks, day: date
) -> None:
    whole = period_of(WeekCalendar(year.kind("y")), day)
    quarter = period_of(WeekCalendar(year.kind("q")), whole.starts_on)
    period = period_of(WeekCalendar(year.kind()), whole.starts_on)

    assert whole.ends_on.isoweekday() == year.weekday
    assert (whole.ends_on - whole.starts_on).days + 1 in (364, 371)
    assert quarter.starts_on == whole.starts_on
    assert period.next().next().ends_on == quarter.ends_on
    assert quarter.next().next().next().ends_on == whole.ends_on


@pytest.mark.parametrize(
    ("words", "long_years"),
    [
        # As the retail federation's 4-5-4 calendar has them.
        ("4-5-4 to the Saturday nearest the end of January", [2006, 2012, 2017, 2023]),
        ("4-4-5 to the last Saturday of September", [2006, 2012, 2017, 2023]),
    ],
)
def test_years_of_53_weeks_are_those_that_the_field_has(
    words: str, long_years: list[int]
) -> None:
    kind = weeks.read_words(words)
    year = weeks.weeks_of(kind or "")
    assert year is not None

    spans = {named: year.year(named) for named in range(2005, 2026)}

    assert [y for y, (first, last) in spans.items() if (last - first).days > 364] == (
        long_years
    )


@pytest.mark.parametrize(
    ("slug", "label"),
    [
        ("2023-p12bn61", "P12 2023 (31 Dec 2023 – 3 Feb 2024)"),
        ("2026-p10al61", "P10 2026 (1–28 Nov 2026)"),
        ("2026-11-23w2", "23 Nov – 6 Dec 2026"),
    ],
)
def test_a_period_of_weeks_says_its_days(slug: str, label: str) -> None:
    assert parse_period(slug).label == label


@pytest.mark.parametrize(
    "slug", ["2026-p13al61", "2026-p00al61", "2026-p01al81", "2026-p01", "2026-02-30w2"]
)
def test_what_names_no_period_of_weeks_is_refused(slug: str) -> None:
    with pytest.raises(NotAPeriod):
        parse_period(slug)


@pytest.mark.parametrize(
    ("day", "rule", "kind"),
    [
        (date(2026, 9, 26), weeks.LAST, "445_l69"),
        (date(2025, 2, 1), weeks.NEAREST, "445_n61"),
        (date(2027, 1, 2), weeks.NEAREST, "445_n6c"),
        (date(2026, 9, 19), weeks.LAST, None),
    ],
)
def test_a_year_is_known_by_its_last_day(
    day: date, rule: str, kind: str | None
) -> None:
    assert weeks.ending_on("445", rule, day) == kind
