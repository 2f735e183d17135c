"""Marks at numbers as people and spreadsheets write them: €5, 5 EUR, $(1,234.50)."""

import re

_DOLLARS = "USD AUD BBD BMD BND BSD BZD CAD FJD GYD HKD JMD KYD LRD MXN NAD NZD SBD SGD TTD TWD XCD"
_MEANS = {
    "$": frozenset(_DOLLARS.split()),
    "US$": frozenset({"USD"}),
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "¥": frozenset({"JPY", "CNY"}),
    "₹": frozenset({"INR"}),
}
_SIGN = r"(US\$|[$€£¥₹]|[A-Z]{3})"
_SPACE = "[ \u00a0\u202f]*"
_BESIDE = re.compile(
    rf"([-+(\u2212]?){_SPACE}{_SIGN}?{_SPACE}"
    r"([-+(\u2212]?[0-9](?:[0-9.,'\u2019 \u00a0\u202f]*[0-9])?[-)]?)"
    rf"{_SPACE}{_SIGN}?{_SPACE}(\)?)"
)


# Other words of three capital letters stand in the names of columns, too: NET, TAX.
_CODES = (
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK"
    " JPY KES KRW MAD MXN MYR NGN NOK NZD PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB"
    " TRY TWD UAH USD UYU VND ZAR"
)
_ONE = rf"US\$|[$€£¥₹]|{_CODES.replace(' ', '|')}"
_NAMED = re.compile(rf"(.*?\S)(?:\s*[(\[](?:in )?({_ONE})[)\]]|\s+(?:in )?({_ONE}))")


def named_in(header: str) -> tuple[str, str]:
    """Return the name of a column without the currency that it says, and that or "":
    Amount (EUR) is Amount in EUR."""
    found = _NAMED.fullmatch(header)
    if found is None:
        return header, ""
    name, *signs = found.groups(default="")
    return name, "".join(signs)


def without_sign(text: str) -> tuple[str, str]:
    """Return a number without the sign of its currency, and that sign or ""."""
    found = _BESIDE.fullmatch(text)
    if found is None:
        return text, ""
    before, first, number, last, after = found.groups(default="")
    if bool(first) is bool(last):  # none, or one too many
        return text, ""
    return f"{before}{number}{after}", first or last


def means(sign: str, currency: str) -> bool:
    """Say whether a sign may stand for a currency."""
    return currency in _MEANS.get(sign, frozenset({sign}))


def signed(text: str) -> str:
    """Return a number as accountants write one below zero, (5.00) or 5.00-, as -5.00."""
    text = text.replace("\u2212", "-")
    inner = (
        text[1:-1] if text[:1] == "(" and text[-1:] == ")" else text.removesuffix("-")
    )
    return f"-{inner}" if inner != text and inner[:1].isdecimal() else text


def is_number(text: str) -> bool:
    """Tell whether a text is a number as programs write one, of whatever size."""
    return re.fullmatch(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?", text[:200]) is not None


def has_thousands(text: str) -> bool:
    """Say whether every comma stands before exactly three digits, as in 1,234.50, and
    none after a zero, as in 0,500."""
    whole, _, _ = text.lstrip("+-").partition(".")
    first, *rest = whole.split(",")
    return (
        bool(rest)
        and 0 < len(first) <= 3
        and not first.startswith("0")
        and all(len(part) == 3 and part.isdecimal() for part in rest)
    )
