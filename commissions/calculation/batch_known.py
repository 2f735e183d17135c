"""What of a plan the batch path knows, and the names under which its loop holds things.

Whatever it has not been taught, of today's plans or of later ones, it leaves alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP
from typing import Any

from commissions.calculation.names import OWN_FIELDS
from commissions.calculation.program import (
    ComponentProgram,
    MeasureProgram,
    PlanProgram,
)
from commissions.formula import Formula
from commissions.formula.inlined import input_types

Part = MeasureProgram | ComponentProgram
MODES = {
    "half_up": ROUND_HALF_UP,
    "half_even": ROUND_HALF_EVEN,
    "up": ROUND_UP,
    "down": ROUND_DOWN,
}
_OWN = frozenset({"id", "name", "role", "share", "occurred_on", "won_on"})
_ABOVE = frozenset({"manager", "upline"})  # such credits are not stored
_FROM_ROW = _OWN - {"id", "name"}
_KNOWN: Mapping[type, frozenset[str]] = {
    MeasureProgram: frozenset(
        ["name", "over", "object", "roles", "sum", "when", "clawback_days"]
    ),
    ComponentProgram: frozenset(
        [
            "key",
            "name",
            "per",
            "object",
            "roles",
            "over",
            "amount",
            "base",
            "when",
            "cap",
            "floor",
            "payable_when",
            "waiting_for",
            "clawback_days",
            "says",
        ]
    ),
    PlanProgram: frozenset(
        [
            "hash",
            "name",
            "currency",
            "half",
            "measures",
            "components",
            "fields",
            "payee_fields",
            "variables",
            "tables",
            "table_names",
            "rounding",
            "convert_on",
            "defaults",
        ]
    ),
}


def keys_read(program: PlanProgram) -> tuple[str, tuple[str, ...]] | None:
    """Return the object and the fields that a program reads from each entry.

    None where the program has anything that the batch path does not know.
    """
    parts: tuple[Part, ...] = (*program.measures, *program.components)
    if not program.components or not all(_is_known(part) for part in (program, *parts)):
        return None
    if any(part.per != "deal" for part in program.components):
        return None
    objects = {part.object for part in parts}
    if len(objects) != 1 or program.rounding not in MODES:
        return None
    if any(part.roles & _ABOVE for part in parts):
        return None
    (object_,) = objects
    keys = []
    for read in program.fields.get(object_, ()):
        own = read.key in OWN_FIELDS or read.key == "won_on"
        if own and read.key not in _OWN:
            return None
        if read.key not in _FROM_ROW:
            keys.append(read.key)
    known = local_names(program, object_)
    for part in parts:
        if not names_of(part) <= known.keys():
            return None
    if any(_reads_measures(part, program) for part in program.measures):
        return None
    return object_, tuple(sorted(set(keys)))


def _is_known(part: object) -> bool:
    """Say whether a program says nothing but what the batch path knows."""
    known = _KNOWN[type(part)]
    for field in fields(part):  # type: ignore[arg-type]
        if field.name in known:
            continue
        value, default = getattr(part, field.name), field.default
        if isinstance(value, Mapping):
            value, default = any(value.values()), False
        if default is MISSING or value != default:
            return False
    return True


def formulas_of(part: Part) -> Iterator[Formula]:
    if isinstance(part, ComponentProgram):
        yield from part.formulas
    else:
        yield from (one for one in (part.sum, part.when) if one is not None)


def names_of(part: Part) -> frozenset[str]:
    return frozenset[str]().union(*(formula.names for formula in formulas_of(part)))


def _reads_measures(part: MeasureProgram, program: PlanProgram) -> bool:
    measured = {name for measure in program.measures for name in measure.names}
    return part.sum is None or bool(names_of(part) & measured)


def tables_with(
    measure: MeasureProgram, program: PlanProgram
) -> tuple[tuple[str, str], ...]:
    """Return (component, table) where an amount reads the measure and the table."""
    found = []
    for component in program.components:
        names = component.amount.names
        if names & set(measure.names):
            tables = sorted(names & program.table_names)
            found += [(component.key, name) for name in tables]
    return tuple(found)


def local_names(program: PlanProgram, object_: str) -> dict[str, str]:
    """Return the local variable under which the loop holds each name."""
    found = {"base": "xbase"}
    for at, read in enumerate(program.fields.get(object_, ())):
        found[read.name] = f"xf{at}"
    for at, measure in enumerate(program.measures):
        before, after, _ = measure.names
        found[before], found[after] = f"xb{at}", f"xm{at}"
    shared = [*program.variables, *(read.name for read in program.payee_fields)]
    for at, name in enumerate([*shared, *sorted(program.table_names)]):
        found.setdefault(name, f"xv{at}")
    return found


def input_kinds(program: PlanProgram) -> dict[str, Any]:
    """Return the declared type of each name that the program's formulas read."""
    found: dict[str, Any] = {}
    parts: tuple[Part, ...] = (*program.measures, *program.components)
    for part in parts:
        for formula in formulas_of(part):
            found.update(input_types(formula))
    return found
