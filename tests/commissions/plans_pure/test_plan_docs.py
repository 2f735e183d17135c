"""The page about plan files shows a plan that works, and names every key."""

import re
from pathlib import Path

from commissions.plans.examples import try_examples
from commissions.plans.reading import (
    COMPONENT_KEYS,
    EXAMPLE_KEYS,
    MEASURE_KEYS,
    PLAN_KEYS,
)
from commissions.plans.yaml_form import plan_from_yaml

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "plan-files.md").read_text()


def test_the_plan_on_the_page_keeps_its_promises() -> None:
    (shown,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)

    tried = try_examples(plan_from_yaml(shown))

    assert tried.results
    assert tried.ok


def test_the_page_names_every_key_of_a_plan() -> None:
    keys = {*PLAN_KEYS, *MEASURE_KEYS, *COMPONENT_KEYS, *EXAMPLE_KEYS}

    assert [key for key in sorted(keys) if key not in PAGE] == []
