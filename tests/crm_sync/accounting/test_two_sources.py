"""Where two sources give a deal, its invoices stand on the one that counts."""

from typing import Any

import pytest

from commissions_saas.lib import clock
from crm_sync.accounting.models import Reference
from crm_sync.ledger.models import Payee, Precedence
from crm_sync.ledger.recording import Origin, record
from crm_sync.ledger.services import match_payee
from crm_sync.ledger.settling import settle_all
from tests.crm_sync.accounting.books import a_deal, a_payment, account, an_invoice, save

SHOP = Origin(connection_id=3, source="Shop")


@pytest.fixture
def seller(maya: Payee) -> Payee:
    match_payee(payee=maya, connection_id=3, external_id="user_maya")
    return maya


def a_rule(version: int, *order: int) -> None:
    names = {1: "Close", 3: "Shop"}
    Precedence.objects.create(
        object="deal",
        version=version,
        sources=[{"connection": c, "name": names[c], "key": "order"} for c in order],
        made_at=clock.now(),
    )


def in_the_shop(id_: str, **values: Any) -> None:
    record(records=[a_deal(id_, **values)], origin=SHOP)


def test_an_invoice_that_names_either_record_stands_on_the_one_that_counts(
    seller: Payee,
) -> None:
    a_rule(1, 1, 3)
    save(a_deal("d1", order="A-1"))
    in_the_shop("s1", order="A-1")

    save(an_invoice("i1", deal="s1"), an_invoice("i2", "500", deal="d1"))
    save(a_payment("p1"))

    assert (account("d1")["invoiced"], account("d1")["paid"]) == ("1500", "1000")
    assert account("s1") == {}


def test_when_the_other_source_wins_the_invoices_go_with_it(seller: Payee) -> None:
    a_rule(1, 1, 3)
    save(a_deal("d1", order="A-1"), an_invoice("i1", deal="d1"))
    in_the_shop("s1", order="A-1")
    assert account("d1")["invoiced"] == "1000"

    a_rule(2, 3, 1)
    settle_all(object_="deal", words="the shop wins")

    assert (account("d1"), account("s1")["invoiced"]) == ({}, "1000")


def test_of_two_deals_of_one_number_the_one_that_is_won_is_meant(
    seller: Payee,
) -> None:
    save(a_deal("d1", status_type="lost", won_on=None))
    in_the_shop("d1")

    save(an_invoice("i1", deal="d1"))

    target = Reference.objects.get(kind="deal").target
    assert target is not None and target.connection_id == 3
