"""What to do about a name that a formula cannot read: the sentence under the picture."""

from collections.abc import Collection

from commissions.plans.document import PlanDocument
from commissions.plans.table_form import reading_of


def name_hint(
    name: str, document: PlanDocument, objects: Collection[str], alone: bool
) -> str:
    """Return what the author can write instead, or where to declare the name."""
    owner, dot, key = name.partition(".")
    if document.measure(name) is not None:
        return f"A measure is read as {name}.before, {name}.after or {name}.total."
    if owner in ("tiers", "tables"):
        table = document.tables.get(key)
        if table is not None:
            return f"It is read as {reading_of(key, table)}."
        return f"A rate table is written under tables: {{{key}: {{0: 5%, 1000: 6%}}}}."
    if document.measure(owner) is not None:
        return f"{owner} has .before, .after and .total; its own .before alone."
    if name == "base" or any(name in part.steps for part in document.components):
        return (
            f"Only what follows it in its own rule reads {name}. “when” is asked before"
            " the steps and the base: write there what it stands for."
        )
    if not alone:
        return ""
    if not dot:
        return f"A variable is written under variables: {{{name}: money}}."
    if owner in objects or owner in document.fields:
        return f"If a source has it, declare it in the plan: fields: {{{name}: money}}."
    return f"If it is a field, declare it in the plan: fields: {{{name}: money}}."


def period_hint(name: str) -> str:
    """Return how a rule per period comes by what deals have."""
    return (
        f"A rule per period has no single deal. Add {name} up in a measure,"
        f" volume: {{sum: {name}}}, and read volume.total."
    )


def object_hint(owner: str, read: str) -> str:
    """Say which object a rule is about, where it reads a field of another one."""
    return f"This rule is about each {read}; for each {owner} write object: {owner}."
