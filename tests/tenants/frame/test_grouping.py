"""Digits are grouped as the reader's locale groups them, by the short way or the long."""

from copy import copy
from decimal import Decimal

import pytest
from babel import Locale

from tenants.frame.formats import Reader, format_amount

LOCALES = "en_US en_IN de_DE de_CH fr_FR es_ES pl_PL sv_SE ar_EG fa_IR hi_IN ja_JP"
AMOUNTS = ("0", "7.5", "999.99", "1000", "41250", "1234567.89", "98765432109.5")


@pytest.mark.parametrize("name", LOCALES.split())
@pytest.mark.parametrize("amount", AMOUNTS)
def test_an_amount_is_grouped_as_its_locale_does(name: str, amount: str) -> None:
    locale = Locale.parse(name)
    pattern = copy(locale.decimal_formats[None])
    pattern.frac_prec = (2, 2)
    value = Decimal(amount)

    written = format_amount(value, "USD", Reader(locale=name))

    assert written == pattern.apply(value, locale)
