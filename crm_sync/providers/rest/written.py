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
        # An alias can make a small text very large, so there are none.
        for event in yaml.parse(text, Loader=yaml.BaseLoader):
            if isinstance(event, yaml.AliasEvent):
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise Unreadable(f"Line {line}: write it out; * is not known here.")
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        where = f"Line {mark.line + 1}: " if mark else ""
        raise Unreadable(f"{where}{problem.problem or 'this is no YAML'}.") from None
    except (yaml.YAMLError, RecursionError) as problem:
        raise Unreadable(f"This is no YAML: {str(problem)[:100]}") from None
    return _built(node, 0)


def _built(node: yaml.Node | None, depth: int) -> Any:
    if node is None:
        return {}
    if depth > _DEEPEST:
        raise Unreadable(f"Line {node.start_mark.line + 1}: nested too deeply.")
    if isinstance(node, yaml.SequenceNode):
        return [_built(one, depth + 1) for one in node.value]
    if not isinstance(node, yaml.MappingNode):
        return str(node.value)
    found: dict[str, Any] = {}
    for key, value in node.value:
        name = str(key.value)
        if name in found:
            line = key.start_mark.line + 1
            raise Unreadable(f"Line {line}: “{name}” is there twice.")
        found[name] = _built(value, depth + 1)
    return found


def _texts(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise Unreadable("It is nested too deeply.")
    if isinstance(value, Mapping):
        return {str(key): _texts(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(one, depth + 1) for one in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
