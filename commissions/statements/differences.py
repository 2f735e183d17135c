"""What a calculation changes: which lines close and open, and why, to the cent.

Pure: lines and drafts in, differences out.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from commissions.calculation.facts import LineDraft, PayeeInputs, StatementDraft
from commissions.calculation.program import ComponentProgram
from commissions.formula import TierTable
from commissions.statements.words import amount_text, percent_text

ZERO = Decimal(0)
_MONEY = Decimal("0.0001")
_SHARE = Decimal("0.00000001")
_MEASURE = Decimal("0.000001")


class StoredLine(NamedTuple):
    """A live line as it stands in the database."""

    id: int
    version_id: int
    component: str
    component_name: str
    entry_id: int
    role: str
    adjustment_id: int
    kind: str
    share: Decimal | None
    base: Decimal | None
    amount: Decimal
    currency: str
    waiting_for: str
    failed: str
    earned_on: date


class EffectKey(NamedTuple):
    """What a cause is about: a component's amount for a deal, in any version."""

    component: str
    entry_id: int
    role: str
    adjustment_id: int


@dataclass(frozen=True, slots=True)
class Trigger:
    """A change that may have altered a statement."""

    number: int
    entry_id: int | None
    words: str


@dataclass(frozen=True, slots=True)
class Step:
    """The statement as it was worked out with the changes up to a trigger."""

    trigger: Trigger | None
    draft: StatementDraft
    inputs: PayeeInputs


@dataclass(frozen=True, slots=True)
class CauseDraft:
    """Why an amount moved, before it is stored."""

    change_number: int | None
    component: str
    component_name: str
    entry_id: int
    effect: Decimal
    knock_on: bool
    words: str


def money(amount: Decimal) -> Decimal:
    """Return an amount with the four places in which it is stored."""
    return amount.quantize(_MONEY) + ZERO


def measure(value: Decimal) -> Decimal:
    """Return a measure with the six places in which it is stored."""
    return value.quantize(_MEASURE) + ZERO


# What makes a stored line and a draft the same line: version, component, entry, role,
# adjustment. Plain tuples: a payee can have ten thousand lines, and all are compared.
Identity = tuple[int, str, int, str, int]


def _stored_identity(row: StoredLine) -> Identity:
    return row[1], row[2], row[4], row[5], row[6]


def _is_same(row: StoredLine, line: LineDraft) -> bool:
    """Say whether a stored line is what a draft would store."""
    return (
        row.amount == line.amount
        and row.base == (None if line.base is None else money(line.base))
        and row.waiting_for == line.waiting_for
        and row.failed == line.failed
        and row.earned_on == line.earned_on
        and row.share == line.share.quantize(_SHARE)
        and row.component_name == line.component_name
        and row.kind == line.kind
        and row.currency == line.currency
    )


def compare(
    live: Iterable[StoredLine], drafts: Iterable[LineDraft]
) -> tuple[list[StoredLine], list[LineDraft]]:
    """Return the lines to close, and the drafts to open."""
    standing = {_stored_identity(row): row for row in live}
    opened = []
    for line in drafts:
        key = line.key
        identity = (
            line.version_id,
            line.component,
            key.entry_id,
            line.role,
            key.adjustment_id,
        )
        row = standing.get(identity)
        if row is not None and _is_same(row, line):
            del standing[identity]
        else:
            opened.append(line)
    return sorted(standing.values()), opened


def amounts_of_stored(live: Iterable[StoredLine]) -> dict[EffectKey, Decimal]:
    """Return what stands on a statement, by what causes are about."""
    found: dict[EffectKey, Decimal] = defaultdict(Decimal)
    for row in live:
        key = EffectKey(row.component, row.entry_id, row.role, row.adjustment_id)
        found[key] += row.amount
    return found


def amounts_of_drafts(lines: Iterable[LineDraft]) -> dict[EffectKey, Decimal]:
    """Return what drafts pay, by what causes are about."""
    found: dict[EffectKey, Decimal] = defaultdict(Decimal)
    for line in lines:
        key = EffectKey(
            line.component, line.key.entry_id, line.role, line.key.adjustment_id
        )
        found[key] += money(line.amount)
    return found


def effects_of(
    closed: Iterable[StoredLine],
    opened: Iterable[LineDraft],
    measures: Mapping[str, Decimal],
    step: Step,
) -> list[CauseDraft]:
    """Return the causes where one change did it all: what closed against what opened."""
    closed, opened = list(closed), list(opened)
    names = {row.component: row.component_name for row in closed}
    names |= {line.component: line.component_name for line in opened}
    before, after = amounts_of_stored(closed), amounts_of_drafts(opened)
    return _effects(step, before, after, names, measures)


def telescope(
    live: Iterable[StoredLine], measures: Mapping[str, Decimal], steps: Sequence[Step]
) -> list[CauseDraft]:
    """Return the causes of a difference: each trigger's own effects, in order.

    They add up to the difference, because each step starts where the last one ended.
    """
    before = amounts_of_stored(live)
    names = {row.component: row.component_name for row in live}
    found = []
    for step in steps:
        names |= {line.component: line.component_name for line in step.draft.lines}
        after = amounts_of_drafts(step.draft.lines)
        found += _effects(step, before, after, names, measures)
        before, measures = after, step.draft.measures
    return found


def _effects(
    step: Step,
    before: Mapping[EffectKey, Decimal],
    after: Mapping[EffectKey, Decimal],
    names: Mapping[str, str],
    measures: Mapping[str, Decimal],
) -> list[CauseDraft]:
    found = []
    for key in sorted({**before, **after}):
        effect = after.get(key, ZERO) - before.get(key, ZERO)
        if effect:
            found.append(_cause(step, key, effect, names, measures))
    return found


def one_cause(
    live: Iterable[StoredLine], draft: StatementDraft, words: str
) -> list[CauseDraft]:
    """Return a difference as one cause: a first calculation, or very many changes."""
    before = sum((row.amount for row in live), ZERO)
    effect = sum((money(line.amount) for line in draft.lines), ZERO) - before
    return [CauseDraft(None, "", "", 0, effect, False, words)] if effect else []


def _cause(
    step: Step,
    key: EffectKey,
    effect: Decimal,
    names: Mapping[str, str],
    measures: Mapping[str, Decimal],
) -> CauseDraft:
    trigger = step.trigger
    knock_on = (
        trigger is not None
        and trigger.entry_id is not None
        and trigger.entry_id != key.entry_id
    )
    return CauseDraft(
        change_number=trigger.number if trigger else None,
        component=key.component,
        component_name=names.get(key.component, ""),
        entry_id=key.entry_id,
        effect=effect,
        knock_on=knock_on,
        words=_knock_on_words(step, key, effect, measures) if knock_on else "",
    )


def _knock_on_words(
    step: Step, key: EffectKey, effect: Decimal, measures: Mapping[str, Decimal]
) -> str:
    """Say how one deal moved another: through which total, over which tier."""
    about = next(
        (entry.name for entry in step.inputs.entries if entry.id == key.entry_id), ""
    )
    component = _component(step, key.component)
    for total in step.draft.totals:
        moved = measure(total.added) - measure(measures.get(total.key, ZERO))
        if not moved or component is None:
            continue
        if not any(name.startswith(f"{total.name}.") for name in _read(component)):
            continue
        verb = "rose" if moved > 0 else "fell"
        words = f"your {total.name.replace('_', ' ')} {verb} by"
        words = f"{words} {amount_text(abs(moved))}"
        rate = _tier(step, component, total.total)
        if rate is not None and key.entry_id:
            share = "more" if effect > 0 else "less"
            words = f"{words}, so {share} of this deal is above the {rate} tier"
        return f"{about} — {words}" if about else f"{words[0].upper()}{words[1:]}"
    return about


def _component(step: Step, key: str) -> ComponentProgram | None:
    for fact in step.inputs.assignments:
        for component in fact.program.components:
            if component.key == key:
                return component
    return None


def _read(component: ComponentProgram) -> frozenset[str]:
    return frozenset[str]().union(*(part.names for part in component.formulas))


def _tier(step: Step, component: ComponentProgram, total: Decimal) -> str | None:
    """Return the rate of the tier that a total has reached, beyond the first one."""
    tables = {fact.name: fact.table for fact in step.inputs.tables}
    for assignment in step.inputs.assignments:
        tables = {**assignment.program.tables, **tables}
    for name, table in sorted(tables.items()):
        if f"tiers.{name}" in _read(component) and isinstance(table, TierTable):
            reached = [row for row in table.rows if row[0] < total]
            if len(reached) > 1:
                return percent_text(reached[-1][1])
    return None
