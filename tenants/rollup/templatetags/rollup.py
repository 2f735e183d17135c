"""The matrix's cells: written at once, since a page has a thousand of them."""

from collections.abc import Iterable

from django import template
from django.template import Context
from django.utils.safestring import SafeString

from tenants.frame.figures import money_html
from tenants.frame.formats import Reader
from tenants.frame.templatetags.frame import reader_in
from tenants.rollup.matrix import Cell

register = template.Library()
_NO_RATE = '<span class="muted">no rate</span>'
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


def _written(cell: Cell, url: str, reader: Reader) -> str:
    if cell.why_not:
        return _NO_RATE
    if cell.amount is None:
        return _NOTHING
    return money_html(
        cell.amount,
        cell.currency,
        reader,
        url=url,
        sign=False,
        word="",
        exact=True,
        symbol=False,
        code=False,
        whole=True,
    )
