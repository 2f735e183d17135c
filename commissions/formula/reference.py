"""The pages that follow from the catalogue: the function list, the editor's completion."""

from collections.abc import Mapping

from .functions import GROUPS
from .functions.declare import Function
from .types import Type

START = "<!-- The list below is generated from the catalogue. -->"
END = "<!-- End of the generated list. -->"


def function_list() -> str:
    """Return the list of functions as it stands in docs/formula-language.md."""
    lines: list[str] = []
    for title, functions in GROUPS:
        lines += [f"### {title}", ""]
        for function in functions:
            lines += [*_entry(function), ""]
    return "\n".join(lines).rstrip() + "\n"


def _entry(function: Function) -> list[str]:
    lines = [f"**`{function.usage}`**", "", function.summary, ""]
    takes = [
        f"`{place.name}` is {place.accepts.value}{' (may be left out)' * place.optional}"
        for place in function.places
    ]
    lines += [f"Where {', '.join(takes)}.", "", "```"]
    lines += [f"{text}  →  {shown}" for text, shown in function.examples]
    return [*lines, "```"]


def refreshed(page: str) -> str:
    """Return the page with the list between its marks brought up to date."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{function_list()}\n{END}{after}"


def completions(inputs: Mapping[str, Type]) -> list[dict[str, str]]:
    """Return what the editor offers while somebody types: fields, then functions."""
    fields = [
        {"insert": name, "shows": name, "says": kind.words, "kind": "field"}
        for name, kind in sorted(inputs.items())
    ]
    functions = [
        {
            "insert": f"{function.name}(",
            "shows": function.usage,
            "says": function.summary,
            "kind": "function",
        }
        for _, group in GROUPS
        for function in group
    ]
    return [*fields, *functions, *_words()]


def _words() -> list[dict[str, str]]:
    said = {
        "IF(condition, value, value otherwise)": "One value or the other.",
        "AND(condition, condition, …)": "Whether all conditions hold.",
        "OR(condition, condition, …)": "Whether at least one condition holds.",
        "NOT(condition)": "Whether the condition does not hold.",
    }
    return [
        {
            "insert": f"{usage.partition('(')[0]}(",
            "shows": usage,
            "says": summary,
            "kind": "function",
        }
        for usage, summary in said.items()
    ]
