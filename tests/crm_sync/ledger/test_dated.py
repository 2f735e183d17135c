"""Facts by date: what is set closes what it covers, and the past can still be read."""

from datetime import date
from decimal import Decimal

import pytest

from crm_sync.ledger import dated, days, errors
from crm_sync.ledger.changes import latest_change
from crm_sync.ledger.known import (
    business_known,
    leave_known,
    payees_known,
    rates_known,
    rights_known,
    things_known,
)
from crm_sync.ledger.models import AttributeValue, Change, Field, Payee
from crm_sync.ledger.services import (
    create_payee,
    create_product,
    edit_named,
    edit_payee,
)
from tenants.access import Member
from tenants.accounts.models import Business

JANUARY, APRIL, JULY = date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1)


@pytest.fixture
def maya(acme: Business) -> Payee:
    return create_payee(name="Maya Okafor", attributes={"level": "4"})


def salaries(payee: Payee) -> list[tuple[str, date, date | None]]:
    rows = days.live(AttributeValue, subject_id=payee.pk, key="salary")
    return list(rows.order_by("starts_on").values_list("value", "starts_on", "ends_on"))


def test_a_value_holds_until_the_next_begins(maya: Payee) -> None:
    dated.set_value(subject=maya, key="Salary", value="5000", starts_on=JANUARY)
    dated.set_value(subject=maya, key="Salary", value="6000", starts_on=JULY)
    dated.set_value(subject=maya, key="salary", value="5500", starts_on=APRIL)

    assert salaries(maya) == [
        ("5000", JANUARY, date(2026, 3, 31)),
        ("5500", APRIL, date(2026, 6, 30)),
        ("6000", JULY, None),
    ]


def test_what_is_there_already_changes_nothing(maya: Payee) -> None:
    for _ in range(2):
        for day, amount in ((JANUARY, "5000"), (JULY, "6000")):
            dated.set_value(subject=maya, key="salary", value=amount, starts_on=day)
    assert Change.objects.filter(kind="fact").count() == 2


def test_an_earlier_number_reads_what_was_known_then(
    maya: Payee, alice: Member
) -> None:
    dated.set_value(subject=maya, key="salary", value="5000", starts_on=JANUARY)
    before = latest_change()
    dated.set_value(subject=maya, key="salary", value="7000", starts_on=JANUARY)
    edit_payee(payee=maya, attributes={"level": "5"}, by=alice)

    then, now = (payees_known([maya.pk], n)[maya.pk] for n in (before, latest_change()))

    assert [value.value for value in then.values] == [Decimal(5000)]
    assert [value.value for value in now.values] == [Decimal(7000)]
    assert (then.attributes, now.attributes) == (
        {"level": Decimal(4)},
        {"level": Decimal(5)},
    )


def test_a_products_attributes_are_dated_and_offered_to_formulas(
    acme: Business, alice: Member
) -> None:
    roof = create_product(name="Roof", attributes={"Family": "roofs"})
    before = latest_change()
    edit_named(row=roof, attributes={"family": "flat roofs"}, active=True, by=alice)
    dated.set_value(
        subject=roof, key="list price", value="900", starts_on=APRIL, type_="money"
    )

    then = things_known("product", {"Roof"}, before)["Roof"]
    now = things_known("product", {"Roof"}, latest_change())["Roof"]

    assert (then.attributes["family"], then.values) == ("roofs", ())
    assert now.attributes["family"] == "flat roofs"
    assert now.values[0].value == Decimal(900)
    fields = Field.objects.filter(object="product").values_list("key", "type")
    assert set(fields) == {("family", "text"), ("list_price", "money")}


def test_a_value_of_another_type_is_refused(maya: Payee) -> None:
    dated.set_value(subject=maya, key="hours", value="160", starts_on=JANUARY)

    with pytest.raises(errors.BadAttribute, match="hours: “many” is not a number"):
        dated.set_value(subject=maya, key="hours", value="many", starts_on=APRIL)
    with pytest.raises(errors.BadAttribute, match=r"payee\.hours is number"):
        dated.set_value(
            subject=maya, key="hours", value="x", starts_on=APRIL, type_="text"
        )

    dated.set_value(
        subject=maya, key="hours", value="150", starts_on=APRIL, type_="money"
    )
    assert Field.objects.get(object="payee", key="hours").type == "money"


def test_days_in_the_middle_leave_what_is_around_them(maya: Payee) -> None:
    dated.set_value(subject=maya, key="salary", value="5000", starts_on=JANUARY)
    dated.clear_value(
        subject=maya, key="salary", starts_on=APRIL, ends_on=date(2026, 6, 30)
    )

    assert salaries(maya) == [
        ("5000", JANUARY, date(2026, 3, 31)),
        ("5000", JULY, None),
    ]


def test_a_leave_is_ended_later_and_two_do_not_overlap(maya: Payee) -> None:
    dated.set_leave(payee=maya, starts_on=APRIL, ends_on=None)
    dated.set_leave(payee=maya, starts_on=APRIL, ends_on=date(2026, 4, 20))

    with pytest.raises(errors.BadDays, match="is away from 1 Apr 2026"):
        dated.set_leave(
            payee=maya, starts_on=date(2026, 4, 20), ends_on=date(2026, 5, 1)
        )

    assert leave_known([maya.pk], latest_change()) == {
        maya.pk: ((APRIL, date(2026, 4, 20)),)
    }


def test_a_payee_may_sell_what_is_listed(maya: Payee) -> None:
    create_product(name="Roof")
    dated.allow_selling(payee=maya, kind="product", name="Roof", starts_on=APRIL)
    again = dated.allow_selling(payee=maya, kind="product", name="Roof", starts_on=JULY)

    with pytest.raises(errors.LedgerError, match="There is no product “Wall”"):
        dated.allow_selling(payee=maya, kind="product", name="Wall")

    (right,) = rights_known([maya.pk], latest_change())[maya.pk]
    assert again is None
    assert (right.name, right.starts_on) == ("Roof", APRIL)


@pytest.mark.parametrize("rate", ["0", "-1", "x", "1.1234567890123"])
def test_a_rate_that_is_none_is_refused(acme: Business, rate: str) -> None:
    with pytest.raises(errors.BadRate):
        dated.set_rate(
            currency="EUR", into="USD", rate=rate, starts_on=APRIL, source="ECB"
        )


def test_a_corrected_rate_leaves_the_old_one_to_earlier_numbers(
    acme: Business,
) -> None:
    for rate in ("1.08", "1.09"):
        dated.set_rate(
            currency="eur", into="USD", rate=rate, starts_on=APRIL, source="ECB"
        )

    (now,) = rates_known(latest_change())
    (then,) = rates_known(latest_change() - 1)
    assert (now.currency, now.rate, then.rate) == (
        "EUR",
        Decimal("1.09"),
        Decimal("1.08"),
    )


def test_the_business_itself_has_values(acme: Business) -> None:
    dated.set_value(subject=None, key="season", value="high", starts_on=APRIL)

    (value,) = business_known(latest_change()).values
    assert (value.key, value.value, value.starts_on) == ("season", "high", APRIL)
