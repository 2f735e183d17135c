"""One sentence for every name that a formula may read: what the editor shows beside it."""

from collections.abc import Iterable, Mapping

from commissions.calculation.names import PEOPLE, THINGS
from commissions.plans.document import MeasureDocument, PlanDocument
from crm_sync.ledger.facts import FieldFact

# Of every entry; {entry} is its object, such as deal.
_OF_ENTRY = {
    "id": "The {entry}'s id in its source.",
    "name": "What the {entry} is called.",
    "amount": "The whole {entry}, of which share is the payee's part.",
    "credited": "The payee's part of the {entry}, in cents that add up to the whole.",
    "share": "The payee's share of the {entry}.",
    "role": "The payee's role: owner, split, overlay, manager, territory, referrer.",
    "level": "How far above the {entry}'s owner the payee stands: 1, 2, 3.",
    "status": "How the {entry} stands in its source.",
    "occurred_on": "The day of the {entry}.",
    "won_on": "The day on which the {entry} was won.",
    "lost_on": "The day on which the {entry} was lost; empty if it was not.",
    "product": "The product that the {entry} names.",
    "service": "The service that the {entry} names.",
    "territory": "The territory that the {entry} names.",
    "customer": "The customer that the {entry} names.",
}
_OF_DAYS = {
    "period.starts_on": "The first day of the pay period.",
    "period.ends_on": "The last day of the pay period.",
    "period.days": "How many days the pay period has.",
    "assignment.starts_on": "The payee's first day on the plan.",
    "assignment.ends_on": "The payee's last day on the plan; empty while it goes on.",
    "window.starts_on": "The first day of what is measured over, such as a quarter.",
    "window.ends_on": "The last day of what is measured over.",
    "window.days": "How many days are measured over.",
    "window.active_days": "How many of these days the payee is on the plan and not on leave.",
}
_OF_PERSON = {
    "payee": "of the payee",
    "owner": "of the deal's owner",
    "below": "of who is directly below in the upline",
    "highest_below": "the highest of all who stand below in the upline",
}
_POSITION = {
    "before": "before this entry",
    "after": "with this entry",
    "total": "in its whole window",
}
_OF_COMPONENT = {
    "base": "What the component's base gives.",
    "nth": "Which payment of a repeated component this is: 1, 2, 3.",
    "value": "What the measure is for the other person.",
    "earned": "What a lost deal has earned so far.",
}


def sentences_of(
    names: Iterable[str], document: PlanDocument, catalogue: Iterable[FieldFact]
) -> dict[str, str]:
    """Return a sentence for each name of a plan, in the business's own words."""
    labels = {(fact.object, fact.key): fact.label for fact in catalogue}
    steps = {step: part.name for part in document.components for step in part.steps}
    found = {}
    for name in names:
        owner, _, key = name.rpartition(".")
        measure = document.measure(owner)
        if name in document.variables:
            found[name] = _of_variable(name, document.defaults)
        elif name in steps:
            found[name] = f"A step of {steps[name]}."
        elif measure is not None:
            found[name] = _of_measure(measure, key)
        elif owner in ("tiers", "tables"):
            found[name] = _of_table(owner)
        else:
            known = {**_OF_DAYS, **_OF_COMPONENT}
            found[name] = known.get(name) or _of_field(owner, key, labels)
    return found


def _of_variable(name: str, defaults: Mapping[str, str]) -> str:
    where = "A value of the plan that each assignment gives"
    default = defaults.get(name)
    return f"{where}; {default} where it says nothing." if default else f"{where}."


def _of_measure(measure: MeasureDocument, key: str) -> str:
    where = _POSITION.get(key, key)
    window = f" of the {measure.over}" if measure.over in ("quarter", "year") else ""
    told = measure.sum or measure.value
    if measure.component:
        told = f"paid by {', '.join(measure.component)}"
    elif measure.measure:
        told = f"{measure.take.replace('_', ' ')} of {measure.measure}"
    flat = " ".join(told.split())
    shown = flat if len(flat) <= 60 else f"{flat[:59]}…"
    return f"The measure {measure.name} {where}{window}: {shown}."


def _of_table(owner: str) -> str:
    if owner == "tiers":
        return "Tiers; read them with marginal, whole or rate_at."
    return "Rates found by keys; read them with lookup."


def _of_field(owner: str, key: str, labels: Mapping[tuple[str, str], str]) -> str:
    label = labels.get(("payee" if owner in PEOPLE else owner, key), "")
    if owner in _OF_PERSON:
        return f"{label or _words(key)}, {_OF_PERSON[owner]}."
    if owner in THINGS:
        return f"{label or _words(key)}, of the {owner}."
    if key in _OF_ENTRY:
        return _OF_ENTRY[key].format(entry=owner)
    return f"{label or _words(key)}, a field of the {owner}."


def _words(key: str) -> str:
    return key.replace("_", " ").capitalize()
