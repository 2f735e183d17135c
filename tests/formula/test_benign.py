"""Formulas that nobody should have trouble with, reckoned a second time in fractions."""

import datetime
import tracemalloc
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest
import yaml

from commissions.formula import KeyedTable, TierTable, compile_formula
from commissions.formula.check_door import answer
from tests.formula.fractions_reckoning import Reckoner, written
from tests.formula.timing import quickest
from tests.formula.world import INPUTS, VALUES, result_named

GROUPS: dict[str, list[object]] = yaml.load(
    Path(__file__).with_name("benign.yaml").read_text("utf-8"), yaml.BaseLoader
)
CASES = [(result, str(text)) for result, texts in GROUPS.items() for text in texts]
TYPES = {name: kind.value for name, kind in INPUTS.items()}


def _handed_over(value: object) -> object:
    """Return a value as a request holds it: text, or rows of a table."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, TierTable):
        rows = [{"from": str(start), "rate": str(rate)} for start, rate in value.rows]
        return {"rows": rows, "edge": value.edge}
    if isinstance(value, KeyedTable):
        return {
            "rows": [
                {"keys": list(keys), "rate": str(rate)}
                for keys, rate in value.rows.items()
            ]
        }
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


NAMES = {
    name: {"type": kind.value, "value": _handed_over(VALUES.get(name))}
    for name, kind in INPUTS.items()
}


@pytest.mark.parametrize(("result", "text"), CASES)
def test_a_benign_formula_gives_what_fractions_give(result: str, text: str) -> None:
    found = answer({"id": text, "text": text, "names": NAMES, "result": result})

    assert (found["accepted"], found["message"], found["error"]) == (True, None, None)
    reckoner = Reckoner(VALUES, TYPES)
    expected, value = reckoner.answer(text), str(found["value"])
    if isinstance(expected, bool):
        assert value == ("yes" if expected else "no")
    elif not isinstance(expected, Fraction):
        assert value == str(expected)
    elif reckoner.exact:
        assert Decimal(value) == written(expected)
    else:
        assert abs(Fraction(value) - expected) < Fraction(1, 10**18)


def test_there_are_enough_of_them() -> None:
    assert len(CASES) > 300


def test_each_takes_less_than_100_milliseconds_and_16_megabytes() -> None:
    compiled = [compile_formula(text, INPUTS, result_named(r)) for r, text in CASES]

    tracemalloc.start()
    slowest = max(
        quickest(partial(formula.explain, VALUES), 0.1) for formula in compiled
    )
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert slowest < 0.1
    assert most < 16 * 2**20
