"""The JSON form of a plan: what the database stores and what the hash is taken from."""

import json

from commissions.plans.document import InvalidPlan, PlanDocument, PlanProblem
from commissions.plans.reading import read_plan


def plan_from_json(text: str) -> PlanDocument:
    """Read a plan from JSON; numbers keep every digit because they stay text."""
    try:
        given = json.loads(text, parse_float=str, parse_int=str)
    except (json.JSONDecodeError, RecursionError) as problem:
        words = f"This is not JSON: {problem}."
        raise InvalidPlan([PlanProblem("", words, code="json")]) from None
    return read_plan(given)
