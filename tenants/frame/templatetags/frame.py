"""The tags that pages are written with; `README.md` beside the app lists them all."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.contrib.messages.storage.base import Message
from django.forms import BaseForm
from django.forms.boundfield import BoundField
from django.template import Context
from django.urls import NoReverseMatch
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from tenants import urls_for
from tenants.frame import charts, figures, formats, hooks
from tenants.frame.context import Frame
from tenants.frame.icons import ICONS
from tenants.frame.pagination import Page
from tenants.frame.sorting import Sort
from tenants.frame.states import TONE_SHAPES, look_of
from tenants.frame.undo import message_html

register = template.Library()
EMPTY = SafeString("")


def reader_in(context: Context) -> formats.Reader:
    """Return for whom this page is written: `reader` in the context, else who asked."""
    reader = context.get("reader")
    if isinstance(reader, formats.Reader):
        return reader
    request = context.get("request")
    reader = getattr(request, "_frame_reader", None)
    if reader is None:
        reader = formats.reader_of(request)
        if request is not None:
            request._frame_reader = reader
    return reader


# Money, numbers, moments


@register.simple_tag(takes_context=True)
def money(
    context: Context,
    amount: Decimal | None,
    currency: str,
    url: str = "",
    sign: bool = False,
    word: str = "",
    exact: bool = True,
    symbol: bool = False,
    code: bool = False,
    whole: bool = False,
) -> SafeString:
    """Print an amount; with `url` it is a link, and the page behind it says the same."""
    return figures.money_html(
        amount,
        currency,
        reader_in(context),
        url=url,
        sign=sign,
        word=word,
        exact=exact,
        symbol=symbol,
        code=code,
        whole=whole,
    )


@register.simple_tag(takes_context=True)
def amount(
    context: Context,
    value: Decimal | None,
    currency: str,
    sign: bool = False,
    word: str = "",
    symbol: bool = False,
    code: bool = False,
    exact: bool = True,
) -> SafeString:
    """Print an amount that leads nowhere: a headline, or a figure inside a sentence."""
    return money(
        context,
        value,
        currency,
        sign=sign,
        word=word,
        symbol=symbol,
        code=code,
        exact=exact,
    )


@register.simple_tag(takes_context=True)
def number(context: Context, value: Decimal | int | None, most: int = 6) -> SafeString:
    """Print a number with grouping and no needless zeros."""
    if value is None:
        return figures.NOTHING
    shown = formats.format_number(value, reader_in(context), most=most)
    return format_html('<span class="number">{}</span>', shown)


@register.simple_tag(takes_context=True)
def whole(context: Context, value: int | None) -> str:
    """Print a count: `10,214`."""
    return formats.format_number(value or 0, reader_in(context), most=0)


@register.simple_tag(takes_context=True)
def percent(
    context: Context, ratio: Decimal | None, least: int = 0, most: int = 2
) -> SafeString:
    """Print a ratio as a percentage: 0.921 as `92.1 %`."""
    if ratio is None:
        return figures.NOTHING
    shown = formats.format_percent(ratio, reader_in(context), least=least, most=most)
    return format_html('<span class="number">{}</span>', shown)


@register.simple_tag(takes_context=True)
def when(
    context: Context, moment: datetime | date | None, style: str = "full"
) -> SafeString:
    """Print a moment in the business's zone, or a date.

    Styles: full, short, seconds, date, day (with weekday), weekday, month, time.
    """
    if moment is None:
        return figures.NOTHING
    shown = formats.format_when(moment, reader_in(context), style)
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), shown)


@register.simple_tag
def chip(state: object, detail: str = "") -> SafeString:
    """Print a state as a word and a shape; `detail` names what it waits for."""
    look = look_of(state)
    text = f"{look.text}: {detail}" if detail else look.text
    tone = f" tone-{look.tone}" if look.tone else ""
    return format_html('<span class="chip {}{}">{}</span>', look.shape, tone, text)


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw a small picture beside words that say the same."""
    paths = ICONS[name]
    return mark_safe(  # noqa: S308 — our own constant
        f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{paths}</svg>'
    )


# Addresses


@register.simple_tag(takes_context=True)
def business_url(context: Context, name: str, *args: Any, **kwargs: Any) -> str:
    """Return a page of the business at hand, or of `business=`."""
    business = kwargs.pop("business", None) or context["request"].business
    return urls_for.business_url(business, name, *args, **kwargs)


@register.simple_tag(takes_context=True)
def group_url(context: Context, name: str, *args: Any, **kwargs: Any) -> str:
    """Return a page of the group at hand, or of `group=`."""
    group = kwargs.pop("group", None) or context["request"].group
    return urls_for.group_url(group, name, *args, **kwargs)


@register.simple_tag(takes_context=True)
def business_url_or_nothing(context: Context, name: str, *args: Any) -> str:
    """Return a page of the business at hand, or nothing while nobody has written it."""
    try:
        return business_url(context, name, *args)
    except NoReverseMatch:
        return ""


def address(context: Context, **changes: str) -> str:
    """Return this page's address with some of its questions changed; empty ones go."""
    request = context["request"]
    asked = request.GET.copy()
    for name, value in changes.items():
        asked.pop(name, None)
        if value:
            asked[name] = value
    query = asked.urlencode()
    return f"{request.path}?{query}" if query else str(request.path)


# Parts of the frame


@register.simple_tag(takes_context=True)
def page_frame(context: Context) -> Frame:
    """Return what the frame of this page shows; `base.html` keeps it as `frame`."""
    return Frame(context.get("request"))


@register.inclusion_tag("frame/breadcrumb.html")
def breadcrumb(*steps: str) -> dict[str, Any]:
    """Print the way here: text, URL, text, URL … and the page's own name last."""
    urls = [*steps[1::2], *([""] if len(steps) % 2 else [])]
    return {"trail": list(zip(steps[::2], urls, strict=True))}


@register.inclusion_tag("frame/as_of.html", takes_context=True)
def as_of_bar(context: Context) -> dict[str, Any]:
    """Say how fresh the figures are: `as_of` of the view, else what a room offers."""
    request = context.get("request")
    as_of = context.get("as_of")
    if as_of is None and request is not None:
        as_of = hooks.ask("as_of", request)
    return {"as_of": as_of, "request": request}


@register.simple_tag(takes_context=True)
def message_line(context: Context, message: Message) -> SafeString:
    """Print one message, with its undo where it has one."""
    return message_html(context["request"], message)


# Tables


@register.simple_tag(takes_context=True)
def th(
    context: Context,
    text: str,
    column: str = "",
    sort: Sort | None = None,
    num: bool = False,
) -> SafeString:
    """Print a column heading; with `column` and `sort` it is a link that sorts."""
    css = mark_safe(' class="num"') if num else EMPTY
    if not column or sort is None:
        return format_html('<th scope="col"{}>{}</th>', css, text)
    is_here = sort.column == column
    wanted = (
        f"-{column}"
        if (is_here and not sort.descending) or (num and not is_here)
        else column
    )
    state = EMPTY
    if is_here:
        state = format_html(
            ' aria-sort="{}"', "descending" if sort.descending else "ascending"
        )
    url = address(context, sort=wanted, page="")
    return format_html(
        '<th scope="col"{}{}><a class="sort" href="{}">{}</a></th>',
        css,
        state,
        url,
        text,
    )


@register.inclusion_tag("frame/pager.html", takes_context=True)
def pager(
    context: Context, page: Page[Any], param: str = "page", label: str = ""
) -> dict[str, Any]:
    """Print “1–50 of 10,214” and the way on and back."""
    reader = reader_in(context)
    first, last, total = (
        formats.format_number(value, reader)
        for value in (page.first, page.last, page.total)
    )

    def url(cursor: str) -> str:
        return address(context, **{param: cursor}) if cursor else ""

    return {
        "page": page,
        "label": label,
        "words": f"{first}–{last} of {total}",
        "previous_url": url(page.previous_cursor),
        "next_url": url(page.next_cursor),
    }


@register.simple_block_tag
def scroll(content: str, labelledby: str = "", label: str = "") -> SafeString:
    """Let a wide table scroll inside its own labelled region, also by keyboard."""
    name = (
        format_html('aria-labelledby="{}"', labelledby)
        if labelledby
        else format_html('aria-label="{}"', label)
    )
    return format_html(
        '<div class="table-box scroll" role="region" {} tabindex="0">{}</div>',
        name,
        content,
    )


@register.simple_block_tag
def notice(content: str, tone: str = "info") -> SafeString:
    """Print a banner: info, good, warn or bad."""
    return format_html(
        '<div class="notice {} tone-{}"><div class="body">{}</div></div>',
        TONE_SHAPES[tone],
        tone,
        content,
    )


@register.simple_block_tag
def disclosure(
    content: str, summary: str, id: str = "", opened: bool = False
) -> SafeString:
    """Fold something away that works without JavaScript."""
    name = format_html(' id="{}"', id) if id else EMPTY
    state = mark_safe(" open") if opened else EMPTY
    return format_html(
        '<details class="disclosure"{}{}><summary>{}</summary><div class="body">{}</div></details>',
        name,
        state,
        summary,
        content,
    )


# Forms


@register.inclusion_tag("frame/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """Print a field with its label, help and errors tied to it."""
    return {"field": bound}


@register.inclusion_tag("frame/fields.html")
def fields(form: BaseForm) -> dict[str, Any]:
    """Print all fields of a form."""
    return {"form": form}


@register.inclusion_tag("frame/error_summary.html")
def error_summary(form: BaseForm) -> dict[str, Any]:
    """Print “There is a problem” with a link to each field that has one."""
    problems: list[tuple[str, str]] = []
    if form.is_bound:
        problems += [("", str(error)) for error in form.non_field_errors()]
        for bound in form:
            problems += [
                (_first_id(bound), f"{bound.label}: {error}") for error in bound.errors
            ]
    return {"problems": problems}


def _first_id(bound: BoundField) -> str:
    return f"{bound.auto_id}_0" if bound.use_fieldset else str(bound.auto_id)


# Progress and charts


@register.inclusion_tag("frame/attainment.html", takes_context=True)
def attainment(
    context: Context,
    done: Decimal,
    goal: Decimal,
    currency: str,
    word: str = "quota",
    note: str = "",
) -> dict[str, Any]:
    """Print how much of a goal is reached, in words, as a percentage and as a bar."""
    reader = reader_in(context)
    ratio = done / goal if goal else Decimal(0)
    return {
        "request": context.get("request"),
        "reader": reader,
        "done": done,
        "goal": goal,
        "currency": currency,
        "word": word,
        "note": note,
        "percent": formats.format_percent(ratio, reader, most=1),
        "bar": max(0, min(int(ratio * 1000), 1000)),
    }


@register.simple_tag
def bar_chart(points: list[charts.ChartPoint], title: str) -> SafeString:
    """Draw bars; put the same figures in a table beside them."""
    return charts.bar_svg(points, title=title)


@register.simple_tag
def sparkline(amounts: list[Decimal], label: str) -> SafeString:
    """Draw a line as high as a word, beside figures that say the same."""
    return charts.sparkline_svg(amounts, label=label)
