"""What was really paid is put beside what is reckoned, to the cent, and nothing is kept."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from commissions.plans.models import ParityResult, Plan
from commissions.statements import parity
from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.periods import parse_period
from crm_sync.ledger.models import Payee
from tenants.access import Member
from tenants.accounts.models import Business
from tests.commissions.plans.drafts import a_draft, text_of
from tests.commissions.statements import world

NOVEMBER = parse_period("2026-11")


def compared(text: str, by: Member, against: Plan | None = None) -> dict[str, Any]:
    return parity.compare_with_paid(text=text, period=NOVEMBER, plan=against, by=by)


def total_of(payee: Payee) -> Decimal:
    return world.statement(payee, "2026-11").total


def test_equal_to_the_cent_and_one_cent_off(
    plan: Plan,
    maya: Payee,
    alice: Member,
) -> None:
    theo = Payee.objects.get(name="Theo Brandt")
    paid = total_of(maya) - Decimal("0.01")

    found = compared(
        f"Payee,Amount\nMaya Okafor,{paid}\nTheo Brandt,{total_of(theo)}", alice
    )

    assert (found["equal"], len(found["matches"])) == (1, 2)
    first = found["matches"][0]
    assert (first["payee"], first["difference"]) == ("Maya Okafor", "0.0100")


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("$1,234.50", "1234.50"),
        ("(12.00)", "-12.00"),
        ("−612.00", "-612.00"),
        ("1 234.5 USD", "1234.5"),
        ("1234567.89", "1234567.89"),
    ],
)
def test_amounts_are_read_as_spreadsheets_write_them(
    acme: Business, text: str, amount: str
) -> None:
    assert parity.read_amount(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["", "1.234,50", "12,34", "1e400", "NaN", "1.005"])
def test_what_may_be_two_amounts_is_none(acme: Business, text: str) -> None:
    with pytest.raises(ProductError):
        parity.read_amount(text)


def test_bad_rows_say_why_and_count_for_nothing(
    plan: Plan,
    maya: Payee,
    alice: Member,
) -> None:
    world.a_payee("Twin", "user_t1")
    world.a_payee("Twin", "user_t2")

    found = compared(
        "Nobody Known\t12.00\nTwin\t1.00\nMaya Okafor\ta lot\nMaya Okafor\n"
        f"Maya Okafor\t1.00\t2026-13\nMaya Okafor\t{total_of(maya)}\t2026-11\n",
        alice,
    )

    reasons = [row["reason"] for row in found["bad"]]
    assert reasons == [
        "No payee is called “Nobody Known”.",
        "2 payees are called “Twin”.",
        "“a lot” is not an amount.",
        "The row has no amount.",
        "“2026-13” is not a period.",
    ]
    assert found["equal"] == 1


def test_two_payments_of_a_period_are_added_up_and_who_is_missing_is_said(
    plan: Plan,
    maya: Payee,
    alice: Member,
) -> None:
    half = total_of(maya) - 100

    found = compared(f"Maya Okafor;{half}\nMaya Okafor;100", alice)

    by_name = {row["payee"]: row for row in found["matches"]}
    assert by_name["Maya Okafor"]["note"] == "2 rows added up"
    assert by_name["Maya Okafor"]["difference"] == "0.0000"
    assert by_name["Theo Brandt"]["note"] == "not in what was paid"


def test_a_draft_is_compared_in_place_of_what_is_in_force(
    plan: Plan,
    maya: Payee,
    ada: Member,
    alice: Member,
) -> None:
    a_draft(plan, ada)

    found = compared(f"Maya Okafor,{total_of(maya) + 100}", alice, plan)

    by_name = {row["payee"]: row for row in found["matches"]}
    assert by_name["Maya Okafor"]["difference"] == "0.0000"


def test_the_page_keeps_the_last_result_and_nothing_else(
    plan: Plan,
    maya: Payee,
    alice: Member,
    client: Client,
) -> None:
    client.force_login(alice.user)
    file = SimpleUploadedFile("paid.csv", f"Maya Okafor,{total_of(maya)}".encode())

    empty = client.post("/b/acme/parity/", {"text": "", "period": "2026-11"})
    client.post("/b/acme/parity/", {"text": "Nobody,1", "period": "2026-11"})
    client.post("/b/acme/parity/", {"file": file, "period": "2026-11"})

    body = text_of(client.get("/b/acme/parity/"))
    assert empty.status_code == 422
    assert "1 of 2 equal to the cent" in body
    assert "Nobody" not in body
    assert ParityResult.objects.count() == 1


def test_a_row_that_is_no_csv_is_named(alice: Member, client: Client) -> None:
    client.force_login(alice.user)
    file = SimpleUploadedFile("paid.csv", b"Maya,1\nTheo,2\n" + b"x" * 140_000 + b",3")

    answer = client.post("/b/acme/parity/", {"file": file, "period": "2026-11"})

    assert answer.status_code == 422
    assert "Row 3 cannot be read" in text_of(answer)


def test_what_excel_saves_is_read_and_what_is_no_file_of_rows_is_refused(
    alice: Member, client: Client
) -> None:
    client.force_login(alice.user)

    for content, status in (("Maya\t1".encode("utf-16"), 302), (b"%PDF-1.7", 422)):
        file = SimpleUploadedFile("paid.csv", content)
        answer = client.post("/b/acme/parity/", {"file": file, "period": "2026-11"})
        assert answer.status_code == status
    assert "This is a PDF" in text_of(answer)
