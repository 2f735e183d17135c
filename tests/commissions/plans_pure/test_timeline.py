"""Examples of several periods: what is frozen stays, and in the end everything is paid."""

import random
from collections import defaultdict
from copy import deepcopy
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from commissions.calculation.facts import PayeeInputs, StatementDraft
from commissions.calculation.group import calculate_group
from commissions.plans.compiling import compile_plan
from commissions.plans.document import Raw
from commissions.plans.example_facts import Setting, read_setting
from commissions.plans.example_timeline import reckon
from commissions.plans.examples import run_examples
from commissions.plans.yaml_form import plan_from_yaml
from commissions_saas.lib.periods import Period

PLANS = sorted((Path(__file__).resolve().parents[2] / "plans").glob("*.yaml"))
Paid = dict[str, Decimal]


def settings(spoil: random.Random | None = None) -> list[tuple[str, Setting]]:
    """Return every example of several periods, with late losses and changes if asked."""
    found = []
    for path in PLANS:
        document = plan_from_yaml(path.read_text())
        program = compile_plan(document)
        for raw in document.examples:
            if "periods" not in raw:
                continue
            setting = read_setting(raw, document, program, None, ())
            if spoil is not None:
                late = with_late_changes(raw, setting, spoil)
                setting = read_setting(late, document, program, None, ())
            found.append((f"{path.stem}: {raw['name']}", setting))
    return found


def with_late_changes(
    raw: Any, setting: Setting, chance: random.Random
) -> dict[str, Raw]:
    first, last = setting.span.periods[0], setting.span.periods[-1]
    days = (last.ends_on - first.starts_on).days
    changed: dict[str, Any] = deepcopy(dict(raw))
    for deal in [*changed.get("deals", []), *changed.get("entries", [])]:
        day = (first.starts_on + timedelta(chance.randrange(days))).isoformat()
        how = chance.random()
        if how < 0.3:
            deal["lost_on"] = max(day, deal.get("won_on", day), deal.get("on", day))
        elif how < 0.6 and "amount" in deal:
            deal["changes"] = [{"on": day, "amount": str(chance.randrange(99999))}]
        elif how < 0.8:
            deal["known_on"] = day
    return changed


def paid_over_time(setting: Setting) -> Paid:
    paid: Paid = defaultdict(Decimal)
    for done in reckon(setting):
        paid[done.person.name] += done.draft.total
    return paid


def due_in_the_end(setting: Setting) -> Paid:
    """Reckon every period with all that is known at the end, without freezing."""
    due: Paid = defaultdict(Decimal)
    carried: dict[int, dict[tuple[str, str], Decimal]] = defaultdict(dict)
    periods = setting.span.periods
    entries = setting.reader.known(setting.entries, periods[-1].ends_on)
    for period in periods:
        inputs = [
            setting.inputs(person, period, entries, dict(carried[person.number]))
            for person in setting.people
        ]
        drafts = calculate_group(inputs, sets_of(setting, period))
        for person in setting.people:
            draft: StatementDraft = drafts[person.number]
            due[person.name] += draft.total
            for key, added in draft.measures.items():
                carried[person.number][key, period.slug] = added
    for adjusted in setting.adjusted:
        due[adjusted.payee] += adjusted.fact.amount
    return due


def sets_of(setting: Setting, period: Period) -> Any:
    def members(of_payee: PayeeInputs, of: str) -> list[int]:
        everybody = [person.number for person in setting.people]
        if of == "business":
            return everybody
        if of == "plan":
            first, last = period.starts_on, period.ends_on
            return [p.number for p in setting.people if p.on_plan(first, last)]
        found = setting.below(of_payee.payee_id, period.ends_on)
        if of == "downline":
            for number in found:
                found += [
                    below
                    for below in setting.below(number, period.ends_on)
                    if below not in found
                ]
        return found

    return members


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_what_was_paid_over_time_is_what_is_due_in_the_end(seed: int | None) -> None:
    spoil = None if seed is None else random.Random(seed)

    for name, setting in settings(spoil):
        if not any_failed(setting):
            assert paid_over_time(setting) == due_in_the_end(setting), name


def any_failed(setting: Setting) -> bool:
    return any(done.draft.failures for done in reckon(setting))


PLAN = """
plan: Small
currency: USD
fields: {deal.paid: yesno}
components:
  - key: sale
    amount: deal.amount * 10%
    payable_when: deal.paid
    waiting_for: payment
examples:
  - name: One
    periods: 2026-01..2026-03
    payee: Ada
    deals: [DEAL]
    expect: EXPECT
"""


@pytest.mark.parametrize(
    ("deal", "expect"),
    [
        # Corrected while it waits: the correction waits too, and both are let go.
        (
            "{id: a, on: 2026-01-05, amount: 100, changes: [{on: 2026-02-01, amount: 80}]}",
            "{2026-02: {total: -2, waiting: -2, payable: 0}}",
        ),
        # Lost and won again: taken back, then given back.
        (
            "{id: a, on: 2026-01-05, amount: 100, paid: yes, changes: [{on: 2026-02-01,"
            " counts: no}, {on: 2026-03-01, counts: yes}]}",
            "{2026-01: 10, 2026-02: -10, 2026-03: {total: 10, clawbacks: 0}}",
        ),
        # Moved to another period by the source.
        (
            "{id: a, on: 2026-01-05, amount: 100, paid: yes, changes: [{on: 2026-02-01,"
            " won_on: 2026-02-01}]}",
            "{2026-01: 10, total: 10}",
        ),
        # Given to somebody else.
        (
            "{id: a, on: 2026-01-05, amount: 100, paid: yes, changes: [{on: 2026-02-01,"
            " payee: Somebody}]}",
            "{2026-01: 10, 2026-02: -10}",
        ),
        # Known before its day, lost before it was known.
        (
            "{id: a, on: 2026-01-05, amount: 100, known_on: 2026-03-01, lost_on: 2026-02-01}",
            "{2026-01: 0, 2026-02: 0, 2026-03: 0}",
        ),
    ],
)
def test_what_becomes_known_later(deal: str, expect: str) -> None:
    text = PLAN.replace("DEAL", deal).replace("EXPECT", expect)

    results = run_examples(plan_from_yaml(text))

    assert [result for result in results if not result.ok] == []
