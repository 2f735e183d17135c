"""Reads the values of examples and defaults from text, by their type."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from commissions.plans.document import Raw
from commissions.plans.hints import suggestion
from commissions.plans.table_form import read_day, read_number
from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.periods import Period, parse_period
from crm_sync.ledger.facts import Value, ValueType

_YES, _NO = frozenset(("yes", "true")), frozenset(("no", "false"))


def read_value(text: str, kind: ValueType, what: str) -> Value:
    """Read a value of a type from text, or say what it should look like."""
    if kind == "text":
        return text
    if kind == "yesno":
        if text.lower() in _YES | _NO:
            return text.lower() in _YES
        raise ProductError(f"{what}: “{text}” is neither yes nor no.")
    if kind == "date":
        return read_day(text, what)
    return number(text, what)


def number(text: str, what: str) -> Decimal:
    """Read a number, or say where it stands."""
    try:
        return read_number(text)
    except ProductError as problem:
        raise ProductError(f"{what}: {problem.message}", hint=problem.hint) from None


def day(text: str, what: str) -> date | None:
    """Read a day; nothing written is none."""
    return read_day(text, what) if text else None


def text(raw: Mapping[str, Raw], key: str, what: str = "") -> str:
    """Return a single text; nothing written is empty."""
    value = raw.get(key, "")
    if not isinstance(value, str):
        where = f"{what}: " if what else ""
        raise ProductError(f"{where}“{key}” must be a single text.")
    return value


def listed(raw: Mapping[str, Raw], key: str) -> Sequence[Raw]:
    """Return a list; nothing written is an empty one, one thing is a list of it."""
    value = raw.get(key, [])
    if isinstance(value, Mapping):
        return [value]
    if not isinstance(value, list):
        raise ProductError(f"“{key}” must be a list.")
    return value


def mapping(value: Raw, what: str) -> Mapping[str, Raw]:
    """Return a set of names and values, or say that it must be one."""
    if not isinstance(value, Mapping):
        raise ProductError(f"“{what}” must be a set of names and values.")
    return value


def refuse_unknown(raw: Mapping[str, Raw], keys: Sequence[str], what: str) -> None:
    """Refuse a key that nothing reads, with the one that was meant."""
    for key in raw:
        if key not in keys:
            hint = suggestion(key, keys) or f"Known are {', '.join(keys)}."
            raise ProductError(f"“{key[:80]}” is not known in {what}.", hint=hint)


def period(slug: str) -> Period:
    """Read a period; 2026-Q1 and 2026-W07 may have capitals."""
    return parse_period(slug.strip().lower())


def single(value: Raw, what: str) -> str:
    """Return what is expected as a single text, or say that it must be one."""
    if not isinstance(value, str):
        raise ProductError(f"“{what}” must be a single amount or text.")
    return value


def asked(value: Raw) -> Mapping[str, Raw]:
    """Return what is expected under names, or say how it is written."""
    if not isinstance(value, Mapping):
        words = "What is expected is written as a set of names and amounts."
        raise ProductError(words, hint="Like components: {base_pay: 100.00}.")
    return value
