"""Cuts text into numbers, texts, names and signs, and refuses every other character."""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from . import syntax_errors
from .characters import is_like_space, is_unseen, written_as
from .errors import Fault, Refused
from .limits import LIMITS
from .source import Span


class Kind(Enum):
    """What a token is."""

    NUMBER = "number"
    TEXT = "text"
    NAME = "name"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True)
class Token:
    """A piece of the text with its place; numbers and texts carry their value."""

    kind: Kind
    text: str
    start: int
    end: int
    value: Decimal | str | None = None

    @property
    def span(self) -> Span:
        """Return where the token stands."""
        return Span(self.start, self.end)


_SPACE = re.compile(r"[ \t\r\n]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_NUMBER = re.compile(
    rf"(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?"
)
_THOUSANDS = re.compile(r"(?<![0-9.])[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9])")
_SPACED = re.compile(
    r"(?<![0-9A-Za-z_.])[0-9]{1,3}(?: [0-9]{3})+(?:\.[0-9]+)?(?![0-9A-Za-z_.])"
)
_APOSTROPHES = re.compile(r"[0-9]{1,3}(?:['’][0-9]{3})+(?:\.[0-9]+)?(?![0-9'’])")
_SHORT = re.compile(r"([0-9]+(?:\.[0-9]+)?)([kKM])(?![0-9A-Za-z_.])")
_DATE = re.compile(r"[12][0-9]{3}([-/.])[01][0-9]\1[0-3][0-9](?![0-9])")
_DECIMAL_COMMA = re.compile(r"(?<![0-9.,])[0-9]+(?:\.[0-9]{3})*,[0-9]+(?![0-9,.])")
_SIGN = re.compile(
    r"===|!==|=<|=>|%%|\*\*=?|//=?|==|!=|<=|>=|<>|&&|\|\||:=|<<|>>|->|[-+*/%&|^@]=|[-+*/%<>()=,;!&|^~@\[\]{}:?#.]"
)
_MONEY_SIGNS = "$€£¥"


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a text that is within its limits, closed by an END."""
    if len(text) > LIMITS.characters:
        raise Refused(syntax_errors.too_long(len(text), LIMITS.characters))
    found: list[Token] = []
    at = 0
    while at < len(text):
        if space := _SPACE.match(text, at):
            at = space.end()
            continue
        token = _token_at(text, at)
        found.append(token)
        at = token.end
        if len(found) > LIMITS.tokens:
            raise Refused(syntax_errors.too_many_tokens(token.span, LIMITS.tokens))
    if not found:
        raise Refused(syntax_errors.empty())
    found.append(Token(Kind.END, "", len(text.rstrip()), len(text.rstrip()) + 1))
    return found


def _token_at(text: str, at: int) -> Token:
    sign = text[at]
    if sign in "\"'":
        return _text_at(text, at)
    if match := _NAME.match(text, at):
        return Token(Kind.NAME, match.group(), at, match.end())
    if match := _NUMBER.match(text, at):
        return _number_at(text, match)
    if match := _SIGN.match(text, at):
        return Token(Kind.SIGN, match.group(), at, match.end())
    if sign in _MONEY_SIGNS:
        raise Refused(syntax_errors.money_sign(at, sign))
    fix, unseen = written_as(sign), is_unseen(sign)
    raise Refused(syntax_errors.strange_character(sign, at, fix, unseen and not fix))


def _text_at(text: str, start: int) -> Token:
    quote, at, signs = text[start], start + 1, []
    while at < len(text) and text[at] != quote:
        sign = text[at]
        if sign == "\n":
            break
        if sign == "\\":
            raise Refused(syntax_errors.bad_escape(at))
        if is_unseen(sign):
            raise Refused(syntax_errors.hidden_character(sign, at))
        if is_like_space(sign):
            raise Refused(syntax_errors.other_space(sign, at))
        signs.append(sign)
        at += 1
    if at >= len(text) or text[at] != quote:
        raise Refused(syntax_errors.unclosed_text(Span(start, at), quote))
    span = Span(start, at + 1)
    if len(signs) > LIMITS.text_characters:
        raise Refused(syntax_errors.long_text(span, LIMITS.text_characters))
    return Token(Kind.TEXT, text[start : at + 1], start, at + 1, "".join(signs))


def _number_at(text: str, match: re.Match[str]) -> Token:
    start, end = match.span()
    written = match.group()
    span = Span(start, end)
    if swiss := _APOSTROPHES.match(text, start):
        raise Refused(
            syntax_errors.thousands_apostrophe(Span(*swiss.span()), swiss.group())
        )
    follows = _NAME.match(text, end)
    if follows or text[end : end + 1] == ".":
        if around := _short_at(text, start) or _date_around(text, start):
            raise Refused(around)
        whole = Span(start, follows.end() if follows else end + 1)
        raise Refused(syntax_errors.bad_number(whole, text[start : whole.end]))
    plain = written.replace("_", "")
    if plain.isdigit() and len(plain) > 1 and plain[0] == "0":
        around = _grouped_around(text, start) or _date_around(text, start)
        around = around or spaced_around(text, start)
        if around or (around := _decimal_comma_around(text, start)):
            raise Refused(around)
        raise Refused(syntax_errors.leading_zero(span, written))
    return Token(Kind.NUMBER, written, start, end, _exact(plain, span))


def _grouped_around(text: str, at: int) -> Fault | None:
    for match in _THOUSANDS.finditer(text):
        if match.start() <= at < match.end():
            return syntax_errors.thousands_comma(Span(*match.span()), match.group())
    return None


def spaced_around(text: str, at: int) -> Fault | None:
    """Return the fault of a number such as 10 000 that stands here, if one does."""
    for match in _SPACED.finditer(text):
        if match.start() <= at < match.end():
            return syntax_errors.thousands_space(Span(*match.span()), match.group())
    return None


def _short_at(text: str, start: int) -> Fault | None:
    match = _SHORT.match(text, start)
    if match is None:
        return None
    places = 6 if match.group(2) == "M" else 3
    value = Decimal(match.group(1)).scaleb(places)
    return syntax_errors.short_number(
        Span(*match.span()), match.group(), format(value.normalize(), "f")
    )


def _date_around(text: str, at: int) -> Fault | None:
    for match in _DATE.finditer(text, max(0, at - 8), at + 10):
        if match.start() <= at < match.end():
            return _bare_date(match)
    return None


def bare_date_at(text: str, span: Span) -> Fault | None:
    """Return the fault of a date without quotes such as 2026-11-24, if this is one."""
    match = _DATE.fullmatch(text, span.start, span.end)
    return _bare_date(match) if match else None


def _bare_date(match: re.Match[str]) -> Fault:
    day = match.group().replace(match.group(1), "-")
    return syntax_errors.bare_date(Span(*match.span()), day, match.group(1))


def _decimal_comma_around(text: str, at: int) -> Fault | None:
    for match in _DECIMAL_COMMA.finditer(text):
        if match.start() <= at < match.end():
            return syntax_errors.decimal_comma(Span(*match.span()), match.group())
    return None


def decimal_comma_at(text: str, start: int) -> Fault | None:
    """Return the fault of a number such as 12,5 that begins here, if one does."""
    match = _DECIMAL_COMMA.match(text, start)
    if match is None:
        return None
    return syntax_errors.decimal_comma(Span(*match.span()), match.group())


def grouped_at(text: str, start: int) -> Fault | None:
    """Return the fault of a number such as 10,000 that begins here, if one does."""
    match = _THOUSANDS.match(text, start)
    if match is None:
        return None
    return syntax_errors.thousands_comma(Span(*match.span()), match.group())


def _exact(plain: str, span: Span) -> Decimal:
    mantissa, _, power = plain.lower().partition("e")
    if not mantissa.replace(".", "").strip("0"):
        return Decimal(0)
    if len(power.lstrip("+-0")) > 4:
        if power.startswith("-"):
            raise Refused(syntax_errors.number_too_precise(span, LIMITS.places))
        raise Refused(syntax_errors.number_too_large(span, plain))
    value = Decimal(plain)
    if value > LIMITS.largest:
        raise Refused(syntax_errors.number_too_large(span, plain))
    if _places(value) > LIMITS.places:
        raise Refused(syntax_errors.number_too_precise(span, LIMITS.places))
    # Without an exponent the value prints as a person would write it.
    return Decimal(format(value, "f")) if power else value


def _places(value: Decimal) -> int:
    # Decimal.normalize would round by whatever context the caller has.
    _, digits, exponent = value.as_tuple()
    written = "".join(map(str, digits))
    return -int(exponent) - (len(written) - len(written.rstrip("0")))
