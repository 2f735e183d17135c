"""Every sentence about text that is not a formula, one function for each."""

import unicodedata
from dataclasses import replace

from .errors import Edit, Fault
from .source import Span, clipped, quoted


def empty() -> Fault:
    return Fault("empty", "The formula is empty.", Span(0, 1))


def too_long(length: int, limit: int) -> Fault:
    message = (
        f"The formula has {length:,} characters; {limit:,} are allowed. "
        "Move parts of it into components or measures of their own."
    )
    return Fault("too_long", message, Span(limit, limit + 1))


def too_many_tokens(span: Span, limit: int) -> Fault:
    message = f"The formula has more than {limit:,} words and signs."
    return Fault("too_many_words", message, span)


def too_deep(span: Span, limit: int) -> Fault:
    message = (
        f"The formula is nested more than {limit} levels deep here. "
        "Split it into smaller parts."
    )
    return Fault("too_deep", message, span)


def too_many_parts(span: Span, limit: int) -> Fault:
    message = f"The formula has more than {limit} parts. Split it into smaller ones."
    return Fault("too_many_parts", message, span)


def strange_character(sign: str, offset: int, fix: str, unseen: bool = False) -> Fault:
    name = unicodedata.name(sign, "").lower() or "a control character"
    hidden = unseen or not sign.isprintable()
    shown = f"U+{ord(sign):04X}" if hidden else f'"{sign}"'
    message = f"The character {shown} ({name}) cannot be used here."
    span = Span(offset, offset + 1)
    if unseen:
        message += " It cannot be seen; take it out."
        return Fault("strange_character", message, span, edit=Edit(span, ""))
    if fix:
        shown = {" ": "a space", "not ": "not"}.get(fix, fix)
        message += f" Write {shown} instead."
    return Fault("strange_character", message, span, fix=fix, suggestion=fix)


def hidden_character(sign: str, offset: int) -> Fault:
    name = unicodedata.name(sign, "").lower() or "a control character"
    message = (
        f"This text holds a character that cannot be seen: U+{ord(sign):04X} ({name}). "
        "Take it out."
    )
    span = Span(offset, offset + 1)
    return Fault("hidden_character", message, span, edit=Edit(span, ""))


def other_space(sign: str, offset: int) -> Fault:
    name = unicodedata.name(sign).lower()
    message = (
        f"What looks like a space in this text is another character: "
        f"U+{ord(sign):04X} ({name}). Write a space."
    )
    return Fault("other_space", message, Span(offset, offset + 1), " ", " ")


def unclosed_text(span: Span, quote: str) -> Fault:
    message = f"This text was never closed. Add {quote} at its end."
    edit = Edit(Span(span.end, span.end), quote)
    return Fault("unclosed_text", message, span, edit=edit)


def long_text(span: Span, limit: int) -> Fault:
    message = f"A text in a formula may have {limit} characters at most."
    return Fault("long_text", message, span)


def doubled_quote(span: Span) -> Fault:
    message = (
        "A quote is not doubled inside a text. Write the text in the other kind of "
        "quotes."
    )
    return Fault("doubled_quote", message, span)


def bad_escape(offset: int) -> Fault:
    message = (
        "A backslash has no meaning here. Write the text in the other kind of quotes."
    )
    return Fault("backslash", message, Span(offset, offset + 1))


def bad_number(span: Span, text: str) -> Fault:
    message = f'"{clipped(text)}" is not a number that can be used here.'
    return Fault("bad_number", message, span)


def leading_zero(span: Span, text: str) -> Fault:
    fix = text.lstrip("0") or "0"
    message = (
        f"A number does not begin with 0: write {clipped(fix, 24)} "
        f"instead of {quoted(text)}."
    )
    return Fault("leading_zero", message, span, fix, fix)


def thousands_comma(span: Span, text: str) -> Fault:
    fix = text.replace(",", "")
    message = f"A comma separates values. Write {clipped(fix, 24)} without the comma."
    return Fault("thousands_comma", message, span, fix, fix)


def thousands_space(span: Span, text: str) -> Fault:
    fix = text.replace(" ", "")
    message = f"A number has no spaces inside. Write {clipped(fix, 24)}."
    return Fault("thousands_space", message, span, fix, fix)


def thousands_apostrophe(span: Span, text: str) -> Fault:
    fix = "".join(sign for sign in text if sign not in "'’")
    message = f"A number has no signs between its digits. Write {clipped(fix, 24)}."
    return Fault("thousands_apostrophe", message, span, fix, fix)


def short_number(span: Span, text: str, fix: str) -> Fault:
    message = f"Write {clipped(fix, 24)} instead of {quoted(text)}."
    return Fault("short_number", message, span, fix, fix)


def decimal_comma(span: Span, text: str) -> Fault:
    fix = text.replace(".", "").replace(",", ".")
    message = (
        "A comma may only stand between the values of a function. "
        f"For a decimal write {clipped(fix, 24)}."
    )
    return Fault("decimal_comma", message, span, fix, fix)


def bare_date(span: Span, text: str, sign: str) -> Fault:
    fix = f'date("{text}")'
    read_as = {"-": "a subtraction", "/": "a division"}.get(sign, "no number")
    message = f"A date is written {fix}; without it this is {read_as}."
    return Fault("bare_date", message, span, fix, fix)


def number_too_large(span: Span, text: str) -> Fault:
    message = (
        f"{clipped(text, 24)} is too large: numbers go up to 1,000,000,000,000,000."
    )
    return Fault("number_too_large", message, span)


def number_too_precise(span: Span, places: int) -> Fault:
    message = f"This number has more than {places} decimal places."
    return Fault("number_too_precise", message, span)


def money_sign(offset: int, sign: str) -> Fault:
    message = f"Write the amount without {sign}; the plan knows its currency."
    span = Span(offset, offset + len(sign))
    return Fault("money_sign", message, span, edit=Edit(span, ""))


def unclosed_bracket(offset: int) -> Fault:
    message = "This bracket was never closed. Add a ) where it should end."
    return Fault("unclosed_bracket", message, Span(offset, offset + 1))


def closed_at_end(opening: Fault, end: int) -> Fault:
    """Return the fault of an open bracket which a ) at the end of the text would close."""
    return replace(opening, edit=Edit(Span(end, end), ")"))


def unopened_bracket(offset: int) -> Fault:
    message = "This ) closes a bracket that was never opened."
    span = Span(offset, offset + 1)
    return Fault("unopened_bracket", message, span, edit=Edit(span, ""))


def expected_value(span: Span, found: str, again: bool = False) -> Fault:
    if not found:
        message = "The formula stops here, but a value is still missing."
    else:
        message = f"A value is missing before {quoted(found)}."
    if again:
        message += " Name it again, as in a > 5 and a < 10."
    return Fault("missing_value", message, span)


def expected_operator(span: Span, found: str) -> Fault:
    message = (
        f"There is nothing between {quoted(found)} and what stands before it. "
        "Is a sign such as * or + or a comma missing?"
    )
    return Fault("missing_operator", message, span)


def assignment(span: Span) -> Fault:
    message = "= sets nothing here; use == to compare."
    return Fault("assignment", message, span, "==", "==")


def leading_equals(span: Span) -> Fault:
    message = "A formula does not begin with =. Take it out."
    return Fault("leading_equals", message, span, edit=Edit(span, ""))


def second_formula(offset: int, inside: bool) -> Fault:
    span = Span(offset, offset + 1)
    if inside:
        message = "Values are separated by commas, not by ;."
        return Fault("semicolon", message, span, ",", ",")
    message = (
        "One formula ends here, and a second one cannot follow it. Take the ; out."
    )
    return Fault("second_formula", message, span)


def lone_comma(span: Span) -> Fault:
    message = "A comma may only stand between the values of a function."
    return Fault("comma", message, span)


def letters_before_text(span: Span, letters: str) -> Fault:
    message = f"Take the {letters} out: a text is only the words between its quotes."
    return Fault("letters_before_text", message, span, edit=Edit(span, ""))


def no_parts(span: Span) -> Fault:
    message = (
        "A value has no parts and can do nothing by itself; a dot may only stand "
        "inside a name, such as deal.amount."
    )
    return Fault("no_parts", message, span)


def unfinished_name(span: Span) -> Fault:
    message = "A name goes on after its dot, as in deal.amount."
    return Fault("unfinished_name", message, span)


def spaced_dot(span: Span, fix: str) -> Fault:
    message = f"A name has no space around its dot: write {clipped(fix)}."
    return Fault("spaced_dot", message, span, fix, fix)


def named_value(span: Span, name: str, usage: str) -> Fault:
    message = f"Values go by their order, as in {usage}; take {clipped(name)} = out."
    return Fault("named_value", message, span, edit=Edit(span, ""))


def comment(span: Span) -> Fault:
    message = "# is not used here; a formula has no comments; describe it in the plan."
    return Fault("comment", message, span, edit=Edit(span, ""))


def torn_sign(span: Span, fix: str) -> Fault:
    return Fault("torn_sign", f"Write {fix} for this.", span, fix, fix)


def not_an_operator(span: Span, found: str, fix: str, why: str) -> Fault:
    message = f"{found} is not used here; {why}"
    return Fault("unknown_sign", message, span, fix, fix)


def name_in_brackets(span: Span, name: str) -> Fault:
    message = f"A name stands without such brackets: write {clipped(name)}."
    return Fault("name_in_brackets", message, span, name, name)


def not_a_word_here(span: Span, word: str, why: str, fix: str = "") -> Fault:
    message = f'"{word}" cannot be used in a formula. {why}'.rstrip()
    return Fault("unknown_word", message, span, fix, fix)


def word_needs_brackets(span: Span, word: str) -> Fault:
    usage = "condition, value, value otherwise" if word == "IF" else "condition"
    message = f"{word} needs brackets: write {word}({usage})."
    return Fault("word_needs_brackets", message, span)


def use_capitals(span: Span, word: str, fix: str) -> Fault:
    message = f"Use {fix}(…) in capitals."
    if word != word.lower():
        message = f'Write "{word}" as {fix}, all in capitals.'
    return Fault("capitals", message, span, fix, fix)


def use_small_letters(span: Span, word: str) -> Fault:
    fix = word.lower()
    message = f'Between two conditions write "{fix}" in small letters.'
    return Fault("small_letters", message, span, fix, fix)


def words_without_quotes(span: Span, words: str) -> Fault:
    fix = f'"{words}"'
    message = f"A text stands in quotes: write {clipped(fix)}."
    return Fault("words_without_quotes", message, span, fix, fix)


def missing_else(span: Span) -> Fault:
    message = (
        "This condition says what holds if it is met, but not what else. "
        "Add else and a value."
    )
    return Fault("missing_else", message, span)


def not_needs_brackets(span: Span) -> Fault:
    message = 'Put brackets around "not" and what it belongs to.'
    return Fault("not_brackets", message, span)


def percent_after_value(span: Span) -> Fault:
    message = "A percent sign may only follow a number, as in 6%."
    return Fault("percent_sign", message, span)


def doubtful_percent(span: Span, number: str) -> Fault:
    fix = f"{number}%"
    message = (
        f"This may be a percent or a remainder. Write {fix} without a space for the "
        "percent, or brackets around what follows for the remainder."
    )
    return Fault("doubtful_percent", message, span, fix, fix)


def percent_of(span: Span, number: str) -> Fault:
    fix = f"{number}% *"
    message = f"For {number}% of a value write {fix} and the value."
    return Fault("percent_of", message, span, fix, fix)


def cannot_call(span: Span) -> Fault:
    message = "A bracket after a value means nothing. Is a * missing before it?"
    return Fault("cannot_call", message, span, "*", "*(")


def argument_count(span: Span, name: str, usage: str, given: int) -> Fault:
    values = "1 value" if given == 1 else f"{given} values"
    message = f"{name} was given {values}; write {usage}."
    return Fault("argument_count", message, span)
