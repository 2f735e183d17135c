"""Amounts, numbers, moments and states are written so that people and machines agree."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tenants.frame.formats import Reader, format_money
from tests.tenants.frame.writing import written

AMOUNT = Decimal("83119.3600")
MOMENT = datetime(2026, 11, 24, 16, 42, tzinfo=UTC)


def test_a_figure_with_a_page_behind_it_is_a_link_that_keeps_the_exact_amount() -> None:
    page = written("{% money amount 'USD' '/x/' %}", amount=AMOUNT)

    assert page == '<a class="money" data-exact="83119.36" href="/x/">83,119.36</a>'


def test_a_negative_amount_has_a_real_minus_and_a_word() -> None:
    page = written("{% money amount 'USD' word='clawback' %}", amount=Decimal("-612"))

    assert page == (
        '<span class="money" data-exact="-612.00">−612.00</span> '
        '<span class="money-word">clawback</span>'
    )


def test_an_amount_that_rounds_to_nothing_has_no_sign() -> None:
    page = written("{% amount amount 'USD' sign=True %}", amount=Decimal("-0.0000"))

    assert page == '<span class="money" data-exact="0.00">0.00</span>'


def test_what_is_not_known_is_a_dash_and_never_zero() -> None:
    assert written("{% money nothing 'USD' %}", nothing=None) == (
        '<span class="no-amount">—</span>'
    )


@pytest.mark.parametrize(
    ("locale", "currency", "text"),
    [
        ("en_US", "USD", "$83,119.36"),
        ("en_CA", "USD", "US$83,119.36"),
        ("de_DE", "EUR", "€83.119,36"),
        ("en_IN", "INR", "₹83,119.36"),
        ("en_US", "JPY", "¥83,119"),
        ("en_US", "KWD", "KWD\u00a083,119.360"),
        ("no such locale", "USD", "$83,119.36"),
    ],
)
def test_amounts_follow_the_readers_locale_and_the_currencys_places(
    locale: str, currency: str, text: str
) -> None:
    assert format_money(AMOUNT, currency, Reader(locale=locale)) == text


def test_seventeen_digits_keep_their_cents() -> None:
    page = written("{% amount amount 'USD' %}", amount=Decimal("123456789012345.67"))

    assert 'data-exact="123456789012345.67">123,456,789,012,345.67<' in page


def test_a_whole_figure_keeps_its_cents_for_those_who_listen() -> None:
    page = written("{% money amount 'USD' '/x/' whole=True %}", amount=AMOUNT)

    assert '<span aria-hidden="true">83,119</span>' in page
    assert '<span class="visually-hidden">83,119.36</span>' in page
    assert 'data-exact="83119.36"' in page


def test_text_from_people_is_escaped() -> None:
    page = written(
        "{% money amount 'USD' url word=word %}", amount=AMOUNT, url='"><b>', word="<i>"
    )

    assert "<b>" not in page
    assert "<i>" not in page


def test_a_moment_is_told_in_the_businesss_zone() -> None:
    page = written("{% when moment %}", moment=MOMENT)

    assert page == '<time datetime="2026-11-24T16:42:00+00:00">24 Nov 2026 10:42</time>'


def test_a_date_has_no_zone_and_does_not_move() -> None:
    page = written("{% when day 'day' %}", day=date(2026, 12, 15))

    assert page == '<time datetime="2026-12-15">Tue 15 Dec 2026</time>'


def test_numbers_and_percentages_drop_needless_zeros() -> None:
    assert ">72,126.5<" in written("{% number n %}", n=Decimal("72126.5000"))
    assert ">92.1\u00a0%<" in written("{% percent r most=1 %}", r=Decimal("0.92140"))
    assert written("{% whole n %}", n=10214) == "10,214"


def test_a_state_is_a_word_and_a_shape() -> None:
    assert written("{% chip 'waiting' 'customer payment' %}") == (
        '<span class="chip is-glass tone-warn">Waiting: customer payment</span>'
    )


def test_an_unknown_state_keeps_its_own_words() -> None:
    assert ">Half way there</span>" in written("{% chip 'half_way_there' %}")
