"""Which windows a plan can pay over: those that are made of whole pay periods."""

from collections.abc import Mapping

# By what the plan pays by. A month does not end with a week, so what is due at its end
# would never be paid.
WHOLE: Mapping[str, tuple[str, ...]] = {
    "week": ("week",),
    "half_month": ("half_month", "month", "quarter", "year"),
    "month": ("month", "quarter", "year"),
    "quarter": ("quarter", "year"),
    "year": ("year",),
}
_WORDS = {
    "week": "weeks",
    "half_month": "half months",
    "month": "months",
    "quarter": "quarters",
    "year": "years",
}


def never_paid(over: str, pays: str) -> tuple[str, str] | None:
    """Say why a component over such a window would miss its pay, and what to write."""
    if over in ("period", "always") or over in WHOLE[pays]:
        return None
    words = (
        f"The plan pays by {_WORDS[pays][:-1]}, and {_WORDS[over]} are not made of"
        f" whole {_WORDS[pays]}."
    )
    allowed = ", ".join(["period", *WHOLE[pays]])
    return words, f"Pay over {allowed}, or change what the plan pays by (pays)."
