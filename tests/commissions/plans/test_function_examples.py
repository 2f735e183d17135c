"""Functions are shown with the business's own fields, worked out for one of its deals."""

from datetime import date
from decimal import Decimal

from commissions.formula import Type
from commissions.plans.formula_names import check_field, every_name
from commissions.plans.function_examples import function_groups
from commissions.plans.models import RateTable, RateTableRows
from commissions.plans.yaml_form import plan_from_yaml
from crm_sync.ledger.changes import next_change
from crm_sync.ledger.models import Entry
from tenants.accounts.models import Business
from tests.commissions.plans.drafts import FLAT


def _a_deal(name: str, day: date | None, amount: str) -> None:
    Entry.objects.create(
        connection_id=1,
        object="deal",
        external_id=name,
        name=name,
        occurred_on=day,
        counts=day is not None,
        amount=Decimal(amount),
        product="Heat pump",
        version="1",
        changed=1,
    )


def _own(search: str) -> dict[str, tuple[str, str, str]]:
    return {
        row.function.name: (row.own.text, row.own.shown, row.own.deal)
        for _, rows in function_groups(search)
        for row in rows
        if row.own
    }


def test_a_function_is_worked_out_for_the_latest_deal(acme: Business) -> None:
    table = RateTable.objects.create(key="advisor", name="Advisor")
    opened = next_change(kind="table", words="Rates", source="test")
    rows = [{"from": "0", "rate": "0.06"}, {"from": "80000", "rate": "0.08"}]
    RateTableRows.objects.create(
        table=table, rows=rows, starts_on=date(2026, 1, 1), opened=opened
    )
    _a_deal("Delgado residence", date(2026, 11, 4), "18400")
    _a_deal("Sandoval residence", date(2026, 11, 19), "21600.00")
    _a_deal("Still open", None, "99999")

    own = _own("")

    sandoval = "Sandoval residence"
    assert own["round"] == ("round(deal.amount * 3.333%, 2)", "719.93", sandoval)
    assert own["marginal"] == (
        "marginal(0, deal.amount, tiers.advisor)",
        "1,296.00",
        sandoval,
    )
    assert own["month_end"] == ("month_end(deal.won_on)", "2026-11-30", sandoval)
    assert own["contains"][:2] == ('contains(deal.product, "Heat")', "yes")


def test_a_business_without_deals_sees_the_catalogue_s_examples(
    acme: Business,
) -> None:
    assert _own("") == {}
    assert [title for title, _ in function_groups("own tier")] == ["Rate tables"]
    assert function_groups("no such thing") == []


def test_the_editor_offers_measures_variables_and_tables_of_the_plan(
    acme: Business,
) -> None:
    RateTable.objects.create(key="products", name="Products", kind="keyed")
    text = FLAT.replace(
        "components:",
        "variables: {goal: money}\nmeasures: {sold: {sum: deal.amount}}\ncomponents:",
    )

    offered = {one["insert"]: one["type"] for one in every_name(plan_from_yaml(text))}

    assert offered["goal"] == offered["sold.before"] == Type.MONEY.words
    assert offered["tables.products"] == Type.TABLE.words
    assert "tiers.products" not in offered
    assert "marginal(" in offered


def test_one_formula_is_checked_with_the_names_of_its_component(
    acme: Business,
) -> None:
    document = plan_from_yaml(FLAT)
    key = document.components[0].key

    def said(field: str, text: str) -> str:
        found = check_field(document, {"c0-key": key, field: text}, field)
        return found.sentence if found else ""

    assert said("c0-amount", "base * 6%\r\n+ 1") == ""
    assert said("c0-amount", "bsae * 6%") == (
        'Line 1, column 1: there is no field "bsae". Did you mean base?'
    )
    assert said("c0-when", "deal.amount") == (
        "Line 1, column 1: this gives money, but yes/no is needed here. "
        "Compare it with something, as in a > b or a == b."
    )
    assert said("c0-cap", " ") == ""
