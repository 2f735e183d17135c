"""Long tables: every row on one page only, and sorting only by what is on offer."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.accounts.models import User
from tenants.frame.pagination import Page, paginate, paginate_list
from tenants.frame.sorting import read_sort
from tests.tenants.frame.writing import written


@pytest.fixture
def people(db: None) -> list[User]:
    """Twenty-three people, most of whom share a name."""
    return [
        User.objects.create(
            email=f"p{n:02}@x.example", name=f"Name {n % 3}", is_active=n % 4 > 0
        )
        for n in range(23)
    ]


def pages(order: list[str], size: int = 5) -> Iterator[Page[Any]]:
    cursor, rows = "", User.objects.filter(email__startswith="p")
    while True:
        page = paginate(rows, order=order, cursor=cursor, size=size)
        yield page
        cursor = page.next_cursor
        if not cursor:
            return


@pytest.mark.parametrize(
    "order",
    [
        ["name", "id"],
        ["-name", "-id"],
        ["name", "-id"],
        ["created_at", "email"],
        ["-is_active", "name", "id"],
    ],
)
def test_every_row_is_on_one_page_in_order(
    people: list[User], order: list[str]
) -> None:
    seen = [row.pk for page in pages(order) for row in page.rows]

    whole = User.objects.filter(email__startswith="p").order_by(*order)
    assert seen == [row.pk for row in whole]


def test_a_page_says_where_it_stands(people: list[User]) -> None:
    found = [(page.first, page.last, page.total) for page in pages(["name", "id"])]

    assert found == [(1, 5, 23), (6, 10, 23), (11, 15, 23), (16, 20, 23), (21, 23, 23)]


def test_the_way_back_leads_over_the_same_pages(people: list[User]) -> None:
    forth = list(pages(["name", "id"]))
    back = [forth[-1]]
    while back[-1].previous_cursor:
        rows = User.objects.filter(email__startswith="p")
        cursor = back[-1].previous_cursor
        back.append(paginate(rows, order=["name", "id"], cursor=cursor, size=5))

    assert [[row.pk for row in page.rows] for page in reversed(back)] == [
        [row.pk for row in page.rows] for page in forth
    ]
    assert [page.first for page in back] == [21, 16, 11, 6, 1]


def test_a_row_that_comes_meanwhile_neither_repeats_nor_hides_another(
    people: list[User],
) -> None:
    rows = User.objects.filter(email__startswith="p")
    first = paginate(rows, order=["email"], size=5)
    User.objects.create(email="p00a@x.example")

    second = paginate(rows, order=["email"], cursor=first.next_cursor, size=5)

    assert [row.email[:3] for row in second.rows] == ["p05", "p06", "p07", "p08", "p09"]


@pytest.mark.parametrize(
    "cursor", ["x", "e30", "W10", "🙂", "A" * 3000, "WzAsMSxbImkiLCJ4Il1d", "WzAsMF0"]
)
def test_a_cursor_that_cannot_be_read_leads_to_the_first_page(
    people: list[User], cursor: str
) -> None:
    page = paginate(User.objects.all(), order=["id"], cursor=cursor, size=5)

    assert page.first == 1


def test_the_first_page_of_nothing_is_empty(db: None) -> None:
    page = paginate(User.objects.none(), order=["id"])

    assert (page.first, page.total, page.next_cursor, page.previous_cursor) == (
        0,
        0,
        "",
        "",
    )
    assert written("{% pager page %}", page=page) == ""


def test_a_page_costs_two_queries_and_one_where_the_total_is_known(
    people: list[User],
) -> None:
    with CaptureQueriesContext(connection) as queries:
        paginate(User.objects.all(), order=["id"], total=23)

    assert len(queries) == 1


def test_rows_in_memory_have_pages_too() -> None:
    page = paginate_list(list(range(23)), cursor="11", size=5)

    assert (list(page.rows), page.first, page.next_cursor, page.previous_cursor) == (
        [10, 11, 12, 13, 14],
        11,
        "16",
        "6",
    )


def test_the_pager_keeps_the_filter_and_counts_all_rows() -> None:
    page: Page[int] = Page(list(range(50)), 10214, 51, 50, "next", "back")

    text = written(
        "{% pager page %}", page=page, path="/b/acme/deals/?state=won&page=old"
    )

    assert "51–100 of 10,214" in text
    assert 'href="/b/acme/deals/?state=won&amp;page=next"' in text


COLUMNS = {"name": ["name"], "amount": ["amount", "name"]}


def test_a_sort_turns_all_its_keys_and_ends_with_a_unique_one() -> None:
    sort = read_sort("-amount", columns=COLUMNS, default="name")

    assert sort.keys == ("-amount", "-name", "-id")


@pytest.mark.parametrize("asked", ["", "password", "--amount", "amount--", "-", "id"])
def test_what_is_not_on_offer_sorts_by_the_default(asked: str) -> None:
    assert read_sort(asked, columns=COLUMNS, default="name").keys == ("name", "id")


def test_only_the_column_in_force_says_that_it_sorts() -> None:
    sort = read_sort("-amount", columns=COLUMNS, default="name")

    here = written("{% th 'Amount' 'amount' sort num=True %}", sort=sort)
    other = written("{% th 'Name' 'name' sort %}", sort=sort)

    assert 'aria-sort="descending"' in here
    assert 'href="/b/acme/runs/?sort=amount"' in here
    assert "aria-sort" not in other


def test_a_chart_of_a_negative_month_hangs_below_the_line() -> None:
    from tenants.frame.charts import ChartPoint

    points = [
        ChartPoint("Sep", Decimal(-50)),
        ChartPoint("Oct", Decimal(150), now=True),
    ]

    text = written("{% bar_chart points 'Paid' %}", points=points)

    assert '<rect class="below" x="12" y="90" width="36" height="30" rx="3"/>' in text
    assert '<rect class="now" x="72" y="0" width="36" height="90" rx="3"/>' in text
