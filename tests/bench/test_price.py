"""The price of a plan is the same by the compiled loop and by the pipeline."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from commissions.plans.models import Plan, Preview, PreviewedStatement
from commissions.plans.yaml_form import plan_from_yaml
from commissions.statements import batch, impact_batch, previews
from commissions.statements.impact import Comparison, compare
from commissions.statements.impact_lines import lines_of
from commissions.statements.impact_pages import impact_csv
from commissions.statements.prices import summary_of
from commissions.statements.recalculate import recalculate
from commissions_saas.bench.measuring import prepare
from commissions_saas.bench.work import NOW, Size, fill, plan_text
from commissions_saas.lib import clock
from tenants.accounts.models import Business
from tenants.schema import in_business
from tests.databases import Copy

SIZE = Size(1_200, payees=2, months=3)
START = date(2026, 2, 15)
DEARER = plan_text(3).replace(", rate: 3", ", rate: 4")


@pytest.fixture
def work(fresh_db: Copy, businesses: dict[str, Business]) -> Iterator[None]:
    """Acme with some of the benchmark's deals, worked out."""
    fill(businesses["acme"], SIZE)
    with in_business(businesses["acme"]), clock.at(NOW):
        prepare(SIZE)
        recalculate()
        yield


def price() -> Comparison:
    return compare(Plan.objects.get(), plan_from_yaml(DEARER), START)


def said(row: PreviewedStatement) -> tuple[Any, ...]:
    return (
        *(row.payee_id, row.payee_name, row.period_slug, row.is_changed, row.failures),
        *(str(row.now), str(row.after), str(row.difference)),
        *(row.line_count, row.differ),
    )


def test_loop_and_pipeline_give_one_price(
    work: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_loop = price()
    monkeypatch.setattr(impact_batch, "LINES_KEPT", 10)
    counted = price()
    monkeypatch.setattr(batch, "FEWEST_CREDITS", 10**9)
    by_pipeline = price()

    assert by_loop.figures == counted.figures == by_pipeline.figures
    assert [said(row) for row in by_loop.rows] == [said(x) for x in by_pipeline.rows]
    assert [said(row) for row in counted.rows] == [said(x) for x in by_pipeline.rows]
    assert [row.lines for row in by_loop.rows] == [x.lines for x in by_pipeline.rows]
    assert summary_of(by_loop.rows) == summary_of(by_pipeline.rows)
    assert summary_of(counted.rows) == summary_of(by_pipeline.rows)
    assert all(row.lines == [] and row.parts is not None for row in counted.rows)
    assert all(row.parts is None for row in by_pipeline.rows)


def test_lines_that_were_only_counted_are_worked_out_when_a_statement_is_opened(
    work: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {(row.payee_id, row.period_slug): row.lines for row in price().rows}
    monkeypatch.setattr(impact_batch, "LINES_KEPT", 10)
    document = plan_from_yaml(DEARER)
    preview = Preview.objects.create(
        plan=Plan.objects.get(),
        number=2,
        document=document.raw,
        sha256=document.hash,
        starts_on=START,
        asked_by_id=1,
        asked_at=NOW,
    )

    found = price()
    with transaction.atomic():
        previews.store(preview, found)

    rows = list(PreviewedStatement.objects.select_related("preview__plan"))
    assert len(rows) == 2 * 2  # January is not touched
    for row in rows:
        assert row.lines == []
        assert lines_of(row) == kept[row.payee_id, row.period_slug]
    cells = [line.split(",") for line in impact_csv(preview).splitlines()[1:]]
    moved = sum(Decimal(cell[-2]) - Decimal(cell[-3]) for cell in cells)
    assert moved == Decimal(preview.summary["total"]) != 0
