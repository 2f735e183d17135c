"""A gate that asks for a day of the period is pointed out: time alone never opens it."""

from pathlib import Path

import pytest

from commissions.plans.check import as_rows, as_text, check_files
from commissions.plans.days_of_gates import gates_on_days
from commissions.plans.yaml_form import plan_from_yaml

PLAN = """
plan: Sale
currency: USD
fields: {{deal.paid_on: date}}
components:
  - key: sale
    name: Sale
    steps: [{{due: "period.ends_on"}}, {{later: "add_days(due, 30)"}}]
    amount: deal.amount * 10%
    payable_when: "{gate}"
    waiting_for: ninety days
"""


@pytest.mark.parametrize(
    ("gate", "named"),
    [
        ("add_days(deal.won_on, 90) <= period.ends_on", ["Sale"]),
        ("later >= deal.won_on", ["Sale"]),
        ("not is_blank(deal.paid_on)", []),
        ("deal.paid_on >= deal.won_on", []),
    ],
)
def test_it_is_named_and_no_error(gate: str, named: list[str], tmp_path: Path) -> None:
    text = PLAN.format(gate=gate)
    file = tmp_path / "plan.yaml"
    file.write_text(text)

    checks = check_files([str(file)])

    assert gates_on_days(plan_from_yaml(text)) == named
    assert as_rows(checks) == []
    assert ("time alone does not open it" in as_text(checks)) is bool(named)
