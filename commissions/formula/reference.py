"""What follows from the declarations: the language's page and the editor's completion.

`python -m commissions.formula.reference docs/formula-language.md` brings the page up to date.
"""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from . import types
from .functions import GROUPS
from .functions.declare import Function, Place
from .limits import LIMITS
from .types import Type
from .words import grouped

_KINDS = (
    Type.MONEY,
    Type.NUMBER,
    Type.PERCENT,
    Type.PLAIN,
    Type.TEXT,
    Type.DATE,
    Type.YESNO,
)
_NAMES = {
    Type.MONEY: "money",
    Type.NUMBER: "number",
    Type.PERCENT: "percent",
    Type.PLAIN: "bare number",
    Type.TEXT: "text",
    Type.DATE: "date",
    Type.YESNO: "yes/no",
}
_ROWS: tuple[tuple[str, Callable[[Type, Type], Type | None]], ...] = (
    ("+", types.added),
    ("−", types.subtracted),
    ("×", types.multiplied),
    ("÷", types.divided),
    ("%", types.remaining),
)


def operation_table() -> str:
    """Return what each operation makes of each pair of types."""
    lines = [
        "| | `+` | `-` | `*` | `/` and `//` | `%` | `<` `<=` `>` `>=` | `==` `!=` |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for left in _KINDS:
        for right in _KINDS:
            cells = [_gives(rule(left, right)) for _, rule in _ROWS]
            cells.append("yes/no" if types.ordered(left, right) else "·")
            cells.append("yes/no" if types.alike(left, right) else "·")
            if set(cells) != {"·"}:
                pair = f"{_NAMES[left]}, {_NAMES[right]}"
                lines.append(f"| {pair} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _gives(kind: Type | None) -> str:
    return "·" if kind is None else _NAMES[kind]


def limit_list() -> str:
    """Return the limits as they stand on the page."""
    largest, exact = grouped(LIMITS.largest), grouped(LIMITS.exact)
    rows = (
        ("characters in a formula", f"{LIMITS.characters:,}"),
        ("words and signs", f"{LIMITS.tokens:,}"),
        ("parts (values, names, operations)", f"{LIMITS.nodes:,}"),
        ("levels of nesting; terms of one chain", f"{LIMITS.nesting:,}"),
        ("steps that working it out may take", f"{LIMITS.operations:,}"),
        ("characters of a text in quotes", f"{LIMITS.text_characters:,}"),
        ("characters of a text that a field holds", f"{LIMITS.text_value:,}"),
        ("decimal places of a number that is written", f"{LIMITS.places:,}"),
        ("a value that goes in or comes out, above or below zero", largest),
        ("a part inside that is added, subtracted or given to a function", exact),
        ("exponent of `**`, above or below zero", f"{LIMITS.exponent:,}"),
        ("rows of a table with tiers", f"{LIMITS.table_rows:,}"),
    )
    lines = ["| at most | |", "|---|---|"]
    return "\n".join([*lines, *(f"| {what} | {limit} |" for what, limit in rows)])


def function_list() -> str:
    """Return the list of functions as it stands in docs/formula-language.md."""
    lines: list[str] = []
    for title, functions in GROUPS:
        lines += [f"### {title}", ""]
        for function in functions:
            lines += [*_entry(function), ""]
    return "\n".join(lines).rstrip()


def _entry(function: Function) -> list[str]:
    lines = [f"**`{function.usage}`** gives {function.gives}", "", function.summary, ""]
    groups = groupby(function.places, key=lambda place: (place.takes, place.alike))
    lines += [f"- {_taken(list(places))}" for _, places in groups]
    lines += ["", "```"]
    lines += [f"{text}  →  {shown}" for text, shown in function.examples]
    return [*lines, "```"]


def _taken(places: Sequence[Place]) -> str:
    """Return what some places of a function take, which is the same for all of them."""
    each = [f"`{place.name}`" for place in places]
    names = _joined([*each, "so on"] if places[-1].repeats else each)
    left = " (may be left out)" if places[-1].optional else ""
    same = ", all of one type" if len(places) > 1 and places[0].alike else ""
    return f"{names}{left}: {places[0].takes}{same}"


def _joined(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} and {names[-1]}"


_GENERATED: Mapping[str, Callable[[], str]] = {
    "operations": operation_table,
    "limits": limit_list,
    "functions": function_list,
}
_PART = re.compile(r"<!-- generated: (\w+) -->\n.*?<!-- end of \1 -->", re.DOTALL)


def refreshed(page: str) -> str:
    """Return the page with the parts between its marks brought up to date."""

    def part(match: re.Match[str]) -> str:
        name = match.group(1)
        body = _GENERATED[name]()
        return f"<!-- generated: {name} -->\n\n{body}\n\n<!-- end of {name} -->"

    return _PART.sub(part, page)


def completions(
    inputs: Mapping[str, Type], sentences: Mapping[str, str]
) -> list[dict[str, str]]:
    """Return what the editor offers while somebody types: fields, then functions.

    Each has its type, and says in a sentence what it is; of a field `sentences` tell.
    """
    fields = [
        {
            "insert": name,
            "shows": name,
            "says": _field_says(kind, sentences.get(name, "")),
            "type": kind.words,
            "kind": "field",
        }
        for name, kind in sorted(inputs.items())
    ]
    functions = [
        {
            "insert": f"{function.name}(",
            "shows": function.usage,
            "says": function.summary,
            "type": function.gives,
            "kind": "function",
        }
        for _, group in GROUPS
        for function in group
    ]
    return [*fields, *functions, *_words()]


def _field_says(kind: Type, sentence: str) -> str:
    words = kind.words.removeprefix("a ")
    return f"{words[0].upper()}{words[1:]}. {sentence}".rstrip()


def _words() -> list[dict[str, str]]:
    answer = Type.YESNO.words
    said = {
        "IF(condition, value, value otherwise)": (
            "The first value if the condition holds, else the second.",
            "a value of the same type",
        ),
        "AND(condition, condition, …)": ("Whether all conditions hold.", answer),
        "OR(condition, condition, …)": ("Whether at least one holds.", answer),
        "NOT(condition)": ("Whether the condition does not hold.", answer),
    }
    return [
        {
            "insert": f"{usage.partition('(')[0]}(",
            "shows": usage,
            "says": summary,
            "type": gives,
            "kind": "function",
        }
        for usage, (summary, gives) in said.items()
    ]


def _main(paths: list[str]) -> None:
    for path in map(Path, paths):
        path.write_text(refreshed(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    _main(sys.argv[1:])
