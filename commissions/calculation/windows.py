"""The windows that totals run over, and what is stored of the periods before."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from commissions.calculation.facts import PayeeInputs, measure_key
from commissions.calculation.program import ZERO, MeasureProgram, Window
from commissions_saas.lib.periods import Period, parse_period, period_of

HOLE = "!"  # ends the key of a measure that could not be worked out
_DAY = timedelta(days=1)
_DAY_LENGTH = len("2026-01-05")  # two weeks from then have a letter more
Kept = tuple[tuple[Period, Decimal], ...]


@dataclass(slots=True)
class Sum:
    """A measure inside one window, as it grows; `kept` is what was stored before.

    `lost` are earlier periods in which it could not be worked out.
    """

    window: Period
    total: Decimal = ZERO
    at_start: Decimal = ZERO
    failed: str = ""
    kept: Kept = ()
    of: str = ""
    lost: tuple[Period, ...] = ()

    def hole(self, name: str, until: date) -> str:
        """Say why it is not known where the measure stood at the end of a day, or "".

        A later period that has an amount was worked out without what was lost.
        """
        ends = [one.ends_on for one, _ in self.kept if one.ends_on <= until]
        known = max(ends, default=date.min)
        lost = [one for one in self.lost if known < one.ends_on <= until]
        return f"What “{name}” came to in {lost[0].label} is not known." if lost else ""

    def before(self, name: str, period: Period) -> str:
        """Say why it is not known where the measure stood before a period, or ""."""
        return self.hole(name, period.starts_on - _DAY)

    def standing(self, period: Period) -> tuple[Decimal, Decimal]:
        """Return what was stored before an earlier period, and with it."""
        before = after = ZERO
        for earlier, value in self.kept:
            if precedes(earlier, period):
                before += value
            if earlier.starts_on <= period.ends_on:
                after += value
        return before, after


@dataclass(slots=True)
class Windows:
    """Finds the window of a day, and what is stored of the periods before this one."""

    inputs: PayeeInputs
    plan_id: int
    _found: dict[tuple[Window, date], Period] = field(default_factory=dict)
    _kept: dict[str, list[tuple[Period, Decimal]]] | None = None

    def of(self, over: Window, day: date) -> Period:
        """Return the window of this kind that holds `day`."""
        key = over, day
        if key not in self._found:
            kind = self.inputs.period.kind if over == "period" else over
            self._found[key] = period_of(kind, day)
        return self._found[key]

    def opened(self, name: str, window: Period) -> Sum:
        """Start a window with what is stored of its earlier periods."""
        kept = self._inside(name, window)
        start = sum((value for _, value in kept), ZERO)
        found = Sum(window, start, start, kept=kept)
        found.lost = tuple(period for period, _ in self._inside(name + HOLE, window))
        found.failed = found.hole(name, window.ends_on)
        return found

    def _inside(self, name: str, window: Period) -> Kept:
        if self._kept is None:
            self._kept = self._read_kept()
        return tuple(
            (period, value)
            for period, value in self._kept.get(name, ())
            if window.starts_on <= period.ends_on <= window.ends_on
        )

    def keys_of(self, name: str) -> list[str]:
        """Return what a measure was stored for, where it runs for each by itself."""
        if self._kept is None:
            self._kept = self._read_kept()
        start = f"{name}["
        found = {key.removesuffix(HOLE) for key in self._kept if key.startswith(start)}
        return sorted(key[len(start) : -1] for key in found)

    def now(self, measure: MeasureProgram) -> Sum:
        """Start the window that holds the period's last day."""
        window = self.of(measure.over, self.inputs.period.ends_on)
        return self.opened(measure.name, window)

    def _read_kept(self) -> dict[str, list[tuple[Period, Decimal]]]:
        found: dict[str, list[tuple[Period, Decimal]]] = {}
        start = measure_key(self.plan_id, "")
        for (key, slug), value in self.inputs.stored.items():
            period = stored_period(slug)
            if key.startswith(start) and precedes(period, self.inputs.period):
                found.setdefault(key[len(start) :], []).append((period, value))
        for periods in found.values():
            periods.sort(key=lambda one: one[0].starts_on)
        return found


def precedes(stored: Period, period: Period) -> bool:
    """Say whether what was stored came before a period.

    A day stands for an opening balance: in whichever period it lies, it opens it.
    """
    first = period.ends_on + _DAY if stored.kind == "day" else period.starts_on
    return stored.ends_on < first


def is_day(slug: str) -> bool:
    """Say whether a slug is the day of an opening balance, not a pay period."""
    return slug.count("-") == 2 and len(slug) == _DAY_LENGTH


@lru_cache(maxsize=4096)
def stored_period(slug: str) -> Period:
    if is_day(slug):
        return period_of("day", date.fromisoformat(slug))
    return parse_period(slug)
