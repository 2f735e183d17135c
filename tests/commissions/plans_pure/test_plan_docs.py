"""The page about plan files: every plan on it works, and every key is named."""

import re
from pathlib import Path

import pytest

from commissions.plans import document as shape
from commissions.plans.example_entries import ENTRY_KEYS
from commissions.plans.example_expect import PROMISES
from commissions.plans.example_people import PAYEE_KEYS
from commissions.plans.examples import try_examples, untouched_components
from commissions.plans.names import ALWAYS
from commissions.plans.reading import (
    COMPONENT_KEYS,
    EXAMPLE_KEYS,
    MEASURE_KEYS,
    PLAN_KEYS,
)
from commissions.plans.yaml_form import plan_from_yaml, plan_to_yaml

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "plan-files.md").read_text()
BLOCKS = [
    block
    for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    if block.startswith("plan:")
]


@pytest.mark.parametrize("shown", BLOCKS, ids=lambda block: block.splitlines()[0][6:])
def test_a_plan_on_the_page_keeps_its_promises(shown: str) -> None:
    document = plan_from_yaml(shown)

    tried = try_examples(document)

    assert tried.results
    assert [result for result in tried.results if not result.ok] == []
    assert untouched_components(document, tried) == ()
    assert plan_from_yaml(plan_to_yaml(document)) == document


@pytest.mark.parametrize(
    "words",
    [
        PLAN_KEYS,
        MEASURE_KEYS,
        COMPONENT_KEYS,
        EXAMPLE_KEYS,
        PAYEE_KEYS,
        ENTRY_KEYS,
        PROMISES,
        shape.ROUNDINGS,
        shape.ROUND_AT,
        shape.CONVERT_ON,
        shape.OVERS,
        shape.OFS,
        shape.TAKES,
        shape.ORDERS,
        shape.KINDS,
        shape.ROLES,
        shape.TYPES,
        shape.PAYS,
        shape.OBJECTS,
        shape.THINGS,
        list(ALWAYS),
    ],
)
def test_the_page_names_every_word_that_a_plan_may_use(words: list[str]) -> None:
    assert [word for word in words if not re.search(rf"\b{word}\b", PAGE)] == []
