"""What an example says beside people and deals: things, tables, rates, adjustments."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from commissions.calculation.facts import (
    AdjustmentFact,
    DatedValue,
    RateFact,
    TableFact,
    ThingFact,
    ThingKind,
    measure_key,
)
from commissions.plans.document import PlanDocument, Raw
from commissions.plans.example_dated import dated_values
from commissions.plans.example_values import (
    day,
    listed,
    mapping,
    number,
    read_value,
    refuse_unknown,
    text,
)
from commissions.plans.example_values import period as read_period
from commissions.plans.hints import suggestion
from commissions.plans.table_form import build_versions, check_table, tidy_table
from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.periods import Period
from crm_sync.ledger.facts import Value, ValueType

_THINGS: Mapping[str, ThingKind] = {
    "products": "product",
    "services": "service",
    "territories": "territory",
    "customers": "customer",
    "business": "business",
}
_RATE_KEYS = ("from", "to", "on", "rate", "source")
_ADJUSTMENT_KEYS = ("payee", "on", "period", "amount", "reason", "component", "kind")
_DAY = timedelta(days=1)

Rates = Mapping[tuple[str, date], RateFact]
Things = Mapping[tuple[ThingKind, str], ThingFact]
Types = Mapping[str, Mapping[str, ValueType]]


@dataclass(frozen=True, slots=True)
class Adjusted:
    """An adjustment of an example: whose, in which period, and what."""

    payee: str
    period: str
    fact: AdjustmentFact


def read_things(raw: Mapping[str, Raw], types: Types) -> Things:
    """Read products, services, territories, customers and the business."""
    found: dict[tuple[ThingKind, str], ThingFact] = {}
    for section, kind in _THINGS.items():
        given = mapping(raw.get(section, {}), section)
        named = {"": given} if kind == "business" and given else given
        for name, body in named.items():
            of_kind = types.get(kind, {})
            found[kind, name] = _thing(kind, name, mapping(body, section), of_kind)
    return found


def _thing(
    kind: str, name: str, given: Mapping[str, Raw], types: Mapping[str, ValueType]
) -> ThingFact:
    standing: dict[str, Value] = {}
    dated: list[DatedValue] = []
    for key, value in given.items():
        what = f"{kind} {name}, {key}" if name else f"{kind}, {key}"
        if key not in types:
            hint = suggestion(key, types)
            hint = hint or f"Declare it: fields: {{{kind}.{key}: percent}}."
            raise ProductError(f"There is no field “{kind}.{key}”.", hint=hint)
        if isinstance(value, str):
            standing[key] = read_value(value, types[key], what)
        else:
            dated += dated_values(key, value, types[key], what)
    return ThingFact(standing, tuple(dated))


def read_tables(raw: Mapping[str, Raw]) -> tuple[TableFact, ...]:
    """Read rate tables of the business, which are read before those of the plan."""
    found: list[TableFact] = []
    for name, given in mapping(raw.get("tables", {}), "tables").items():
        table = mapping(tidy_table(given), f"tables.{name}")
        for where, message, hint in check_table(table):
            raise ProductError(f"tables.{name}.{where}: {message}", hint=hint)
        found += dated_tables(name, table)
    return tuple(found)


def dated_tables(name: str, raw: Mapping[str, Raw]) -> list[TableFact]:
    """Return the versions of a table, each up to the day before the next."""
    versions = build_versions(raw)
    ends = [start - _DAY for start, _ in versions[1:]]
    return [
        TableFact(name, start, last, table)
        for (start, table), last in zip(versions, [*ends, None], strict=True)
    ]


def read_rates(raw: Mapping[str, Raw], document: PlanDocument) -> tuple[Rates, Rates]:
    """Read rates into the plan's currency, and those for settling out of it."""
    into: dict[tuple[str, date], RateFact] = {}
    settling: dict[tuple[str, date], RateFact] = {}
    for item in listed(raw, "rates"):
        part = mapping(item, "rates")
        refuse_unknown(part, _RATE_KEYS, "a rate")
        source = text(part, "source") or "this example"
        rate = number(text(part, "rate"), "A rate")
        base = text(part, "from") or document.currency
        other = text(part, "to") or document.currency
        if document.currency not in (base, other) or base == other:
            words = f"A rate is from or to {document.currency}, the plan's currency."
            raise ProductError(words, hint="Like {from: EUR, on: …, rate: 1.08}.")
        for on in _days(text(part, "on")):
            fact = RateFact(rate, source, on)
            if other == document.currency:
                into[base, on] = fact
            else:
                settling[other, on] = fact
    return into, settling


def _days(written: str) -> Iterable[date]:
    """Return the day that is written, or every day of the period that is."""
    if not written:
        hint = "Like on: 2026-11-12, or on: 2026-11."
        raise ProductError("A rate needs its day.", hint=hint)
    if len(written) == 10:
        on = day(written, "A rate")
        return [on] if on else []
    period = read_period(written)
    count = (period.ends_on - period.starts_on).days + 1
    return [period.starts_on + _DAY * at for at in range(count)]


def read_adjustments(
    raw: Mapping[str, Raw], document: PlanDocument, periods: tuple[Period, ...]
) -> tuple[Adjusted, ...]:
    """Read amounts that a person put on a statement; the first period by default."""
    found = []
    for at, item in enumerate(listed(raw, "adjustments"), start=1):
        part = mapping(item, "adjustments")
        refuse_unknown(part, _ADJUSTMENT_KEYS, "an adjustment")
        on = day(text(part, "on"), "An adjustment") or periods[0].starts_on
        slug = text(part, "period")
        period = read_period(slug) if slug else None
        if period is None:
            period = next((p for p in periods if p.contains(on)), None)
        if period is None or period not in periods:
            raise ProductError("An adjustment lies outside the example's periods.")
        key = text(part, "component") or "adjustments"
        component = document.component(key)
        if component is None and key != "adjustments":
            raise ProductError(f"The plan has no component “{key}”.")
        kind = text(part, "kind") or "adjustment"
        if kind not in ("adjustment", "clawback"):
            raise ProductError(f"“{kind}” is not a kind of adjustment.")
        fact = AdjustmentFact(
            id=at,
            kind="clawback" if kind == "clawback" else "adjustment",
            amount=number(text(part, "amount"), "An adjustment"),
            currency=document.currency,
            reason=text(part, "reason") or "adjustment",
            earned_on=on,
            plan_id=1,
            version_id=1,
            component=key,
            component_name=component.name if component else "Adjustments",
        )
        found.append(Adjusted(text(part, "payee"), period.slug, fact))
    return tuple(found)


def read_balances(
    given: Raw, what: str, document: PlanDocument
) -> Iterable[tuple[str, str, Decimal]]:
    """Read `{volume: {2026-10: 1000}}` as measure, period and value.

    A value without a period has an empty one. What runs `by` something has a value for
    each, `{bought: {Acme: 500}}`, which are added up as well.
    """
    for name, value in mapping(given, what).items():
        measure = document.measure(name)
        if measure is None:
            names = [measure.name for measure in document.measures]
            hint = suggestion(name, names)
            raise ProductError(f"{what}: there is no measure “{name}”.", hint=hint)
        where = f"{what}, {name}"
        if isinstance(value, str):
            yield measure_key(1, name), "", number(value, where)
        elif what == "opening" and measure.by:
            yield from _by_each(name, value, "", where)
        else:
            for slug, amount in mapping(value, where).items():
                found = read_period(slug).slug
                if isinstance(amount, Mapping) and measure.by:
                    yield from _by_each(name, amount, found, where)
                else:
                    yield measure_key(1, name), found, _one(amount, where)


def _by_each(
    name: str, given: Raw, slug: str, what: str
) -> Iterable[tuple[str, str, Decimal]]:
    parts = {each: _one(value, what) for each, value in mapping(given, what).items()}
    for each, part in parts.items():
        yield measure_key(1, f"{name}[{each}]"), slug, part
    yield measure_key(1, name), slug, sum(parts.values(), Decimal(0))


def _one(value: Raw, what: str) -> Decimal:
    if not isinstance(value, str):
        raise ProductError(f"{what} must be a single value.")
    return number(value, what)
