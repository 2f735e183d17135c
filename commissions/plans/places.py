"""Where in its file a problem of a plan stands: the line and column that an editor shows."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import replace

import yaml

from commissions.plans.document import PlanProblem
from commissions.plans.yaml_form import node_of

_INDEX = re.compile(r"\[(\d+)\]\.?")
_ENDS = re.compile(r"[.\[]")
_ESCAPE = re.compile(r"\\(?:x..|u.{4}|U.{8}|\s*\n\s*|.)", re.DOTALL)
_OF_FORMULA = re.compile(r"\nLine \d+, column \d+: [^\n]*$")
_Step = tuple[yaml.Node, int]


def in_file(problems: Iterable[PlanProblem], text: str) -> tuple[PlanProblem, ...]:
    """Return the problems with the line and column of the file at which they stand."""
    tree = node_of(text)
    if tree is None:
        return tuple(problems)
    file = _File(text, tree)
    return tuple(file.placed(problem) for problem in problems)


class _File:
    """A file and its tree; what was looked up once is kept for the next problem."""

    def __init__(self, text: str, tree: yaml.Node) -> None:
        self.text = text
        self.tree = tree
        self.lines = [0, *(found.end() for found in re.finditer("\n", text))]
        self.known: dict[int, dict[str, _Step]] = {}

    def placed(self, problem: PlanProblem) -> PlanProblem:
        """Return the problem with its place in the file, as far as its path leads."""
        if not problem.path:
            return problem
        node, at, whole = self.found(problem.path)
        if problem.picture and whole and isinstance(node, yaml.ScalarNode):
            at = _in_formula(node, self.text, problem)
        line = bisect_right(self.lines, at)
        column = at - self.lines[line - 1] + 1
        where = f"\nLine {line}, column {column} of the file."
        picture = _OF_FORMULA.sub(where, problem.picture)
        return replace(problem, file_line=line, file_column=column, picture=picture)

    def found(self, path: str) -> tuple[yaml.Node, int, bool]:
        """Return the part that a path names, where it begins, and if it is all there."""
        node, at = self.tree, self.tree.start_mark.index
        while path:
            step = self.step(node, path)
            if step is None:
                return node, at, False
            node, at, path = step
        return node, at, True

    def step(self, node: yaml.Node, path: str) -> tuple[yaml.Node, int, str] | None:
        if isinstance(node, yaml.SequenceNode) and (index := _INDEX.match(path)):
            place = int(index.group(1)) - 1
            if place >= len(node.value):
                return None
            item = node.value[place]
            return item, item.start_mark.index, path[index.end() :]
        if id(node) not in self.known:
            self.known[id(node)] = dict(_steps(node))
        steps = self.known[id(node)]
        # A name may hold a dot, as deal.fee does: the longest one is meant.
        for end in reversed([*(m.start() for m in _ENDS.finditer(path)), len(path)]):
            if found := steps.get(path[:end]):
                return *found, path[end:].removeprefix(".")
        return None


def _steps(node: yaml.Node) -> Iterator[tuple[str, _Step]]:
    """Give what a path can name here: a mapping's names, or a list's keys or own names."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key.value, (value, key.start_mark.index)
    elif isinstance(node, yaml.SequenceNode):
        for item in reversed(node.value):
            keys = {name: value for name, (value, _) in _steps(item)}
            if isinstance(key := keys.get("key"), yaml.ScalarNode):
                yield key.value.strip(), (item, item.start_mark.index)
            elif isinstance(item, yaml.MappingNode):
                yield from _steps(item)


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
