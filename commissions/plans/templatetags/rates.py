"""Filters for rate tables and the values of assignments."""

from collections.abc import Mapping, Sequence

from django import template

from commissions.plans.table_words import rows_in_words, value_words

register = template.Library()


@register.filter
def in_words(rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Write the rows of a table: rates as percents, numbers grouped."""
    return rows_in_words(rows)


@register.filter
def value_shown(text: str) -> str:
    """Write a value of an assignment: 90,000."""
    return value_words(str(text))
