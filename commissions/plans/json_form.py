"""The JSON form of a plan: what the database stores and what the hash is taken from."""

import json

from commissions.plans.document import InvalidPlan, PlanDocument, PlanProblem
from commissions.plans.reading import read_plan

_LARGEST = 2_000_000


class _Twice(ValueError):
    """A name stands twice in one set, so that one of the two would be lost."""


def plan_from_json(text: str) -> PlanDocument:
    """Read a plan from JSON; numbers keep every digit because they stay text."""
    if len(text) > _LARGEST:
        raise _refused(f"This file is longer than {_LARGEST:,} characters.")
    try:
        given = json.loads(
            text.removeprefix("\ufeff"),
            parse_float=str,
            parse_int=str,
            object_pairs_hook=_once,
        )
    except json.JSONDecodeError as problem:
        raise _refused(f"This is not JSON: {problem}.") from None
    except RecursionError:
        raise _refused("This file is nested too deeply.") from None
    except _Twice as problem:
        raise _refused(str(problem)) from None
    return read_plan(given)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Twice(f"“{twice[:80]}” stands twice in one set.")
    return found


def _refused(message: str) -> InvalidPlan:
    return InvalidPlan([PlanProblem("", message, code="json")])
