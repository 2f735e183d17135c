"""Pages of values, leave, sell rights and rates by date, and of what is named."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from crm_sync.ledger import days
from crm_sync.ledger.models import (
    AttributeValue,
    Change,
    Customer,
    ExchangeRate,
    Leave,
    Manager,
    Payee,
    SellRight,
)
from crm_sync.ledger.services import create_payee, create_product
from tenants.access import Member
from tenants.accounts.models import Business

Post = Callable[..., str]


@pytest.fixture
def maya(acme: Business) -> Payee:
    return create_payee(name="Maya Okafor", email="maya@acme.example")


@pytest.fixture
def post(alice: Member) -> Post:
    """Send a form as Alice and return the words of the page that answers."""
    client = Client()
    client.force_login(alice.user)

    def send(address: str, **fields: object) -> str:
        answer = client.post(f"/b/acme/{address}", fields, follow=True)
        assert answer.status_code in (200, 422), answer.status_code
        return answer.content.decode()

    return send


def test_a_value_from_a_day_ends_the_one_before(maya: Payee, post: Post) -> None:
    url = f"facts/values/payee/{maya.pk}/"
    post(url, key="salary", value="5000", starts_on="2026-01-01")
    page = post(url, key="salary", value="5500.50", starts_on="2026-07-01")

    assert "payee.salary" in page
    rows = (
        days.live(AttributeValue).order_by("starts_on").values_list("value", "ends_on")
    )
    (first, until), (second, open_) = rows
    assert (first, until) == ("5000", date(2026, 6, 30))
    assert (second, open_) == ("5500.50", None)


def test_a_value_that_is_no_value_says_why(maya: Payee, post: Post) -> None:
    url = f"facts/values/payee/{maya.pk}/"
    post(url, key="salary", value="5000", starts_on="2026-01-01")
    page = post(url, key="salary", value="lots", starts_on="2026-07-01")

    assert "lots" in page
    assert days.live(AttributeValue).count() == 1


def test_leave_is_entered_and_taken_away(maya: Payee, post: Post) -> None:
    page = post(
        f"payees/{maya.pk}/leave/",
        starts_on="2026-03-02",
        ends_on="2026-03-31",
        reason="Parental leave",
    )
    assert "Parental leave" in page

    row = days.live(Leave).get()
    assert "It is taken away." in post(f"facts/leave/{row.pk}/remove/")
    assert not days.live(Leave).exists()
    assert Leave.objects.get(pk=row.pk).closed is not None  # nothing is forgotten


def test_days_that_end_before_they_begin_are_refused(maya: Payee, post: Post) -> None:
    page = post(
        f"payees/{maya.pk}/leave/", starts_on="2026-03-31", ends_on="2026-03-02"
    )

    assert "The last day is before the first." in page
    assert not Leave.objects.exists()


def test_what_a_payee_may_sell_must_be_there(maya: Payee, post: Post) -> None:
    create_product(name="Roof")
    url = f"payees/{maya.pk}/sells/"

    assert "There is no product “Rooof”." in post(url, kind="product", name="Rooof")
    post(url, kind="product", name="Roof")

    assert days.live(SellRight).get().name == "Roof"


def test_a_rate_is_entered_once(acme: Business, post: Post) -> None:
    fields = {
        "currency": "eur",
        "into": "USD",
        "rate": "1.0842",
        "starts_on": "2026-11-02",
        "source": "ECB",
    }
    assert "1 EUR in USD" in post("facts/rates/new/", **fields)
    changes = Change.objects.count()
    assert "That was known already." in post("facts/rates/new/", **fields)

    assert days.live(ExchangeRate).get().rate == Decimal("1.0842")
    assert Change.objects.count() == changes


def test_a_file_is_looked_at_before_it_is_entered(maya: Payee, post: Post) -> None:
    text = (
        "name,key,value,from\n"
        "Maya Okafor,hours,160,2026-01-01\n"
        "Nobody,hours,150,2026-01-01\n"
    )
    page = post("facts/values/upload/", text=text)
    assert "Maya Okafor: hours 160" in page
    assert "There is no payee with the name Nobody." in page
    assert not AttributeValue.objects.exists()

    page = post("facts/values/upload/", text=text, do="enter")
    assert "1 entered, 0 known already." in page
    assert days.live(AttributeValue).get().value == "160"
    assert "0 entered, 1 known already." in post(
        "facts/values/upload/", text=text, do="enter"
    )


def test_bad_rows_come_back_as_a_file_with_reasons(maya: Payee, post: Post) -> None:
    text = "name,key,value,from\nNobody,hours,150,2026-01-01\n"

    file = post("facts/values/upload/", text=text, do="refused")

    header, row = file.strip().splitlines()
    assert header.endswith(",why")
    assert "There is no payee with the name Nobody." in row


def test_customers_and_services_are_lists_like_products(
    acme: Business, post: Post
) -> None:
    post("customers/new/", name="Delgado", attributes="segment: retail", active="on")
    row = Customer.objects.get()
    assert row.attributes == {"segment": "retail"}

    page = post(f"facts/values/customer/{row.pk}/", key="segment", value="wholesale")
    assert "customer.segment" in page


def test_a_kind_of_facts_that_does_not_exist_is_not_found(
    acme: Business, alice: Member
) -> None:
    client = Client()
    client.force_login(alice.user)

    assert client.get("/b/acme/facts/secrets/csv/").status_code == 404
    assert client.post("/b/acme/facts/values/planet/1/", {}).status_code == 404


def test_nobody_enters_what_their_own_pay_rests_on(
    maya: Payee, alice: Member, post: Post
) -> None:
    # Known by the address alone: nobody has said yet who logs in as Maya.
    Payee.objects.filter(pk=maya.pk).update(email=alice.email)
    other = create_payee(name="Theo Brandt")
    create_product(name="Roof")
    text = "name,key,value,from\nMaya Okafor,hours,160,2026-01-01\n"

    for address, fields in (
        (f"facts/values/payee/{maya.pk}/", {"key": "salary", "value": "9"}),
        (f"payees/{maya.pk}/leave/", {"starts_on": "2026-03-02"}),
        (f"payees/{maya.pk}/sells/", {"kind": "product", "name": "Roof"}),
        (f"payees/{maya.pk}/place/", {"starts_on": "2026-03-02"}),
        (f"payees/{other.pk}/place/", {"starts_on": "2026-03-02", "manager": maya.pk}),
        ("facts/values/upload/", {"text": text, "do": "enter"}),
        (f"payees/{other.pk}/merge/", {"into": maya.pk}),
        (
            f"payees/{maya.pk}/edit/",
            {"name": "Maya Okafor", "attributes": "level: senior"},
        ),
    ):
        said = "You are paid as Maya Okafor, so somebody else enters this."
        assert said in post(address, **fields), address

    assert not AttributeValue.objects.exists()
    assert not Leave.objects.exists()
    assert not SellRight.objects.exists()
    assert not Manager.objects.exists()
