"""Where in its file a problem of a plan stands: the line and column that an editor shows."""

import re
from collections.abc import Iterable
from dataclasses import replace

import yaml

from commissions.plans.document import PlanProblem
from commissions.plans.yaml_form import node_of

_INDEX = re.compile(r"\[(\d+)\]\.?")
_ESCAPE = re.compile(r"\\(?:x..|u.{4}|U.{8}|\s*\n\s*|.)", re.DOTALL)
_OF_FORMULA = re.compile(r"\nLine \d+, column \d+: [^\n]*$")


def in_file(problems: Iterable[PlanProblem], text: str) -> tuple[PlanProblem, ...]:
    """Return the problems with the line and column of the file at which they stand."""
    tree = node_of(text)
    if tree is None:
        return tuple(problems)
    return tuple(_placed(problem, tree, text) for problem in problems)


def _placed(problem: PlanProblem, tree: yaml.Node, text: str) -> PlanProblem:
    if not problem.path:
        return problem
    node, at, whole = _found(tree, problem.path)
    if problem.picture and whole and isinstance(node, yaml.ScalarNode):
        at = _in_formula(node, text, problem)
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    where = f"\nLine {line}, column {column} of the file."
    picture = _OF_FORMULA.sub(where, problem.picture)
    return replace(problem, file_line=line, file_column=column, picture=picture)


def _found(node: yaml.Node, path: str) -> tuple[yaml.Node, int, bool]:
    """Return the part that a path names, where it begins, and whether it is all there."""
    at = node.start_mark.index
    while path:
        step = _step(node, path)
        if step is None:
            return node, at, False
        node, at, path = step
    return node, at, True


def _step(node: yaml.Node, path: str) -> tuple[yaml.Node, int, str] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in sorted(node.value, key=lambda pair: -len(pair[0].value)):
            if (rest := _after(path, key.value)) is not None:
                return value, key.start_mark.index, rest
    if isinstance(node, yaml.SequenceNode):
        if index := _INDEX.match(path):
            place = int(index.group(1)) - 1
            if place >= len(node.value):
                return None
            item = node.value[place]
            return item, item.start_mark.index, path[index.end() :]
        for item in node.value:
            if (found := _named(item, path)) is not None:
                return found
    return None


def _named(item: yaml.Node, path: str) -> tuple[yaml.Node, int, str] | None:
    """Return the item of a list if the path calls it by its key, or by its only name."""
    if not isinstance(item, yaml.MappingNode):
        return None
    for key, value in item.value:
        if key.value == "key" and isinstance(value, yaml.ScalarNode):
            rest = _after(path, value.value.strip())
            return None if rest is None else (item, item.start_mark.index, rest)
    return _step(item, path)


def _after(path: str, name: str) -> str | None:
    if not name or not path.startswith(name):
        return None
    rest = path[len(name) :]
    if rest and rest[0] not in ".[":
        return None
    return rest.removeprefix(".")


def _in_formula(node: yaml.ScalarNode, text: str, problem: PlanProblem) -> int:
    """Return where in the file a place of a formula stands.

    YAML folds lines and takes indents away, but it keeps every other character in its
    order: so many of them stand before the place in the file as in the formula.
    """
    lines = node.value.strip().split("\n")
    before = "".join(lines[: problem.line - 1])
    before += lines[problem.line - 1][: problem.column - 1]
    left = len("".join(before.split()))
    at, end = node.start_mark.index, node.end_mark.index
    if node.style in ("|", ">"):
        at = text.index("\n", at)
    elif node.style:
        at, end = at + 1, end - 1
    last = at
    while at < end:
        size, blank = _sign_at(text, at, node.style)
        if not blank:
            if left == 0:
                return at
            left -= 1
            last = at + size
        at += size
    return last


def _sign_at(text: str, at: int, style: str | None) -> tuple[int, bool]:
    """Return how long one character of a value is in its file, and whether it is blank."""
    if style == "'" and text.startswith("''", at):
        return 2, False
    if style == '"' and (escape := _ESCAPE.match(text, at)):
        written = escape.group()
        return len(written), written[1] in "nrt_ " or written[1:].isspace()
    return 1, text[at].isspace()
