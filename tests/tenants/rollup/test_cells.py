"""A cell of the matrix is written as every amount is, only quicker."""

from decimal import Decimal

import pytest
from django.template import Context

from commissions_saas.lib.money import round_money
from tenants.frame.formats import Reader
from tenants.frame.templatetags.frame import money
from tenants.rollup.templatetags.rollup import _whole

URL = "/b/acme/statements/2026-11/"


@pytest.mark.parametrize("locale", ["en_US", "de_DE", "de_CH", "fr_FR", "hi_IN", "ar"])
@pytest.mark.parametrize("url", [URL, f"{URL}?measure=payable&cur=USD", "", "/b/é/"])
def test_a_cell_reads_like_any_other_amount(locale: str, url: str) -> None:
    texts = ("0", "1234567.5", "-1234.49", "-0.5", "0.005", "99999999999.99", "-12")
    reader = Reader(locale=locale)
    context = Context({"reader": reader})

    for currency in ("USD", "JPY", "KWD"):
        for amount in (round_money(Decimal(text), currency) for text in texts):
            written = _whole(amount, currency, url, reader)
            assert written == money(context, amount, currency, url, whole=True)
