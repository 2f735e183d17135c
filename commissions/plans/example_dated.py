"""Values that change with time, as examples write them.

`{2026-01: 160}` holds in that period, `{2026-01-15: 160}` from that day to the next
one that is written, and a list of `{from, to, value}` says both days.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from commissions.calculation.facts import DatedValue
from commissions.plans.document import Raw
from commissions.plans.example_values import day, mapping, read_value, text
from commissions.plans.example_values import period as read_period
from commissions.plans.table_form import read_day
from commissions_saas.lib.errors import ProductError
from crm_sync.ledger.facts import ValueType

Stretch = tuple[date, date | None]

_DAY = timedelta(days=1)
_FIRST = date(1900, 1, 1)


def dated_values(
    key: str, given: Raw, kind: ValueType, what: str
) -> Iterable[DatedValue]:
    """Return a value as it was from day to day."""
    for shown, (first, last) in stretches(given, "value", what):
        yield DatedValue(key, read_value(shown, kind, what), first, last)


def stretches(given: Raw, key: str, what: str) -> Iterable[tuple[str, Stretch]]:
    """Return texts with the days on which they hold."""
    if isinstance(given, str):
        yield given, (_FIRST, None)
    elif isinstance(given, Mapping):
        yield from _by_time(given, what)
    else:
        for item in given:
            part = mapping(item, what)
            for name in part:
                if name not in (key, "value", "name", "from", "to"):
                    hint = f"Like {{from: 2026-01-01, {key}: …}}."
                    raise ProductError(f"{what}: “{name}” is not known.", hint=hint)
            shown = text(part, key) or text(part, "value") or text(part, "name")
            if not shown:
                raise ProductError(f"{what}: “{key}” is missing.")
            first = day(text(part, "from"), what) or _FIRST
            yield shown, (first, day(text(part, "to"), what))


def _by_time(given: Mapping[str, Raw], what: str) -> Iterable[tuple[str, Stretch]]:
    days = sorted(read_day(when, what) for when in given if len(when) == 10)
    for when, shown in given.items():
        if not isinstance(shown, str):
            raise ProductError(f"{what}: “{when}” must be a single value.")
        if len(when) == 10:
            first = read_day(when, what)
            later = [other for other in days if other > first]
            yield shown, (first, later[0] - _DAY if later else None)
        else:
            period = read_period(when)
            yield shown, (period.starts_on, period.ends_on)
