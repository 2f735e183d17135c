"""Formulas and values by chance: every function, every type, tables of every shape."""

import datetime
from decimal import Decimal

from hypothesis import strategies as st

from commissions.formula import KeyedTable, TierTable, Type
from tests.formula.world import INPUTS, KEYED, PRIZES, THRESHOLD, TIERS

Texts = st.SearchStrategy[str]

NUMBERS = st.sampled_from(
    ["0", "1", "2", "3.5", "0.1", "100", "72126.50", "1000000000000000", ".01"]
)
SUMS = st.sampled_from([" + ", " - ", "-", "+"])
PRODUCTS = st.sampled_from([" * ", " / ", " // ", " % ", "*", "/"])
TIERED = st.sampled_from(["tiers.example", "tiers.threshold", "tiers.prizes"])
OUTSIDE = st.sampled_from(["flat", "line", "refuse"])


def _wrapped(shape: str, *parts: Texts) -> Texts:
    return st.tuples(*parts).map(lambda found: shape.format(*found))


def of_numbers(
    number: Texts, money: Texts, condition: Texts, text: Texts, day: Texts
) -> Texts:
    return st.one_of(
        _wrapped("({}{}{})", number, SUMS, number),
        _wrapped("({}{}{})", number, PRODUCTS, number),
        _wrapped("({} / {})", money, money),
        _wrapped("(({}) ** {})", number, st.integers(-5, 100).map(str)),
        _wrapped("round({}, {})", number, st.integers(-3, 10).map(str)),
        _wrapped("clamp({}, {}, {})", number, number, number),
        _wrapped("prorate({}, {}, {})", number, number, number),
        _wrapped("IF({}, {}, {})", condition, number, number),
        _wrapped("rate_at({}, {})", money, TIERED),
        _wrapped("curve({}, {})", number, TIERED),
        _wrapped('curve({}, {}, "{}")', number, TIERED, OUTSIDE),
        _wrapped("blended_rate({}, {}, {})", money, money, TIERED),
        _wrapped("prize({}, {}, {})", number, number, TIERED),
        _wrapped("prize(deal.units, 2, tiers.prizes)"),
        _wrapped("-{}", number),
        _wrapped("lookup(tables.rates, {}, {})", text, text),
        _wrapped("({} - {})", day, day),
        _wrapped(
            "{}({}, {})",
            st.sampled_from(
                ["days_between", "days_including", "months_between", "months_begun"]
            ),
            day,
            day,
        ),
        _wrapped(
            "{}({})",
            st.sampled_from(["year", "month", "day", "quarter", "days_in_month"]),
            day,
        ),
    )


def of_money(
    number: Texts, money: Texts, condition: Texts, text: Texts, day: Texts
) -> Texts:
    return st.one_of(
        _wrapped("({}{}{})", money, SUMS, money),
        _wrapped("({} * {})", money, number),
        _wrapped("({} / {})", money, number),
        _wrapped("{}({}, {})", st.sampled_from(["min", "max"]), money, money),
        _wrapped(
            "{}({})", st.sampled_from(["abs", "floor", "ceil", "round", "-"]), money
        ),
        _wrapped("({} if {} else {})", money, condition, money),
        _wrapped("clamp({}, 0, {})", money, money),
        _wrapped("prorate({}, {}, {})", money, number, number),
        _wrapped("marginal({}, {}, {})", money, money, TIERED),
        _wrapped("whole({}, {}, {})", money, money, TIERED),
        _wrapped("or_else(deal.discount, {})", money),
    )


def of_conditions(
    number: Texts, money: Texts, condition: Texts, text: Texts, day: Texts
) -> Texts:
    signs = st.sampled_from([" < ", " <= ", " > ", " >= ", " == ", " != "])
    return st.one_of(
        _wrapped("({}{}{})", number, signs, number),
        _wrapped("({}{}{})", money, signs, money),
        _wrapped("({}{}{})", day, signs, day),
        _wrapped("({} == {})", text, text),
        _wrapped("({} < {} <= {})", money, money, money),
        _wrapped("({} and {})", condition, condition),
        _wrapped("({} or {})", condition, condition),
        _wrapped("(not {})", condition),
        _wrapped("IF({}, {}, {})", condition, condition, condition),
        _wrapped("is_one_of({}, {}, {})", text, text, text),
        _wrapped("is_one_of({}, {}, {})", number, number, number),
        _wrapped(
            "{}({}, {})",
            st.sampled_from(["contains", "starts_with", "ends_with"]),
            text,
            text,
        ),
        _wrapped("has_row(tables.rates, {}, {})", text, text),
        st.just("is_blank(deal.discount)"),
        st.just("is_blank(deal.region)"),
    )


def of_texts(text: Texts, condition: Texts) -> Texts:
    return st.one_of(
        _wrapped("lower({})", text),
        _wrapped("IF({}, {}, {})", condition, text, text),
        _wrapped("or_else(deal.region, {})", text),
    )


def of_days(day: Texts, number: Texts, condition: Texts) -> Texts:
    small = st.integers(-40, 40).map(str) | number
    return st.one_of(
        _wrapped("add_days({}, {})", day, small),
        _wrapped("add_months({}, {})", day, small),
        _wrapped("{}({})", st.sampled_from(["month_start", "month_end"]), day),
        _wrapped("{}({}, {})", st.sampled_from(["min", "max"]), day, day),
        _wrapped("({} if {} else {})", day, condition, day),
        _wrapped("or_else(deal.lost_on, {})", day),
    )


def _of_depth(depth: int) -> Texts:
    """Return formulas of every type, nested so deep."""
    number: Texts = NUMBERS | st.sampled_from(["deal.units", "deal.share", "6%"])
    number = number | st.sampled_from(["(1 / 3)", "(deal.units / 7)"])
    money: Texts = st.sampled_from(["amount", "deal.amount", "deal.discount", "quota"])
    money = money | NUMBERS | st.sampled_from(["(100 / 3)", "(deal.amount / 7)"])
    condition: Texts = st.sampled_from(["yes", "deal.renewal", "deal.customer_paid"])
    text: Texts = st.sampled_from(
        ["deal.product", "deal.region", '"Boiler"', "'Heat pump'", '"North"', '"o"']
    )
    day: Texts = st.sampled_from(
        ["deal.won_on", "deal.lost_on", 'date("2026-01-31")', 'date("2024-02-29")']
    )
    for _ in range(depth):
        parts = number, money, condition, text, day
        number, money, condition, text, day = (
            number | of_numbers(*parts),
            money | of_money(*parts),
            condition | of_conditions(*parts),
            text | of_texts(text, condition),
            day | of_days(day, number, condition),
        )
    return st.one_of(number, money, condition, text, day)


FORMULAS = st.one_of(_of_depth(1), _of_depth(2), _of_depth(3))


def _blank_or(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | values


AMOUNTS = st.sampled_from(
    ["0", "-0.00", "0.01", "-5.25", "21600.00", "79999.99", "80000", "1E+15", "1E-10"]
).map(Decimal) | st.integers(-(10**9), 10**9).map(lambda cents: Decimal(cents) / 100)
DAYS = st.dates(datetime.date(2024, 1, 1), datetime.date(2028, 1, 1))
VALUE_OF = {
    Type.MONEY: _blank_or(AMOUNTS),
    Type.NUMBER: _blank_or(AMOUNTS | st.integers(0, 12).map(Decimal)),
    Type.PERCENT: _blank_or(st.sampled_from(["0", "0.5", "1", "-0.1"]).map(Decimal)),
    Type.TEXT: _blank_or(
        st.sampled_from(["", "Boiler", "Heat pump", "North", "Straße"])
    ),
    Type.DATE: _blank_or(DAYS),
    Type.YESNO: _blank_or(st.booleans()),
}
BOUNDS = st.integers(-20_000, 2_000_000).map(lambda cents: Decimal(cents) / 100)
RATES = st.integers(-2_000, 5_000).map(lambda points: Decimal(points) / 10_000)


@st.composite
def tier_tables(draw: st.DrawFn) -> TierTable:
    edge = draw(st.sampled_from(["up", "down"]))
    starts = sorted(draw(st.sets(BOUNDS, min_size=1, max_size=6)))
    return TierTable(tuple((start, draw(RATES)) for start in starts), edge)


KEYS = st.sampled_from(["*", "Boiler", "Heat pump", "North"])
KEYED_TABLES = st.dictionaries(st.tuples(KEYS, KEYS), RATES, min_size=1).map(
    lambda rows: KeyedTable({(one, other): rate for (one, other), rate in rows.items()})
)
VALUES = st.fixed_dictionaries(
    {
        **{
            name: VALUE_OF[kind]
            for name, kind in INPUTS.items()
            if kind is not Type.TABLE
        },
        "tiers.example": st.just(TIERS) | tier_tables(),
        "tiers.threshold": st.just(THRESHOLD) | tier_tables(),
        "tiers.prizes": st.just(PRIZES) | tier_tables(),
        "tables.rates": st.just(KEYED) | KEYED_TABLES,
    }
)
