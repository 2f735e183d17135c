"""What the language says yes to, read from accepts.yaml."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from commissions.formula import compile_formula
from commissions.formula.check_door import as_text
from tests.formula.world import INPUTS, VALUES, result_named

CASES = yaml.safe_load(Path(__file__).with_name("accepts.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"])
def test_a_formula_gives_its_exact_value_by_both_ways(case: dict[str, Any]) -> None:
    formula = compile_formula(case["text"], INPUTS, result_named(case["result"]))

    assert as_text(formula.evaluate(VALUES)) == case["value"]
    explained = formula.explain(VALUES).value
    assert as_text(explained) == case["value"]
    assert repr(explained) == repr(formula.evaluate(VALUES))
