"""Owners see their group added up, and nobody else sees it at all."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from commissions_saas.lib import clock
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.audit.models import AuditRow
from tenants.rollup import people, selectors
from tenants.rollup.errors import RateProblem
from tenants.rollup.models import BookingFact, DetailFact, MonthRate, PayeeFact
from tenants.rollup.services import enter_rate
from tests.browser.figures import figures
from tests.people import a_group_member

NOW = datetime(2026, 11, 24, 16, tzinfo=UTC)
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
MOST_QUERIES = 8
MOST_BYTES = 40 * 1024
GROUP = "/g/northwind/"


@pytest.fixture(autouse=True)
def late_november(db: None) -> Iterator[None]:
    with clock.at(NOW):
        yield


@pytest.fixture
def renata(businesses: dict[str, Business]) -> Member:
    return a_group_member(businesses["acme"], "Renata", Role.OWNER)


@pytest.fixture
def owner(client: Client, renata: Member) -> Client:
    client.force_login(renata.user)
    return client


@pytest.fixture
def figures_of_autumn(businesses: dict[str, Business]) -> Business:
    """Acme earned 1,000.55 in October and 500.00 in November, of 20,000.00 booked."""
    acme = businesses["acme"]
    earned(acme, "2026-10", OCTOBER, "Maya", "1000.55")
    earned(acme, "2026-11", NOVEMBER, "Maya", "300.00")
    earned(acme, "2026-11", NOVEMBER, "Theo", "200.00")
    booked(acme, NOVEMBER, "20000.00")
    return acme


def earned(
    business: Business, period: str, month: date, payee: str, amount: str
) -> None:
    common = {
        "group_id": business.group_id,
        "business_id": business.pk,
        "period": period,
        "month": month,
        "payee_id": len(payee) * 1000 + ord(payee[0]),
        "currency": business.currency,
        "earned": Decimal(amount),
    }
    PayeeFact.objects.create(
        payee_name=payee, payable=Decimal(amount) - 100, as_of=NOW, **common
    )
    DetailFact.objects.create(product="System", component="Systems", **common)


def booked(business: Business, month: date, amount: str) -> None:
    BookingFact.objects.create(
        group_id=business.group_id,
        business_id=business.pk,
        month=month,
        product="System",
        currency=business.currency,
        booked=Decimal(amount),
        deals=3,
    )


def test_the_cell_of_a_month_opens_a_page_that_says_the_same(
    owner: Client, figures_of_autumn: Business
) -> None:
    for query in ("", "?measure=revenue", "?measure=payable", "?cur=own"):
        body = owner.get(GROUP + query).content.decode()
        links = figures(GROUP, body).links
        assert links
        for figure in links:
            if "/periods/" in figure.url:
                continue  # the page of a period is statements' own
            shown = owner.get(figure.url)
            assert shown.status_code == 200
            headline = figures(figure.url, shown.content.decode()).headline()
            assert headline == figure.exact, figure.url


def test_the_matrix_asks_the_same_however_much_there_is(
    owner: Client, figures_of_autumn: Business
) -> None:
    def asked() -> tuple[int, int]:
        owner.get(GROUP)
        with CaptureQueriesContext(connection) as queries:
            answer = owner.get(GROUP)
        return len(queries), len(answer.content)

    few, _ = asked()
    for month in (date(2026, n, 1) for n in range(6, 12)):
        for payee in ("Ann", "Bea", "Cleo", "Didi"):
            earned(figures_of_autumn, f"{month:%Y-%m}", month, payee * 3, "10.00")
    many, size = asked()

    assert few == many <= MOST_QUERIES
    assert size <= MOST_BYTES


def test_the_unfinished_month_is_marked_and_compared_in_words(
    owner: Client, figures_of_autumn: Business
) -> None:
    body = owner.get(GROUP).content.decode()

    assert "November 2026</time> to date" in body
    assert "The month before, whole: " in body and "1,000.55" in body
    assert "2.50\N{NO-BREAK SPACE}%" in body  # 500.00 of 20,000.00


def test_in_own_currencies_nothing_is_added_and_the_page_says_why(
    owner: Client, figures_of_autumn: Business, businesses: dict[str, Business]
) -> None:
    businesses["acme"].currency = "CAD"
    other = Business.objects.get(pk=businesses["globex"].pk)
    Business.objects.filter(pk=other.pk).update(
        group_id=figures_of_autumn.group_id, currency="CAD"
    )

    body = owner.get(GROUP + "?cur=own").content.decode()

    assert "Not added: amounts in 2 currencies (CAD, USD)" in body
    assert "data-totals" not in body


def test_a_rate_that_is_missing_is_named(
    owner: Client, figures_of_autumn: Business
) -> None:
    PayeeFact.objects.update(currency="CAD")

    body = owner.get(GROUP).content.decode()

    assert "no rate from CAD into USD for Oct 2026" in body
    assert "data-totals" not in body


def test_the_file_holds_what_the_page_shows(
    owner: Client, figures_of_autumn: Business
) -> None:
    lines = owner.get(GROUP + "?span=3m&format=csv").content.decode().splitlines()

    assert lines[:2] == [
        "business,currency,2026-09,2026-10,2026-11,total",
        "Acme,USD,,1000.55,500.00,1500.55",
    ]


def test_only_the_group_s_own_people_read_its_facts(
    figures_of_autumn: Business, renata: Member, alice: Member, charlie: Member
) -> None:
    stranger = a_group_member(Business.objects.get(slug="globex"), "Otto", Role.OWNER)
    of_group = Member(renata.user, renata.group_id, None, renata.roles)
    elsewhere = Member(stranger.user, stranger.group_id, None, stranger.roles)
    months = [OCTOBER, NOVEMBER]

    assert selectors.facts_of(of_group, months, "product").earned
    assert selectors.businesses_of(of_group)
    for member in (alice, charlie, renata, elsewhere):
        assert not selectors.facts_of(member, months, "product").earned
        assert not people.commission_by_person(member, months, "USD", {})
        assert not selectors.commission(member, months)
    for member in (alice, charlie, renata):  # renata as a member of Acme, not of all
        assert not selectors.businesses_of(member)


def test_finance_of_one_business_does_not_open_the_group(
    client: Client, alice: Member, charlie: Member
) -> None:
    client.force_login(alice.user)
    assert client.get(GROUP).status_code == 404
    client.force_login(charlie.user)
    assert client.get(GROUP).status_code == 404


def test_each_change_of_a_rate_is_in_the_trail(renata: Member) -> None:
    def enter(text: str) -> MonthRate:
        return enter_rate(
            group_id=renata.group_id,
            month=OCTOBER,
            currency="CAD",
            into="USD",
            text=text,
            source="ECB average",
            by=renata,
        )

    enter("0.7198")
    enter("0.7200")

    rows = list(AuditRow.objects.filter(action="rollup.rate.entered").order_by("pk"))
    assert [row.before and row.before["rate"] for row in rows] == [None, "0.7198000000"]
    assert [row.after["rate"] for row in rows if row.after] == ["0.7198", "0.7200"]
    assert MonthRate.objects.get().rate == Decimal("0.72")


@pytest.mark.parametrize(
    ("text", "source"), [("0", "ECB"), ("-1", "ECB"), ("1000000", "ECB"), ("1", " ")]
)
def test_a_rate_without_sense_or_source_is_refused(
    renata: Member, text: str, source: str
) -> None:
    with pytest.raises(RateProblem):
        enter_rate(
            group_id=renata.group_id,
            month=OCTOBER,
            currency="CAD",
            into="USD",
            text=text,
            source=source,
            by=renata,
        )

    assert not MonthRate.objects.exists()


def test_a_group_without_figures_says_what_is_missing(
    owner: Client, businesses: dict[str, Business]
) -> None:
    body = owner.get(GROUP).content.decode()

    assert "Nothing was calculated" in body
    assert owner.get("/b/acme/months/2026-10/").status_code == 200
    assert owner.get("/b/acme/months/nonsense/").status_code == 404
