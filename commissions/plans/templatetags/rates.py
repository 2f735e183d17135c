"""Filters for rate tables and the values of assignments."""

from collections.abc import Mapping, Sequence
from datetime import date

from django import template

from commissions.calculation.words import day_words
from commissions.plans.table_words import rows_in_words, value_words

register = template.Library()


@register.filter
def in_words(rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Write the rows of a table: rates as percents, numbers grouped."""
    return rows_in_words(rows)


@register.filter
def day_shown(text: str) -> str:
    """Write a day that is kept as text: 2026-06-01 as 1 Jun 2026."""
    return day_words(date.fromisoformat(text))


@register.filter
def value_shown(text: str) -> str:
    """Write a value of an assignment: 90,000."""
    return value_words(str(text))
