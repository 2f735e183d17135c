"""Which periods an example goes through, and which of them were written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from commissions.plans.document import PlanDocument, Raw
from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.periods import Period, parse_period
from commissions_saas.lib.weeks import full_slug, short_slug, weeks_of

_MOST = 160
_OF_WEEKS = re.compile(r"\d{4}-p\d{2}", re.IGNORECASE)
_RANGE = re.compile(r"\s*(?:\.\.\.?|–| to )\s*")


@dataclass(frozen=True, slots=True)
class Span:
    """The pay periods of an example, without gaps, oldest first.

    `alone` says that one period was written: then everything that the example says is
    known in it. Otherwise each period is frozen at its end, as it was known then.
    """

    periods: tuple[Period, ...]
    alone: bool

    @property
    def slug(self) -> str:
        """Return the stretch in short: `2026-01..2026-03`."""
        first, last = self.periods[0].slug, self.periods[-1].slug
        return first if first == last else f"{first}..{last}"

    def named(self, slug: str) -> Period | None:
        """Return the period of this name, or nothing."""
        return next((p for p in self.periods if p.slug == slug.lower()), None)


def read_span(raw: Mapping[str, Raw], document: PlanDocument) -> Span:
    """Read `period: 2026-03`, or `periods` as a list or as `2026-01..2026-06`."""
    if "periods" not in raw:
        written = raw.get("period", "")
        if isinstance(written, str) and not _RANGE.search(written):
            return Span((parse_period(written.lower()),), alone=True)
        return _through(_slugs(written))
    return _through(_slugs(raw["periods"]))


def in_calendar(raw: Mapping[str, Raw], pays: str) -> Mapping[str, Raw]:
    """Let `2026-p03` say in which calendar of weeks it is: the one the plan pays by."""
    if weeks_of(pays) is None:
        return raw
    found = _named(raw, pays, "")
    return found if isinstance(found, Mapping) else raw


def _named(raw: Raw, pays: str, key: str) -> Raw:
    if isinstance(raw, Mapping):
        return {
            _full(name, pays) if _OF_WEEKS.fullmatch(name) else name: _named(
                value, pays, name
            )
            for name, value in raw.items()
        }
    if isinstance(raw, str):
        return _full(raw, pays) if key in ("period", "periods") else raw
    return [_named(part, pays, key) for part in raw]


def _full(text: str, pays: str) -> str:
    return _OF_WEEKS.sub(lambda found: full_slug(pays, found[0].lower()), text)


def shown(slug: str) -> str:
    """Return a period, or a stretch of them, as it is written: `2026-p01..2026-p03`."""
    return "..".join(short_slug(part) for part in slug.split(".."))


def _slugs(written: Raw) -> list[str]:
    if isinstance(written, str):
        parts = _RANGE.split(written)
        return [slug.strip().lower() for part in parts for slug in part.split(",")]
    if isinstance(written, list) and all(isinstance(slug, str) for slug in written):
        return [str(slug).lower() for slug in written]
    hint = "Like periods: [2026-01, 2026-02], or periods: 2026-01..2026-06."
    raise ProductError("“periods” is a list of periods.", hint=hint)


def _through(slugs: list[str]) -> Span:
    named = sorted(parse_period(slug) for slug in slugs)
    if len({period.kind for period in named}) > 1:
        raise ProductError("The periods of an example are all of one kind.")
    period, last = named[0], named[-1]
    found = [period]
    while period.starts_on < last.starts_on:
        if len(found) >= _MOST:
            raise ProductError(f"An example goes through at most {_MOST} periods.")
        period = period.next()
        found.append(period)
    return Span(tuple(found), alone=False)
