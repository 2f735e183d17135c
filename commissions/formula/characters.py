"""Characters that are not used in formulas, and what somebody meant by them."""

import unicodedata

_WRITTEN_AS = {
    "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "″": '"', "‘": "'", "’": "'",
    "‚": "'", "×": "*", "·": "*", "∗": "*", "•": "*", "÷": "/", "∕": "/", "⁄": "/",
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "≤": "<=", "≥": ">=",
    "⩽": "<=", "⩾": ">=", "≠": "!=", "、": ",", "،": ",", "「": '"', "」": '"',
    "`": '"', "´": "'", "٪": "%", "²": "**2", "³": "**3",
    "½": "0.5", "¼": "0.25", "¾": "0.75", "¬": "not ", "∧": "and", "∨": "or",
}  # fmt: skip
# Letters of other scripts that cannot be told from Latin ones by eye.
_TWINS = dict(
    zip(
        "аеорсухіјѕԁһԛԝвкмтАВЕКМНОРСТХУІЈЅαοινρκτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧı",
        "aeopcyxijsdhqwbkmtABEKMHOPCTXYIJSaoivpktuxABEZHIKMNOPTYXi",
        strict=True,
    )
)
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_BLANK = frozenset("\u3164\uffa0\u2800\u115f\u1160\u034f")


def is_unseen(sign: str) -> bool:
    """Say whether nobody can see this character where it stands."""
    if sign in _BLANK or unicodedata.category(sign) in _UNSEEN:
        return True
    return unicodedata.name(sign, "").startswith("VARIATION SELECTOR")


def is_like_space(sign: str) -> bool:
    """Say whether this looks like a space and is another character, as U+00A0 is."""
    # The wide space of Chinese and Japanese is seen, and is what stands in their data.
    return unicodedata.category(sign) == "Zs" and sign not in " \u3000"


def written_as(sign: str) -> str:
    """Return what formulas write for a character, or nothing where none is meant."""
    if known := _WRITTEN_AS.get(sign) or _TWINS.get(sign):
        return known
    if unicodedata.category(sign) == "Zs" or sign in "\v\f\x85\u2028\u2029":
        return " "
    if (digit := unicodedata.decimal(sign, None)) is not None:
        return str(digit)
    plain = unicodedata.normalize("NFKC", sign)
    is_used = plain.isascii() and plain.strip() and not plain.startswith("..")
    return plain if is_used and plain != sign else ""
