"""Whatever stands in a plan file, the answer is a sentence and never a traceback."""

import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from commissions.plans.check import as_rows, as_text, check_files
from commissions.plans.document import InvalidPlan
from commissions.plans.examples import try_examples
from commissions.plans.json_form import plan_from_json
from commissions.plans.reading import read_plan
from tests.commissions.plans_pure.mutations import spoiled

PLANS = sorted((Path(__file__).resolve().parents[2] / "plans").glob("*.yaml"))


def raw_of(path: Path) -> Any:
    return yaml.load(path.read_text(), Loader=yaml.BaseLoader)


@pytest.mark.parametrize("seed", range(4))
def test_a_spoiled_plan_is_answered_in_sentences(seed: int) -> None:
    chance = random.Random(seed)
    raws = [raw_of(path) for path in PLANS]

    for _ in range(60):
        try:
            tried = try_examples(read_plan(spoiled(chance.choice(raws), chance)))
        except InvalidPlan as invalid:
            assert str(invalid)
        else:
            assert all(result.ok or _says(result) for result in tried.results)


def _says(result: Any) -> bool:
    return bool(result.problem) or bool(result.component)


ODD_FILES = {
    "deep.json": '{"plan":' + "[" * 100_000,
    "sets.json": '{"a":' * 900 + "1" + "}" * 900,
    "deep.yaml": "a: " + "{a: " * 5000,
    "large.json": '{"plan": "' + "a" * 2_100_000 + '"}',
    "large.yaml": "plan: " + "a" * 600_000,
    "empty.yaml": "",
    "zero.yaml": "plan: \x00",
    "list.json": "[1, 2]",
    "number.json": "1e9999999",
    "twice.json": '{"plan": "a", "plan": "b"}',
    "half.json": '{"plan": "\\ud800", "currency": "USD"}',
    "zero.json": '{"plan": "\\u0000", "currency": "USD"}',
    "key.json": '{"\\u0000": "a"}',
    "object.yaml": "plan: !!python/object:os.system [ls]",
    "merge.yaml": "a: &x {b: c}\nd: {<<: *x}",
    "laughs.yaml": "a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]",
}


@pytest.mark.parametrize("name", ODD_FILES)
def test_an_odd_file_is_one_row_with_a_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(ODD_FILES[name])

    checks = check_files([str(path)])

    assert as_rows(checks)
    assert all(row["problem"] and not row["ok"] for row in as_rows(checks))
    assert "Traceback" not in as_text(checks)


def test_what_is_not_text_is_said(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_bytes(b"plan: \xff\xfe")

    (row,) = as_rows(check_files([str(path)]))

    assert row["problem"] == "This file is not UTF-8 text."


def test_a_set_with_a_name_twice_is_refused_in_json_too() -> None:
    with pytest.raises(InvalidPlan, match="stands twice"):
        plan_from_json('{"plan": "a", "plan": "b"}')
