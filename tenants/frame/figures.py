"""An amount as HTML: grouped, with a real minus, and exact for machines."""

from decimal import Decimal

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from commissions_saas.lib.money import round_money
from tenants.frame import formats
from tenants.frame.formats import Reader

NOTHING = SafeString(f'<span class="no-amount">{formats.NO_AMOUNT}</span>')
EMPTY = SafeString("")


def money_html(
    amount: Decimal | None,
    currency: str,
    reader: Reader,
    *,
    url: str,
    sign: bool,
    word: str,
    exact: bool,
    symbol: bool,
    code: bool,
    whole: bool,
) -> SafeString:
    """Return the amount as a link where there is a `url`; no amount is a dash."""
    if amount is None:
        return NOTHING
    amount = round_money(amount, currency)
    text = _signed(amount, currency, reader, sign=sign, symbol=symbol, whole=whole)
    if whole and round_money(amount, "JPY") != amount:
        full = _signed(amount, currency, reader, sign=sign, symbol=False, whole=False)
        text = format_html(
            '<span aria-hidden="true">{}</span><span class="visually-hidden">{}</span>',
            text,
            full,
        )
    if code:
        text = format_html('{}<span class="code"> {}</span>', text, currency)
    shown = _element(text, url, formats.exact_text(amount, currency) if exact else "")
    if not word:
        return shown
    return format_html('{} <span class="money-word">{}</span>', shown, word)


def _element(text: SafeString, url: str, exact: str) -> SafeString:
    kept = format_html(' data-exact="{}"', exact) if exact else EMPTY
    if url:
        return format_html('<a class="money"{} href="{}">{}</a>', kept, url, text)
    return format_html('<span class="money"{}>{}</span>', kept, text)


def _signed(
    value: Decimal,
    currency: str,
    reader: Reader,
    *,
    sign: bool,
    symbol: bool,
    whole: bool,
) -> SafeString:
    mark = formats.MINUS if value < 0 else "+" if sign and value > 0 else ""
    size = formats.format_amount(value, currency, reader, whole=whole)
    if not symbol:
        return conditional_escape(f"{mark}{size}")
    shown = formats.symbol_of(currency, reader)
    return format_html('{}<span class="symbol">{}</span>{}', mark, shown, size)
