"""Text that wants something else than a commission: refused quickly, or bounded."""

import datetime
import tracemalloc
from decimal import Decimal, localcontext
from functools import partial
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from commissions.formula import (
    EvaluationError,
    InvalidFormula,
    KeyedTable,
    TierTable,
    Type,
    check_formula,
    compile_formula,
)
from commissions.formula.check_door import answer
from tests.formula.timing import quickest
from tests.formula.world import INPUTS, VALUES

SHAPES = {
    "a megabyte": "1+" * 500_000 + "1",
    "ten megabytes": "1" * 10_000_000,
    "a sum of 5,000 terms": "+".join(["1"] * 5000),
    "50,000 minus signs": "-" * 50_000 + "1",
    "900 minus signs": "-" * 900 + "1",
    "900 brackets": "(" * 900 + "1" + ")" * 900,
    "900 open brackets": "(" * 900,
    "900 closing brackets": ")" * 900,
    "300 nots": "not " * 300 + "yes",
    "nested conditions": "IF(yes," * 200 + "1",
    "a chain of comparisons": "<".join(["1"] * 500),
    "a chain of conditions": " if yes else ".join(["1"] * 150),
    "a chain of powers": "**".join(["2"] * 300),
    "5,000 digits": "9" * 5000,
    "1,990 digits": "9" * 1990,
    "1,990 places": "0." + "0" * 1980 + "1",
    "many unknown names": "+".join(f"amount{at:04}" for at in range(150)),
    "a long unknown name": "a" * 1900,
    "many quotes": '"' * 1999,
    "many commas": "min(" + "1," * 400,
    "thousands": "1" + ",000" * 400,
    "a null": "amount\x00",
    "a vertical tab": "amount\v* 2",
    "a lone surrogate": '"\ud800"',
    "a byte order mark": "\ufeffamount",
    "a line separator": "amount\u2028* 2",
    "a zero-width space": "am\u200bount",
    "a soft hyphen in text": 'deal.product == "Heat\u00adpump"',
    "a direction mark in text": 'deal.product == "\u202eHeat"',
    "attribute": "amount.__class__.__mro__",
    "method": '"".format(amount)',
    "attribute of a text": '"a".upper()',
    "attribute of a number": "(1).real",
    "globals": "min.__globals__",
    "subclasses": '"".__class__.__base__.__subclasses__()',
    "generator": "(a for a in amount)",
    "frame": "(a for a in [1]).gi_frame.f_globals",
    "built-in": 'open("/etc/passwd")',
    "import": '__import__("os").system("id")',
    "eval": 'eval("1")',
    "lambda": "(lambda: 1)()",
    "walrus": "(a := 1)",
    "list": "[1] * 1000000",
    "text times number": '"a" * 1000000000',
    "padding": 'deal.product % "%1000000d"',
    "f-string": 'f"{amount:>1000000}"',
    "bytes": 'b"a"',
    "shift": "1 << 100000",
    "bits": "1 | 2",
    "invert": "~1",
    "matrix": "1 @ 2",
    "star": "min(*amount)",
    "keyword": "round(amount, places=2)",
    "slice": "deal.product[0:1]",
    "tuple": "(1, 2)",
    "dictionary": '{"a": 1}',
    "ellipsis": "...",
    "complex": "1j",
    "infinity": "1e400",
    "infinity by exponent": "1e999999999999",
    "not a number": "nan",
    "random": "rand()",
    "randint": "randint(5)",
    "float": "float(amount)",
    "two statements": "amount; amount * 2",
    "two lines": "amount\namount * 2",
    "assignment": "amount = 3",
    "augmented assignment": "amount += 3",
    "yes/no as number": "deal.renewal + 1",
    "yes/no literal as number": "True + True",
    "function as value": "min",
    "huge power": "9 ** 9 ** 9",
    "huge round": "round(amount, 100000000)",
    "await": "await amount",
    "yield": "yield amount",
    "decorator": "@amount",
    "comment": "amount # * 2",
    "backslash": "amount \\\n * 2",
    "full-width": "ａｍｏｕｎｔ * 2",
    "full-width digits": "１２",
    "arabic digits": "١٢",
    "cyrillic": "аmount * 2",
    "mathematical letters": "𝐚𝐦𝐨𝐮𝐧𝐭",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_hostile_text_is_refused_within_50_milliseconds(shape: str) -> None:
    refused: list[InvalidFormula] = []

    def refuse() -> None:
        with pytest.raises(InvalidFormula) as caught:
            compile_formula(SHAPES[shape], INPUTS, None)
        refused.append(caught.value)

    assert quickest(refuse, 0.05) < 0.05
    for problem in refused[0].problems:
        assert len(problem.message) < 300
    assert len(str(refused[0])) < 20_000


STRANGE = yaml.safe_load(Path(__file__).with_name("hostile.yaml").read_text("utf-8"))
NAMES = {
    "deal.amount": {"type": "money", "value": "21600.00"},
    "deal.dealer_fee": {"type": "money", "value": "1380.00"},
    "deal.units": {"type": "number", "value": "3"},
    "deal.share": {"type": "percent", "value": "50%"},
    "deal.product": {"type": "text", "value": "Heat pump"},
    "deal.won_on": {"type": "date", "value": "2026-11-19"},
    "deal.lost_on": {"type": "date", "value": None},
    "deal.customer_paid": {"type": "yes/no", "value": True},
    "deal.renewal": {"type": "yesno", "value": "no"},
    "quota": {"type": "money", "value": "0"},
    "volume.before": {"type": "money", "value": "72126.50"},
    "deal.discount": {"type": "money", "value": None},
    "tiers.advisor": {"type": "table", "value": "0: 6%, 80000: 8%"},
}


def test_what_strangers_try_is_refused_where_it_is_wrong_and_in_words() -> None:
    assert len(STRANGE) > 700
    for case in STRANGE:
        text = case["text"]
        item = {"id": 1, "text": text, "names": NAMES, "result": None}
        found = answer(item)
        assert (found["accepted"], found["value"]) == (False, None), text
        assert found["message"] == case["says"], text
        assert f"{found['line']}:{found['column']}" == case["at"], text
        assert quickest(partial(answer, item), 0.05) < 0.05, text


LONG = "ß" * 32_766
MANY_KEYS = KeyedTable({(str(at), "*", "*", "*"): Decimal(at) for at in range(5_000)})
MANY_TIERS = TierTable(tuple((Decimal(at), Decimal(at)) for at in range(100)))
OF_LARGE_VALUES = {
    "texts that are long": f"OR({','.join(['contains(n,m)'] * 120)})",
    "ends of long texts": f"OR({','.join(['ends_with(m,n)'] * 120)})",
    "small letters of long texts": f"OR({','.join(['lower(n)==lower(m)'] * 70)})",
    "a large keyed table": f"min({','.join(['lookup(k,9,8,7,6)'] * 60)})",
    "a large table with tiers": f"min({','.join(['marginal(0,a,t)'] * 78)})",
    "a prize that a thousand share": "+".join(["prize(1,1000,t)"] * 9),
}


@pytest.mark.parametrize("shape", OF_LARGE_VALUES)
def test_large_values_cost_less_than_100_milliseconds_and_16_megabytes(
    shape: str,
) -> None:
    kinds = {"n": Type.TEXT, "m": Type.TEXT, "a": Type.NUMBER}
    kinds |= {"t": Type.TABLE, "k": Type.TABLE}
    values: dict[str, object] = {"n": LONG + "x", "m": LONG + "y", "a": Decimal(5000)}
    values |= {"t": MANY_TIERS, "k": MANY_KEYS}
    formula = compile_formula(OF_LARGE_VALUES[shape], kinds, None)

    tracemalloc.start()
    formula.evaluate(values)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    for way in (formula.evaluate, formula.explain):
        assert quickest(partial(way, values), 0.1) < 0.1
    assert most < 16 * 2**20


DEAR = {
    "powers": "+".join(["(1.0000000001 ** 100) ** 100"] * 50),
    "slices": "+".join(["marginal(1, amount, tiers.example)"] * 50),
    "divisions": "/".join(["3.7"] * 60),
    "text": " or ".join([f'contains("{"a" * 150}", "{"b" * 20}")'] * 10),
}


@pytest.mark.parametrize("shape", DEAR)
def test_a_dear_formula_is_worked_out_within_100_milliseconds(shape: str) -> None:
    formula = compile_formula(DEAR[shape], INPUTS, None)

    for way in (formula.evaluate, formula.explain):
        assert quickest(partial(way, VALUES), 0.1) < 0.1


WORDS = """
amount deal.product deal.won_on tiers.example min max round IF AND if else and or not yes
no in is for lambda None ( ) , + - * / // % ** == = != < <= > >= <> ! ; : . [ ] { } 6% 0 1
2.5 1e3 0x1 'a' " ' # $ é __class__ date \\ & | ^ ~ @ ?
"""
FRAGMENTS = st.sampled_from([*WORDS.split(), "\n", "\t", "\u202e"])


@settings(max_examples=400, deadline=None)
@given(st.lists(FRAGMENTS, max_size=14).map(" ".join) | st.text(max_size=40))
def test_any_text_gives_a_formula_or_problems_and_nothing_else(text: str) -> None:
    problems = check_formula(text, INPUTS, None)

    if problems:
        for problem in problems:
            assert problem.line >= 1
            assert 1 <= problem.column < problem.end_column
        return
    formula = compile_formula(text, INPUTS, None)
    try:
        formula.evaluate(VALUES)
    except EvaluationError as failed:
        assert 0 <= failed.start < failed.end <= len(text)


def test_a_float_never_gets_in() -> None:
    formula = compile_formula("amount * 2", {"amount": Type.MONEY}, Type.MONEY)

    with pytest.raises(TypeError, match="declared as money but a float"):
        formula.evaluate({"amount": 1.5})


def test_a_datetime_is_not_a_date() -> None:
    formula = compile_formula("year(day)", {"day": Type.DATE}, Type.NUMBER)

    with pytest.raises(TypeError, match="datetime"):
        formula.evaluate({"day": datetime.datetime(2026, 1, 1)})


def test_the_result_does_not_depend_on_the_caller_s_decimal_settings() -> None:
    formula = compile_formula("1 / 3 + amount", {"amount": Type.NUMBER}, Type.NUMBER)
    expected = formula.evaluate({"amount": Decimal(1)})

    with localcontext() as context:
        context.prec = 3
        context.rounding = "ROUND_UP"
        assert formula.evaluate({"amount": Decimal(1)}) == expected
        assert formula.explain({"amount": Decimal(1)}).value == expected
        assert context.prec == 3


def test_no_text_of_the_customer_gets_into_the_compiled_code() -> None:
    formula = compile_formula(
        'IF(deal.product == "Heat pump", amount, 0)', INPUTS, Type.MONEY
    )
    code = formula._run.__code__

    assert set(code.co_names) <= {"__class__"}
    assert formula._run.__globals__ == {"__builtins__": {}}
    assert not any("deal" in str(constant) for constant in code.co_consts)


@pytest.mark.parametrize("size", [10, 201, 3_000])
def test_among_thousands_of_fields_the_one_that_was_meant_is_found(
    size: int,
) -> None:
    inputs = {f"deal.custom_field_of_number_{at}": Type.MONEY for at in range(size)}
    inputs["deal.dealer_discount"] = Type.MONEY

    (problem,) = check_formula("deal.deler_discuont * 2", inputs, None)

    assert problem.fix == "deal.dealer_discount"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("deal.amuont", "deal.amount"),
        ("Deal.Amount", "deal.amount"),
        ("opportunity.amount", "deal.amount"),
        ("amt", "deal.amount"),
        ("fee_dealer", "deal.dealer_fee"),
        ("deal.fee_dealer", "deal.dealer_fee"),
        ("bsae", "base"),
        ("deal.rate", ""),
        ("bookings.total", ""),
        ("total", ""),
        ("EDATE", ""),
        ("COUNTIF", ""),
    ],
)
def test_only_a_likely_name_is_suggested(name: str, meant: str) -> None:
    names = ("deal.amount", "deal.dealer_fee", "base", "quota", "deal.won_on")
    inputs = {**dict.fromkeys(names, Type.MONEY), "tables.rates": Type.TABLE}

    (problem,) = check_formula(name, inputs, None)

    assert problem.suggestion == meant
