"""Guesses what somebody meant by text that is not a formula, for the message and fix."""

import re

from . import syntax_errors
from .errors import Fault
from .functions import CATALOGUE
from .lexer import Kind, Token, decimal_comma_at, grouped_at, spaced_around
from .meaning_errors import function_not_called
from .source import Span

_OTHER_SIGNS = {
    "<>": ("!=", "write != for “is not”."),
    "&&": ("and", "write and."),
    "||": ("or", "write or."),
    "!": ("not ", "write not."),
    "^": ("**", "write ** for a power."),
    "&": ("and", "write and between conditions; texts cannot be joined."),
    "|": ("or", "write or between conditions."),
    "===": ("==", "use == to compare."),
    "!==": ("!=", "write != for “is not”."),
    "=<": ("<=", "write <= for “at most”."),
    "=>": (">=", "write >= for “at least”."),
    "~": ("not ", "write not."),
    "?": ("", "write IF(condition, value, value otherwise)."),
    ":": ("", "it has no meaning in a formula."),
    "@": ("", "a formula names fields as they are, such as deal.amount."),
    ":=": ("==", "use == to compare."),
    "[": ("", "a formula has no lists; give the values to a function."),
    "{": ("", "a formula has no lists; give the values to a function."),
}
_SETTING = frozenset(
    ["+=", "-=", "*=", "/=", "//=", "**=", "%=", "&=", "|=", "^=", "@="]
)
_USED_SIGNS = frozenset({"+", "-", "*", "/", "//", "%", "**", "(", ")", ","}) | {
    "==", "!=", "<", "<=", ">", ">="
}  # fmt: skip
_OTHER_WORDS = {
    **dict.fromkeys(("in", "IN"), ("", "Use is_one_of(value, one, another, …).")),
    "is": ("==", "Use == to compare, or is_blank(…) for a field without a value."),
    **dict.fromkeys(
        ("None", "none", "null", "NULL", "Null", "nil", "undefined"),
        ("", "Use is_blank(…) to ask whether a field has no value."),
    ),
    "then": ("", "Use IF(condition, value, value otherwise)."),
    "IS": ("", "Use == to compare, or is_blank(…) for a field without a value."),
    "elif": ("else", "Put another IF(…) in the last place instead."),
    **dict.fromkeys(
        ("THEN", "CASE", "WHEN", "ELSE", "END"),
        ("", "Use IF(condition, value, value otherwise)."),
    ),
}
_WORDS_FOR_SIGNS = {
    "x": "*",
    "times": "*",
    "plus": "+",
    "minus": "-",
    "equals": "==",
    "mod": "%",
    "div": "//",
    "percent": "%",
    "xor": "!=",
}
_WORDS_FOR_FUNCTIONS = {
    "like": "contains(text, part)",
    "contains": "contains(text, part)",
    "starts": "starts_with(text, part)",
    "begins": "starts_with(text, part)",
    "ends": "ends_with(text, part)",
    "between": "low <= value <= high",
}
# A few words of three capitals mean something else, and are looked for as well.
_CURRENCY = re.compile(r"(?!AND|MOD|DIV|XOR|NOT|END)[A-Z]{3}")
_COMPARISONS = ("<", ">", "<=", ">=", "==", "!=")
_SETS_NOTHING = "a formula sets nothing; it only gives a value."
_FORBIDDEN_WORDS = frozenset(
    [
        "lambda",
        "for",
        "while",
        "import",
        "from",
        "def",
        "class",
        "return",
        "yield",
        "await",
        "async",
        "del",
        "global",
        "nonlocal",
        "assert",
        "raise",
        "try",
        "except",
        "finally",
        "with",
        "as",
        "pass",
        "break",
        "continue",
    ]
)


def refused_word(word: Token, calls: bool) -> Fault | None:
    """Return the fault of a word that cannot stand where a value should, if it has one."""
    text, span = word.text, word.span
    upper = text.upper()
    if calls and upper in ("IF", "AND", "OR", "NOT") and text != upper:
        return syntax_errors.use_capitals(span, text, upper)
    if text == "if":
        why = "Write IF(condition, value, value otherwise)."
        return syntax_errors.not_a_word_here(span, text, why)
    if text in ("and", "or", "else"):
        return syntax_errors.expected_value(span, text)
    if text in ("IF", "NOT") and not calls:
        return syntax_errors.word_needs_brackets(span, text)
    if text in ("AND", "OR") and not calls:
        return syntax_errors.expected_value(span, text)
    return _other_word(word)


def _other_word(word: Token) -> Fault | None:
    text, span = word.text, word.span
    if text in _OTHER_WORDS:
        fix, why = _OTHER_WORDS[text]
        return syntax_errors.not_a_word_here(span, text, why, fix)
    if text in _FORBIDDEN_WORDS:
        return syntax_errors.not_a_word_here(span, text, "")
    return None


def after_value(text: str, tokens: list[Token], at: int) -> Fault:
    """Return what is wrong with a token that cannot follow a complete value."""
    token = tokens[at]
    if token.kind is Kind.NAME:
        if token.text == "of" and tokens[at - 1].text == "%":
            number = tokens[at - 2]
            return syntax_errors.percent_of(Span(number.start, token.end), number.text)
        if token.text in ("AND", "OR") or token.text in ("And", "Or"):
            return syntax_errors.use_small_letters(token.span, token.text)
        if token.text == "not":
            why = "Use != or is_one_of(…) after a value."
            return syntax_errors.not_a_word_here(token.span, token.text, why)
        if tokens[at - 1].kind is Kind.NUMBER and _CURRENCY.fullmatch(token.text):
            return syntax_errors.money_sign(token.start, token.text)
        other = _other_word(token) or _word_for_sign(text, tokens, at)
        other = other or _without_brackets(tokens[at - 1])
        if other or token.text != "else":
            return other or syntax_errors.expected_operator(token.span, token.text)
        why = "It belongs after: value if condition."
        return syntax_errors.not_a_word_here(token.span, token.text, why)
    if token.kind is Kind.SIGN:
        return _sign_after_value(text, tokens, at)
    letters = tokens[at - 1]
    if token.kind is Kind.NUMBER:
        if spaced := spaced_around(text, token.start):
            return spaced
        if letters.kind is Kind.NAME and _CURRENCY.fullmatch(letters.text):
            return syntax_errors.money_sign(letters.start, letters.text)
    if without := _without_brackets(letters):
        return without
    touch = letters.end == token.start and len(letters.text) > 2
    if token.kind is letters.kind is Kind.TEXT and touch:
        return syntax_errors.doubled_quote(Span(letters.end - 1, token.start + 1))
    prefixed = token.kind is Kind.TEXT and letters.kind is Kind.NAME
    if prefixed and letters.end == token.start and len(letters.text) <= 2:
        return syntax_errors.letters_before_text(letters.span, letters.text)
    return syntax_errors.expected_operator(token.span, token.text)


def _without_brackets(word: Token) -> Fault | None:
    """Return the fault of round amount, 2: a function without its brackets."""
    function = CATALOGUE.get(word.text) if word.kind is Kind.NAME else None
    if function is None:
        return None
    return function_not_called(word.span, word.text, function.usage)


def _word_for_sign(text: str, tokens: list[Token], at: int) -> Fault | None:
    token, before = tokens[at], tokens[at - 1]
    word = token.text.lower()
    if fix := _WORDS_FOR_SIGNS.get(word):
        return syntax_errors.not_a_word_here(
            token.span, token.text, f"Write {fix}.", fix
        )
    if usage := _WORDS_FOR_FUNCTIONS.get(word):
        why = f"Write {usage}."
        return syntax_errors.not_a_word_here(token.span, token.text, why)
    compares = at >= 2 and tokens[at - 2].text in ("==", "!=")
    if not compares or before.kind is not Kind.NAME:
        return None
    last = token
    for one in tokens[at:]:
        if one.kind is not Kind.NAME or one.text in ("and", "or", "if", "else"):
            break
        last = one
    words = text[before.start : last.end]
    return syntax_errors.words_without_quotes(Span(before.start, last.end), words)


def _sign_after_value(text: str, tokens: list[Token], at: int) -> Fault:
    token = tokens[at]
    if token.text == ",":
        number = tokens[at - 1]
        if number.kind is Kind.NUMBER:
            start = number.start
            comma = grouped_at(text, start) or decimal_comma_at(text, start)
            return comma or syntax_errors.lone_comma(token.span)
        return syntax_errors.lone_comma(token.span)
    if token.text == "(":
        return syntax_errors.cannot_call(token.span)
    if token.text == "%":
        return syntax_errors.percent_after_value(token.span)
    if token.text == ".":
        return _dot(tokens, at)
    if token.text == "!" and tokens[at + 1].text != "=":
        why = "it has no meaning after a value."
        return syntax_errors.not_an_operator(token.span, token.text, "", why)
    if token.text == "=" and (named := _named_value(tokens, at)):
        return named
    depth = sum({"(": 1, ")": -1}.get(one.text, 0) for one in tokens[:at])
    return _torn_sign(token, tokens[at + 1]) or _sign(token, text, depth > 0)


def doubtful_comma(text: str, tokens: list[Token], end: int) -> Fault | None:
    """Return the fault of min(amount, 1,500), which may mean two values or three.

    `end` is the token after the closing bracket of a call. Where other commas of the
    call have a space after them and this one has none, it probably groups digits.
    """
    depth, spaced, tight = 0, False, None
    for at in range(end - 1, 0, -1):
        token = tokens[at]
        depth += {")": 1, "(": -1}.get(token.text, 0)
        if not depth:
            break
        if depth > 1 or token.text != ",":
            continue
        before, after = tokens[at - 1], tokens[at + 1]
        if after.start > token.end:
            spaced = True
        elif before.kind is after.kind is Kind.NUMBER and before.end == token.start:
            grouped = before.text[0] != "0" and grouped_at(text, before.start)
            tight = grouped or tight
    return tight if spaced and tight else None


def _dot(tokens: list[Token], at: int) -> Fault:
    """Tell a name that was torn apart from a value that is asked for its parts."""
    before, after = tokens[at - 1], tokens[at + 1]
    torn = before.kind is Kind.NAME and after.kind is Kind.NAME
    if torn and after.text not in _FORBIDDEN_WORDS:
        fix = f"{before.text}.{after.text}"
        return syntax_errors.spaced_dot(Span(before.start, after.end), fix)
    if before.kind is Kind.NAME and before.end == tokens[at].start:
        return syntax_errors.unfinished_name(Span(before.start, tokens[at].end))
    return syntax_errors.no_parts(tokens[at].span)


def _named_value(tokens: list[Token], at: int) -> Fault | None:
    """Return the fault of round(amount, places=2), whose values have no names."""
    if at < 3 or tokens[at - 1].kind is not Kind.NAME:
        return None
    if tokens[at - 2].text not in ("(", ","):
        return None
    depth = 0
    for back in range(at - 2, 0, -1):
        depth += {"(": 1, ")": -1}.get(tokens[back].text, 0)
        if depth > 0:
            function = CATALOGUE.get(tokens[back - 1].text)
            name = tokens[at - 1]
            if function is None or "." in name.text:
                return None
            span = Span(name.start, tokens[at].end)
            return syntax_errors.named_value(span, name.text, function.usage)
    return None


def _torn_sign(token: Token, after: Token) -> Fault | None:
    """Return the fault of < = and the like, which belong together."""
    if not token.kind is after.kind is Kind.SIGN:
        return None
    torn = {"!=": "!=", "==": "==", "=<": "<=", "=>": ">="}
    fix = torn.get(token.text + after.text)
    span = Span(token.start, after.end)
    return syntax_errors.torn_sign(span, fix) if fix else None


def _sign(token: Token, text: str, inside: bool = False) -> Fault:
    span = token.span
    if token.text == "=":
        return syntax_errors.assignment(span)
    if token.text == ";":
        return syntax_errors.second_formula(token.start, inside)
    if token.text == ")":
        return syntax_errors.unopened_bracket(token.start)
    if token.text == "#":
        line_end = text.find("\n", token.start)
        end = line_end if line_end >= 0 else len(text)
        return syntax_errors.comment(Span(token.start, end))
    if token.text.startswith("%%"):
        return syntax_errors.not_an_operator(span, token.text, "%", "write % once.")
    if token.text in _SETTING:
        return syntax_errors.not_an_operator(span, token.text, "", _SETS_NOTHING)
    if token.text == ".":
        return syntax_errors.no_parts(span)
    fix, why = _OTHER_SIGNS.get(token.text, ("", "it has no meaning in a formula."))
    return syntax_errors.not_an_operator(span, token.text, fix, why)


def instead_of_value(text: str, tokens: list[Token], at: int) -> Fault:
    """Return what is wrong with a sign that stands where a value should."""
    token, previous = tokens[at], tokens[at - 1] if at else tokens[at]
    if previous.text == "%" and previous is not token:
        return syntax_errors.percent_after_value(previous.span)
    if token.kind is Kind.END:
        before = [t for t in tokens[:at] if t.text in ("(", ")")]
        depth = 0
        for bracket in reversed(before):
            depth += 1 if bracket.text == "(" else -1
            if depth > 0:
                return syntax_errors.unclosed_bracket(bracket.start)
        return syntax_errors.expected_value(token.span, "")
    if token.text == "=" and at == 0:
        return syntax_errors.leading_equals(token.span)
    torn = Span(previous.start, token.end)
    if token.text == "=" and previous.text in ("<", ">"):
        return syntax_errors.torn_sign(torn, f"{previous.text}=")
    if token.text == ">" and previous.text == "<":
        return syntax_errors.torn_sign(torn, "!=")
    if token.text in ("[", "{") and (named := _name_in_brackets(tokens, at)):
        return named
    if token.text not in _USED_SIGNS:
        return _sign(token, text)
    if token.text == ")" and not any(t.text == "(" for t in tokens[:at]):
        return syntax_errors.unopened_bracket(token.start)
    again = previous.text in ("and", "or") and token.text in _COMPARISONS
    return syntax_errors.expected_value(token.span, token.text, again)


def _name_in_brackets(tokens: list[Token], at: int) -> Fault | None:
    """Return the fault of [amount] or {{amount}}, as other products write a field."""
    opening = at
    while tokens[at].text in ("[", "{"):
        at += 1
    name, last = tokens[at], at + at - opening
    if name.kind is not Kind.NAME or last >= len(tokens):
        return None
    if any(one.text not in ("]", "}") for one in tokens[at + 1 : last + 1]):
        return None
    span = Span(tokens[opening].start, tokens[last].end)
    return syntax_errors.name_in_brackets(span, name.text)
