"""What is invoiced and paid stands on the deal, in whatever order it becomes known."""

from datetime import date
from itertools import permutations

import pytest

from crm_sync.accounting.models import Reference
from crm_sync.ledger.models import Change, Payee, Revision
from tests.crm_sync.accounting.books import (
    a_deal,
    a_payment,
    account,
    an_invoice,
    credits,
    save,
    says,
)

PAID = {
    "invoiced": "1000",
    "invoiced_net": "1000",
    "paid": "1000",
    "paid_net": "1000",
    "unpaid": "0",
    "paid_share": "1",
    "invoiced_on": "2026-11-10",
    "paid_on": "2026-11-20",
}


def test_an_invoice_and_its_payment_stand_on_the_deal(maya: Payee) -> None:
    save(a_deal(), an_invoice(), a_payment())

    assert account() == PAID
    assert credits("p1") == {"Maya Okafor": ("owner", "1")}
    assert says("p1")["deal"] == "d1"
    assert says("p1")["product"] == "System replacement"


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_it_does_not_matter_which_of_them_comes_first(
    maya: Payee, order: tuple[int, ...]
) -> None:
    records = [a_deal(), an_invoice(), a_payment()]

    save(*(records[at] for at in order))

    assert account() == PAID
    assert credits("i1") == credits("p1") == {"Maya Okafor": ("owner", "1")}
    assert not Reference.objects.filter(target=None).exists()


def test_the_same_records_twice_change_nothing(maya: Payee) -> None:
    save(a_deal(), an_invoice(), a_payment())
    before = list(Revision.objects.values()), list(Change.objects.values())

    outcome = save(a_deal(), an_invoice(), a_payment())

    assert (outcome.new, outcome.changed, outcome.unchanged) == (0, 0, 3)
    assert (list(Revision.objects.values()), list(Change.objects.values())) == before


def test_a_deal_that_is_read_again_keeps_what_is_paid(maya: Payee) -> None:
    save(a_deal(), an_invoice(), a_payment())

    save(a_deal(version="2", amount="1200"))

    assert account() == PAID
    words = Change.objects.order_by("-number").values_list("words", flat=True)[0]
    assert words == "D1: amount 1,000.00 → 1,200.00"


def test_each_partial_payment_is_added_and_the_last_one_settles(maya: Payee) -> None:
    save(a_deal(), an_invoice(), a_payment("p1", "400"))
    found = account()
    assert (found["paid"], found["unpaid"], found["paid_share"]) == (
        "400",
        "600",
        "0.4",
    )
    assert "paid_on" not in found
    assert found["due_on"] == "2026-12-10"

    save(a_payment("p2", "600", occurred_on=date(2026, 12, 1)))

    found = account()
    assert (found["paid"], found["paid_on"]) == ("1000", "2026-12-01")
    assert "due_on" not in found


def test_one_cent_less_is_not_paid(maya: Payee) -> None:
    save(a_deal(), an_invoice(amount="1000000"), a_payment(amount="999999.99"))

    found = account()
    assert found["paid_share"] == "0.999999"
    assert "paid_on" not in found


def test_a_refund_takes_back(maya: Payee) -> None:
    save(a_deal(), an_invoice(), a_payment())

    save(a_payment("refund", "-1000", occurred_on=date(2026, 11, 23)))

    found = account()
    assert (found["paid"], found["unpaid"]) == ("0", "1000")
    assert "paid_on" not in found


def test_a_payment_that_failed_afterwards_does_not_count(maya: Payee) -> None:
    save(a_deal(), an_invoice(), a_payment())

    save(a_payment(version="2", status="charged back"))

    assert (account()["paid"], account()["unpaid"]) == ("0", "1000")
    # Whoever was paid for it gives it back: the entry says who that was.
    assert credits("p1") == {"Maya Okafor": ("owner", "1")}


def test_a_voided_or_deleted_invoice_asks_for_nothing(maya: Payee) -> None:
    save(a_deal(), an_invoice("i1"), an_invoice("i2", "500"))
    assert account()["invoiced"] == "1500"

    save(an_invoice("i2", "500", version="2", status="VOIDED"))
    assert account()["invoiced"] == "1000"

    save(an_invoice("i1", version="3", deleted=True))
    assert (account()["invoiced"], "invoiced_on" in account()) == ("0", False)


def test_a_draft_is_not_invoiced_yet(maya: Payee) -> None:
    save(a_deal(), an_invoice(status="draft"))

    assert account()["invoiced"] == "0"
    assert "invoiced_on" not in account()


def test_several_invoices_of_one_deal_are_added(maya: Payee) -> None:
    save(
        a_deal(),
        an_invoice("i1", "600", occurred_on=date(2026, 11, 12)),
        an_invoice("i2", "400", occurred_on=date(2026, 11, 11)),
        a_payment("p1", "600"),
    )

    found = account()
    assert (found["invoiced"], found["paid"], found["unpaid"]) == ("1000", "600", "400")
    assert found["invoiced_on"] == "2026-11-11"


def test_one_invoice_of_two_deals_is_shared_by_its_lines(
    maya: Payee, theo: Payee
) -> None:
    save(a_deal("d1"), a_deal("d2", owner="user_theo", product="Maintenance plan"))
    # Lines are net and the amount is not: they say in which proportion.
    save(
        an_invoice(
            "i1", "119", tax="19", deal="d1, d2, d1", deal_amounts="20, 66.67, 13.33"
        ),
        a_payment("p1", "119"),
    )

    one, two = account("d1"), account("d2")
    assert (one["invoiced"], two["invoiced"]) == ("39.66", "79.34")
    assert (one["paid"], two["paid"]) == ("39.66", "79.34")
    assert (one["paid_net"], two["paid_net"]) == ("33.33", "66.67")
    assert (one["paid_share"], two["paid_share"]) == ("1", "1")
    assert credits("p1")["Theo Brandt"] == ("owner", "0.6667")
    assert "product" not in says("p1")


def test_thirds_add_up_to_the_invoice(maya: Payee) -> None:
    save(a_deal("d1"), a_deal("d2"), a_deal("d3"))
    save(an_invoice("i1", "100", deal="d1; d2; d3", deal_amounts="1; 1; 1"))

    parts = [account(deal)["invoiced"] for deal in ("d1", "d2", "d3")]
    assert sorted(parts) == ["33.33", "33.33", "33.34"]


def test_one_payment_of_two_invoices_pays_each_its_part(
    maya: Payee, theo: Payee
) -> None:
    save(a_deal("d1"), a_deal("d2", owner="user_theo"))
    save(an_invoice("i1", "600"), an_invoice("i2", "400", deal="d2"))

    save(a_payment("p1", "900", invoice="i1, i2", invoice_amounts="600, 300"))

    assert (account("d1")["unpaid"], account("d2")["unpaid"]) == ("0.00", "100.00")
    assert account("d1")["paid_on"] == "2026-11-20"
    assert credits("p1")["Maya Okafor"][1].startswith("0.66666666")
    assert credits("p1")["Theo Brandt"][1].startswith("0.33333333")


def test_a_payment_that_does_not_say_what_it_pays_pays_nothing_yet(
    maya: Payee,
) -> None:
    save(a_deal(), an_invoice("i1", "600"), an_invoice("i2", "400"))

    save(a_payment("p1", "900", invoice="i1, i2"))

    assert account()["paid"] == "0"
    problems = Reference.objects.filter(entry__external_id="p1")
    assert set(problems.values_list("problem", flat=True)) == {"unclear"}


def test_parts_that_are_more_than_the_payment_are_unclear(maya: Payee) -> None:
    save(a_deal(), an_invoice("i1", "600"), an_invoice("i2", "400"))

    save(a_payment("p1", "900", invoice="i1, i2", invoice_amounts="600, 400"))

    assert account()["paid"] == "0"


def test_a_credit_note_lowers_what_is_invoiced_and_what_is_open(maya: Payee) -> None:
    save(a_deal(), an_invoice("i1", "1000"), a_payment("p1", "800"))

    save(an_invoice("note", "-200", deal=None, invoice="i1"))

    found = account()
    assert (found["invoiced"], found["paid"], found["unpaid"]) == ("800", "800", "0")
    assert "due_on" not in found
    assert found["paid_on"] == "2026-11-20"
    assert credits("note") == {"Maya Okafor": ("owner", "1")}


def test_the_tax_of_a_payment_is_that_of_its_invoice(maya: Payee) -> None:
    save(a_deal(), an_invoice("i1", "1190", tax="190"), a_payment("p1", "595"))

    assert (says("p1")["tax"], says("p1")["net"]) == ("95.00", "500.00")
    assert account()["paid_net"] == "500.00"


def test_amounts_of_two_currencies_are_never_added(maya: Payee) -> None:
    save(a_deal(), an_invoice("i1"), an_invoice("i2", "500", currency="EUR"))

    found = account()
    assert (found["invoiced"], found["paid"], found["paid_share"]) == ("", "", "")
    assert found["due_on"] == "2026-12-10"

    save(a_payment("p1"), a_payment("p2", "500", currency="EUR", invoice="i2"))
    assert account()["paid_on"] == "2026-11-20"


def test_a_payment_in_another_currency_than_its_invoice_waits(maya: Payee) -> None:
    save(a_deal(), an_invoice(), a_payment(currency="EUR"))

    assert account()["paid"] == "0"
    assert Reference.objects.get(entry__external_id="p1").problem == "currency"


def test_an_invoice_that_says_itself_what_was_paid_is_believed(maya: Payee) -> None:
    save(a_deal(), an_invoice(paid="yes", paid_on=date(2026, 11, 15)))
    assert (account()["paid"], account()["paid_on"]) == ("1000", "2026-11-15")

    # A payment that is known says it better.
    save(a_payment("p1", "400"))
    assert account()["paid"] == "400"


def test_a_deal_that_is_deleted_and_comes_back_has_its_invoice_again(
    maya: Payee,
) -> None:
    save(a_deal(), an_invoice(), a_payment())

    save(a_deal(version="2", deleted=True))
    assert Reference.objects.get(kind="deal").problem == "unknown"

    save(a_deal(version="3"))
    assert account() == PAID
    assert credits("p1") == {"Maya Okafor": ("owner", "1")}


def test_a_deal_that_changes_hands_takes_its_payments_along(
    maya: Payee, theo: Payee
) -> None:
    save(a_deal(), an_invoice(), a_payment())

    save(a_deal(version="2", owner="user_theo"))

    assert credits("p1") == {"Theo Brandt": ("owner", "1")}


def test_a_field_of_the_same_name_that_the_source_fills_stays_its_own(
    maya: Payee,
) -> None:
    from crm_sync.ledger.catalogue import save_fields
    from crm_sync.ledger.facts import FieldFact

    save_fields([FieldFact("deal", "paid", "Paid", "yesno")])

    save(a_deal(paid=True), an_invoice(), a_payment())

    assert says("d1")["paid"] == "yes"
    assert says("d1")["unpaid"] == "0"


def test_a_tax_that_the_source_gives_later_is_its_own(maya: Payee) -> None:
    save(a_deal(), an_invoice("i1", "1190", tax="190"), a_payment("p1", "1190"))
    assert says("p1")["tax"] == "190.00"

    save(a_payment("p1", "1190", version="2", tax="100"))
    assert (says("p1")["tax"], says("p1")["net"]) == ("100", "1090")
