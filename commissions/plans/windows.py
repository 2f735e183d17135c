"""Which windows a plan can pay over: those that are made of whole pay periods."""

from calendar import month_name
from collections.abc import Mapping

from commissions_saas.lib.weeks import is_calendar, weeks_of, words_of

# By what the plan pays by. A month does not end with a week, so what is due at its end
# would never be paid.
WHOLE: Mapping[str, tuple[str, ...]] = {
    "week": ("week",),
    "half_month": ("half_month", "month", "quarter", "year"),
    "month": ("month", "quarter", "year"),
    "quarter": ("quarter", "year"),
    "year": ("year",),
}
_OF_WEEKS = ("month", "quarter", "year")
_WORDS = {
    "week": "weeks",
    "half_month": "half months",
    "month": "months",
    "quarter": "quarters",
    "year": "years",
}


def never_paid(over: str, pays: str, year_starts: int = 1) -> tuple[str, str] | None:
    """Say why a component over such a window would miss its pay, and what to write."""
    if pays == "quarter" and over in ("quarter", "year") and year_starts % 3 != 1:
        return (
            f"The plan pays by quarter from January on, and a year that begins in"
            f" {month_name[year_starts]} is not made of such quarters.",
            "Pay by month (pays), or let the year begin in January, April, July or"
            " October (year_starts).",
        )
    whole = WHOLE.get(pays, _OF_WEEKS if weeks_of(pays) else ())
    if over in ("period", "always") or over in whole:
        return None
    by = words_of(pays) if is_calendar(pays) else _WORDS[pays][:-1]
    words = f"The plan pays by {by}, and {_WORDS[over]} are not made of whole "
    words += "periods of it." if is_calendar(pays) else f"{_WORDS[pays]}."
    allowed = ", ".join(["period", *whole])
    return words, f"Pay over {allowed}, or change what the plan pays by (pays)."
