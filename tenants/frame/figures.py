"""An amount as HTML: grouped, with a real minus, and exact for machines."""

import html
from decimal import Decimal

from django.utils.html import format_html
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
    if whole and amount % 1:
        full = _signed(amount, currency, reader, sign=sign, symbol=False, whole=False)
        text = SafeString(
            f'<span aria-hidden="true">{text}</span>'
            f'<span class="visually-hidden">{full}</span>'
        )
    if code:
        text = format_html('{}<span class="code"> {}</span>', text, currency)
    shown = _element(text, url, f"{amount:f}" if exact else "")
    if not word:
        return shown
    return format_html('{} <span class="money-word">{}</span>', shown, word)


def escape(text: str) -> SafeString:
    """Escape a text; Django's own takes five times as long to find out what it has."""
    return SafeString(html.escape(text))


def _element(text: SafeString, url: str, exact: str) -> SafeString:
    # A page has a thousand of these: what is known to be safe is not escaped again.
    kept = f' data-exact="{exact}"' if exact else ""
    if url:
        return SafeString(f'<a class="money"{kept} href="{escape(url)}">{text}</a>')
    return SafeString(f'<span class="money"{kept}>{text}</span>')


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
    size = formats.size_of(value, currency, reader, whole=whole)
    if not symbol:
        return escape(f"{mark}{size}")
    shown = formats.symbol_of(currency, reader)
    return format_html('{}<span class="symbol">{}</span>{}', mark, shown, size)
