"""The matrix's rows: written at once, since a page has a thousand cells."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import template
from django.template import Context
from django.utils.safestring import SafeString

from tenants.frame.charts import sparkline_svg
from tenants.frame.figures import escape, money_html
from tenants.frame.formats import MINUS, Reader, whole_and_full
from tenants.frame.templatetags.frame import reader_in
from tenants.rollup.matrix import Cell

register = template.Library()
_PLAIN = re.compile(r"[\w/.?=&-]*", re.ASCII)
_NO_RATE = '<span class="muted">no rate</span>'
_NO_TOTAL = SafeString('<span class="none">–</span>')
_NOTHING = (
    '<span class="none" aria-hidden="true">–</span>'
    '<span class="visually-hidden">Nothing was calculated</span>'
)


@register.simple_tag(takes_context=True)
def matrix_rows(context: Context, rows: Iterable[dict[str, Any]]) -> SafeString:
    """Write each business over the months: its figures, what they come to, a line."""
    reader = reader_in(context)
    return SafeString("\n".join(_row(row, reader) for row in rows))


def _row(shown: dict[str, Any], reader: Reader) -> str:
    """Write one business; each month is a link to where its figure comes from."""
    total = shown["total"]
    cells = [
        f'<td class="num">{_written(cell, url, reader)}</td>'
        for cell, url in shown["cells"]
    ]
    sum_ = _NO_TOTAL if total is None else _whole(total, shown["currency"], "", reader)
    return (
        f'<tr><th scope="row"><a href="/b/{shown["slug"]}/">{escape(shown["name"])}</a>'
        f'<span class="sub">{escape(shown["note"])}</span></th>{"".join(cells)}'
        f'<td class="num strong">{sum_}</td>'
        f"<td>{sparkline_svg(shown['points'], label=shown['name'])}</td></tr>"
    )


def _written(cell: Cell, url: str, reader: Reader) -> str:
    if cell.why_not:
        return _NO_RATE
    if cell.amount is None:
        return _NOTHING
    return _whole(cell.amount, cell.currency, url, reader)


def _whole(amount: Decimal, currency: str, url: str, reader: Reader) -> str:
    """Write an amount that is rounded already, as `money` does with `whole`."""
    texts = whole_and_full(amount, currency, reader)
    if texts is None or not _PLAIN.fullmatch(url):
        return _in_any_way(amount, currency, url, reader)
    mark = MINUS if amount < 0 else ""
    text = f"{mark}{texts[0]}"
    if amount % 1:
        text = (
            f'<span aria-hidden="true">{text}</span>'
            f'<span class="visually-hidden">{mark}{texts[1]}</span>'
        )
    start = f'class="money" data-exact="{amount:f}"'
    if not url:
        return f"<span {start}>{text}</span>"
    return f'<a {start} href="{url.replace("&", "&amp;")}">{text}</a>'


def _in_any_way(amount: Decimal, currency: str, url: str, reader: Reader) -> str:
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
