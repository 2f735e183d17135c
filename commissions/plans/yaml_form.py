"""The YAML form of a plan: the same object, for people and for files."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from commissions.formula.limits import LIMITS
from commissions.plans.document import InvalidPlan, PlanDocument, PlanProblem, Raw
from commissions.plans.reading import (
    COMPONENT_KEYS,
    EXAMPLE_KEYS,
    MEASURE_KEYS,
    PLAN_KEYS,
    read_plan,
)
from commissions.plans.reading_values import HARMFUL

_LARGEST = 500_000
_MOST_PARTS = 50_000
_DEEPEST = 32
# What stands in which order, by where it stands; names that an author gave stay as is.
_ORDERS = {"components": COMPONENT_KEYS, "examples": EXAMPLE_KEYS}


# PyYAML's words for what people do most often, and ours.
_WORDS = (
    ("found character '\\t'", "A tab cannot indent a line or stand before a value."),
    ("cannot start any token", "A value that begins so needs quotes around it."),
    (
        "mapping values are not allowed here",
        "A value that holds “: ” needs quotes around it, or the line above is not"
        " finished.",
    ),
    ("found another document", "A file holds one plan: take the --- out."),
    ("found unexpected end of stream", "A text in quotes was never closed."),
    ("expected the node content", "A value is missing here."),
    ("could not find expected ':'", "A name here has no “:” behind it."),
    ("got '<stream end>'", "A bracket was never closed."),
    (
        "expected ',' or",
        "Inside brackets a comma is missing, or a value that holds “: ” has no quotes"
        " around it, or a bracket was not closed.",
    ),
    (
        "expected <block end>",
        "This line does not stand as far in as those that belong with it.",
    ),
)


_Pair = tuple[yaml.Node, yaml.Node]


class _Loader(yaml.BaseLoader):
    """Reads every scalar as text; refuses aliases, tags and keys that stand twice."""

    depth = parts = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if event.anchor is not None:
            words = "A plan file has no aliases (&name, *name)."
            raise _fault(words, event.start_mark)
        if event.tag is not None:
            raise _fault("A plan file has no tags (!name).", event.start_mark)
        self.parts += 1
        if self.parts > _MOST_PARTS:
            words = f"This file has more than {_MOST_PARTS:,} parts."
            raise _fault(words, event.start_mark)
        if self.depth >= _DEEPEST:
            raise _fault("This is nested too deeply.", event.start_mark)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        if node.flow_style:
            node.value = list(_with_commas(node.value))
        return node

    def construct_scalar(self, node: yaml.ScalarNode) -> str:
        if isinstance(node.value, str) and HARMFUL.search(node.value):
            words = "A text has a zero byte or half a character."
            raise _fault(words, node.start_mark)
        return str(super().construct_scalar(node))

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[object, object]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _fault("A name is a single text.", key.start_mark)
            if key.value in seen:
                words = f"“{key.value[:80]}” stands here twice."
                raise _fault(words, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _with_commas(pairs: Sequence[_Pair]) -> Iterator[_Pair]:
    """Give formulas whole that commas took apart: inside {…} they end max(a, b) at a."""
    at = 0
    while at < len(pairs):
        key, value = pairs[at]
        at = end = at + 1
        whole = value
        while end < len(pairs) and _is_open(whole) and _is_bare(*pairs[end]):
            whole = _joined(whole, pairs[end][0])
            end += 1
        if end > at and not _is_open(whole):
            value, at = whole, end
        yield key, value


def _is_open(node: yaml.Node) -> bool:
    """Say whether a text without quotes has a bracket that is not closed."""
    is_plain = isinstance(node, yaml.ScalarNode) and node.style is None
    few = is_plain and len(node.value) <= LIMITS.characters
    return few and node.value.count("(") > node.value.count(")")


def _is_bare(key: yaml.Node, value: yaml.Node) -> bool:
    """Say whether this is the rest of a value, and no name with a value of its own."""
    is_plain = isinstance(key, yaml.ScalarNode) and key.style is None
    return is_plain and value.start_mark.index == value.end_mark.index


def _joined(first: yaml.Node, rest: yaml.Node) -> yaml.ScalarNode:
    text = f"{first.value}, {rest.value}"
    return yaml.ScalarNode(first.tag, text, first.start_mark, rest.end_mark)


def _fault(words: str, mark: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=words, problem_mark=mark)


def plan_from_yaml(text: str) -> PlanDocument:
    """Read a plan from YAML; raise `InvalidPlan` with the line where it cannot be."""
    if len(text) > _LARGEST:
        raise _refused(f"This file is longer than {_LARGEST:,} characters.")
    try:
        # A subclass of BaseLoader: it makes texts, lists and mappings, nothing else.
        given = yaml.load(text, Loader=_Loader)  # noqa: S506
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        where = f"Line {mark.line + 1}: " if mark else ""
        words = _in_our_words(problem.problem or "This is not YAML.")
        raise _refused(f"{where}{words}", mark.line + 1 if mark else 0) from None
    except RecursionError:
        raise _refused("This file is nested too deeply.") from None
    except yaml.YAMLError as problem:
        raise _refused(f"This is not YAML: {problem}.") from None
    return read_plan(given)


def node_of(text: str) -> yaml.Node | None:
    """Return a file's tree, whose parts know where they stand; None where it has none."""
    if len(text) > _LARGEST:
        return None
    try:
        return yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError):
        return None


def plan_to_yaml(document: PlanDocument) -> str:
    """Write a plan as YAML; reading it again gives the same plan."""
    return yaml.dump(
        _ordered(document.raw),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=88,
    )


class _Dumper(yaml.SafeDumper):
    """Writes numbers as people write them; quotes only what YAML itself needs."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar(_PLAIN, text, style=style)


# With the resolver below no plain text means anything but itself, so 6% and 40.00 need
# no quotes; the reader takes every scalar as text.
_PLAIN = "tag:yaml.org,2002:str"
_Dumper.add_representer(str, _text)
_Dumper.yaml_implicit_resolvers = {}


def _ordered(raw: Mapping[str, Raw]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key in _sorted(raw, PLAN_KEYS):
        value = raw[key]
        if key in _ORDERS and isinstance(value, list):
            value = [_by(part, _ORDERS[key]) for part in value]
        elif key == "measures" and isinstance(value, Mapping):
            value = {name: _by(part, MEASURE_KEYS) for name, part in value.items()}
        found[key] = value
    return found


def _by(raw: Raw, keys: Sequence[str]) -> Raw:
    if not isinstance(raw, Mapping):
        return raw
    return {key: raw[key] for key in _sorted(raw, keys)}


def _sorted(raw: Mapping[str, Raw], keys: Sequence[str]) -> list[str]:
    return sorted(raw, key=lambda key: keys.index(key) if key in keys else len(keys))


def _in_our_words(problem: str) -> str:
    ours = (words for theirs, words in _WORDS if theirs in problem)
    return next(ours, problem)


def _refused(message: str, line: int = 0) -> InvalidPlan:
    return InvalidPlan([PlanProblem("", message, code="yaml", line=line)])
