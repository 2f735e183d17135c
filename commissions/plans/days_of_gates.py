"""Gates that ask for a day of the period, which time alone never opens."""

import re

from commissions.plans.document import ComponentDocument, PlanDocument

_DAY = re.compile(r"\b(?:period|window)\.(?:starts_on|ends_on)\b")
_NAME = re.compile(r"\b[a-z]\w*\b")


def gates_on_days(document: PlanDocument) -> list[str]:
    """Name the components whose gate asks for a day of the period of its line."""
    return [part.name for part in document.components if _asks_for_a_day(part)]


def _asks_for_a_day(part: ComponentDocument) -> bool:
    """Look at the gate, and at the steps that it reads by name, last step first."""
    text = part.payable_when
    for name, step in reversed(tuple(part.steps.items())):
        if name in _NAME.findall(text):
            text = f"{text} {step}"
    return bool(_DAY.search(text))
