"""The matrix's cells: written at once, since a page has a thousand of them."""

import re
from collections.abc import Iterable
from decimal import Decimal

from django import template
from django.template import Context
from django.utils.safestring import SafeString

from tenants.frame.figures import escape, money_html
from tenants.frame.formats import MINUS, Reader, whole_and_full
from tenants.frame.templatetags.frame import reader_in
from tenants.rollup.matrix import Cell

register = template.Library()
_PLAIN = re.compile(r"[\w/.-]+", re.ASCII)
_NO_RATE = '<span class="muted">no rate</span>'
_NO_TOTAL = SafeString('<span class="none">–</span>')
_NOTHING = (
    '<span class="none" aria-hidden="true">–</span>'
    '<span class="visually-hidden">Nothing was calculated</span>'
)


@register.simple_tag(takes_context=True)
def matrix_cells(context: Context, cells: Iterable[tuple[Cell, str]]) -> SafeString:
    """Write the months of one business, each a link to where its figure comes from."""
    reader = reader_in(context)
    return SafeString(
        "".join(
            f'<td class="num">{_written(cell, url, reader)}</td>' for cell, url in cells
        )
    )


@register.simple_tag(takes_context=True)
def matrix_total(context: Context, amount: Decimal | None, currency: str) -> SafeString:
    """Write what a business comes to; a dash where that cannot be added up."""
    if amount is None:
        return _NO_TOTAL
    return _whole(amount, currency, "", reader_in(context))


def _written(cell: Cell, url: str, reader: Reader) -> str:
    if cell.why_not:
        return _NO_RATE
    if cell.amount is None:
        return _NOTHING
    return _whole(cell.amount, cell.currency, url, reader)


def _whole(amount: Decimal, currency: str, url: str, reader: Reader) -> SafeString:
    """Write an amount that is rounded already, as `money` does with `whole`."""
    texts = whole_and_full(amount, currency, reader) if url else None
    if texts is not None and _PLAIN.fullmatch(url):
        mark = MINUS if amount < 0 else ""
        whole, full = (escape(f"{mark}{text}") for text in texts)
        if amount % 1:
            whole = SafeString(
                f'<span aria-hidden="true">{whole}</span>'
                f'<span class="visually-hidden">{full}</span>'
            )
        start = f'<a class="money" data-exact="{amount:f}" href="{url}">'
        return SafeString(f"{start}{whole}</a>")
    return money_html(
        amount,
        currency,
        reader,
        url=url,
        sign=False,
        word="",
        exact=True,
        symbol=False,
        code=False,
        whole=True,
    )
