"""The text of a document: YAML or JSON, with every scalar as the text that was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

_LONGEST = 100_000
_DEEPEST = 16


class Unreadable(ValueError):
    """This is no document; the sentence says where."""


def plain(given: Any) -> dict[str, Any]:
    """Return a document, given as text or as an object, with text for every scalar."""
    if isinstance(given, str):
        given = _parsed(given)
    value = _texts(given, 0)
    if not isinstance(value, dict):
        raise Unreadable("A document begins with `source:` and `streams:`.")
    return value


def _parsed(text: str) -> Any:
    if len(text) > _LONGEST:
        raise Unreadable(f"The document is longer than {_LONGEST:,} characters.")
    try:
        _check_events(text)
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        where = f"Line {mark.line + 1}: " if mark else ""
        raise Unreadable(f"{where}{problem.problem or 'this is no YAML'}.") from None
    except (yaml.YAMLError, RecursionError) as problem:
        raise Unreadable(f"This is no YAML: {str(problem)[:100]}") from None
    return _built(node)


def _check_events(text: str) -> None:
    """Refuse, before anything is built, what is small as a text and large when built."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        # An alias can make a small text very large, so there are none.
        if isinstance(event, yaml.AliasEvent):
            raise Unreadable(f"Line {line}: write it out; * is not known here.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        # Composing takes longer with the square of the depth, and cannot be stopped.
        if depth > _DEEPEST:
            raise Unreadable(f"Line {line}: this is nested more than {_DEEPEST} deep.")


def _built(node: yaml.Node | None) -> Any:
    if node is None:
        return {}
    if isinstance(node, yaml.SequenceNode):
        return [_built(one) for one in node.value]
    if not isinstance(node, yaml.MappingNode):
        return str(node.value)
    found: dict[str, Any] = {}
    for key, value in node.value:
        name = str(key.value)
        if name in found:
            line = key.start_mark.line + 1
            raise Unreadable(f"Line {line}: “{name}” is there twice.")
        found[name] = _built(value)
    return found


def _texts(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise Unreadable(f"It is nested more than {_DEEPEST} deep.")
    if isinstance(value, Mapping):
        return {str(key): _texts(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(one, depth + 1) for one in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
