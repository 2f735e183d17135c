"""The command `plan_check`: what it prints, its exit code, and that it needs no database."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from commissions.plans.yaml_form import plan_from_yaml

GOOD = """
plan: Small
currency: USD
components:
  - key: pay
    amount: deal.amount * 10%
examples:
  - name: One deal
    period: 2026-03
    deals: [{id: a, won_on: 2026-03-02, amount: 100}]
    expect: {components: {pay: 10.00}}
"""
Write = Callable[..., str]
KEYS = ["file", "example", "payee", "period", "component", "expected", "computed", "ok"]


def run(*arguments: str) -> tuple[int, str]:
    """Run the command as somebody would; pytest-django forbids it any database."""
    out = StringIO()
    try:
        call_command("plan_check", *arguments, stdout=out)
    except SystemExit as stop:
        return int(stop.code or 0), out.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str, name: str = "plan.yaml") -> str:
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return written


def test_a_plan_that_keeps_its_word_ends_with_zero(write: Write) -> None:
    code, out = run(write(GOOD))

    assert code == 0
    assert "expected 10.00, computed 10.00" in out


def test_a_difference_prints_both_amounts_and_ends_with_one(write: Write) -> None:
    code, out = run(write(GOOD.replace("10.00", "11.00")))

    assert code == 1
    assert "✗ The payee, pay: expected 11.00, computed 10.00" in out


def test_json_has_one_row_for_each_promise(write: Write) -> None:
    path = write(GOOD.replace("10.00", "11.00"))

    code, out = run(path, "--json")

    assert code == 1
    (row,) = json.loads(out)
    assert list(row) == KEYS
    assert row == {
        "file": path,
        "example": "One deal",
        "payee": "The payee",
        "period": "2026-03",
        "component": "pay",
        "expected": "11.00",
        "computed": "10.00",
        "ok": False,
    }


def test_one_bad_file_among_good_ones_ends_with_one(write: Write) -> None:
    code, out = run(write(GOOD), write("plan: [", "bad.yaml"), "--json")

    rows = json.loads(out)
    assert code == 1
    assert [row["ok"] for row in rows] == [True, False]
    assert rows[1]["problem"]


def test_a_mistake_in_a_formula_is_shown_with_its_place(write: Write) -> None:
    code, out = run(write(GOOD.replace("deal.amount", "deal.amuont")))

    assert code == 1
    assert "components.pay.amount" in out
    assert "^^^^" in out


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    code, out = run(str(tmp_path / "nowhere.yaml"))

    assert code == 1
    assert "This file cannot be read" in out


def test_a_plan_can_be_checked_as_json_too(write: Write) -> None:
    code, _ = run(write(plan_from_yaml(GOOD).canonical, "plan.json"))

    assert code == 0
