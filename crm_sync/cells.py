"""Cells of CSV files that spreadsheets take for formulas, and those that are none."""

import re

# The wide forms of =, +, - and @ are the same to a spreadsheet in Japanese.
_STARTS_FORMULA = (
    *("=", "+", "-", "@", "\t", "\r", "\n"),
    *("\uff1d", "\uff0b", "\uff0d", "\uff20"),
)
_TOLD = re.compile(r'="([^"]*)"')
_NUMBER = re.compile(r"[+-]?\d[\d.,]*%?")


def safe_cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if text.startswith(_STARTS_FORMULA) and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def plain_cell(text: str) -> str:
    """Return a cell as it was before `safe_cell`, or before a spreadsheet was told by
    ="007" that it is a text."""
    told = _TOLD.fullmatch(text)
    if told:
        return told[1]
    return text[1:] if text[:1] == "'" and safe_cell(text[1:]) == text else text
