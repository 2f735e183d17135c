"""Small charts as SVG, in whole units, without styles of their own or scripts."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """One bar: its label, its amount, where it leads, and whether it is the current one."""

    label: str
    amount: Decimal
    url: str = ""
    now: bool = False


HEIGHT, STEP, BAR = 120, 60, 36


def bar_svg(points: Sequence[ChartPoint], *, title: str) -> SafeString:
    """Draw a bar for each point; negative ones hang below the line and are marked."""
    most = max([point.amount for point in points] + [Decimal(0)])
    least = min([point.amount for point in points] + [Decimal(0)])
    reach = most - least or Decimal(1)
    zero = _units(most, reach)
    bars = []
    for place, point in enumerate(points):
        size = max(_units(abs(point.amount), reach), 1 if point.amount else 0)
        kind = "below" if point.amount < 0 else "now" if point.now else "bar"
        top = zero if point.amount < 0 else zero - size
        bars.append((kind, place * STEP + (STEP - BAR) // 2, top, BAR, size))
    width = len(points) * STEP
    labels = [
        (place * STEP + STEP // 2, HEIGHT + 18, p.label)
        for place, p in enumerate(points)
    ]
    return format_html(
        '<svg class="chart" role="img" viewBox="0 0 {} {}" aria-label="{}">{}'
        '<line x1="0" x2="{}" y1="{}" y2="{}"/>{}</svg>',
        width,
        HEIGHT + 24,
        title,
        format_html_join(
            "", '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="3"/>', bars
        ),
        width,
        zero,
        zero,
        format_html_join("", '<text x="{}" y="{}">{}</text>', labels),
    )


def sparkline_svg(amounts: Sequence[Decimal], *, label: str) -> SafeString:
    """Draw a line through the amounts with a dot at the last."""
    if not amounts:
        return SafeString("")
    least = min(amounts)
    reach = max(amounts) - least or Decimal(1)
    step = 96 // max(len(amounts) - 1, 1)
    spots = [
        (place * step, 21 - int((amount - least) * 18 / reach))
        for place, amount in enumerate(amounts)
    ]
    last_x, last_y = spots[-1]
    return format_html(
        '<svg class="sparkline" role="img" viewBox="-3 0 102 24" aria-label="{}">'
        '<polyline points="{}"/><circle cx="{}" cy="{}" r="2.5"/></svg>',
        label,
        " ".join(f"{x},{y}" for x, y in spots),
        last_x,
        last_y,
    )


def _units(amount: Decimal, reach: Decimal) -> int:
    return int(amount * HEIGHT / reach)
