"""Writes the loop that works a plan out beside another one, over the same credits.

`x…` is what the plan comes to after, `y…` what it comes to now. What is the same on both
sides, a measure or a component with all that it reads, is worked out once.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from commissions.calculation.batch_code import Writer
from commissions.calculation.batch_known import (
    MODES,
    formulas_of,
    local_names,
    names_of,
)
from commissions.calculation.program import (
    ComponentProgram,
    MeasureProgram,
    PlanProgram,
)
from commissions.formula.inlined import input_types
from commissions_saas.lib.money import places

FIGURES = 5  # of each component: see `Sides`
_WAITS = " or xw != yw and (xw or '') != (yw or '')"
_OURS = re.compile(r"\bx(m|b|r|l|w|base|mode|unit)(\d*)\b")


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """Two programs as one loop: `run` returns measures after, measures now, and figures.

    The figures of each of `components`: its sum now and after, its lines now and
    after, and how many differ.
    """

    components: tuple[str, ...]
    measures: tuple[tuple[str, ...], tuple[str, ...]]
    run: Callable[..., tuple[Any, ...]]


def empty_of(program: PlanProgram) -> PlanProgram:
    """Return what stands for a side on which there is no plan."""
    return replace(program, measures=(), components=())


def compile_sides(
    now: PlanProgram,
    after: PlanProgram,
    same: frozenset[str],
    object_: str,
    keys: Sequence[str],
) -> Sides:
    """Return the loop over rows with these fields; `same` are the names that are."""
    writer = _Writer(after, now, same, object_, keys)
    return Sides(
        tuple(writer.components),
        (
            tuple(one.name for one in after.measures),
            tuple(one.name for one in now.measures),
        ),
        writer.compiled(writer.sides()),
    )


def same_names(
    now: PlanProgram, after: PlanProgram, object_: str, equal: frozenset[str]
) -> frozenset[str]:
    """Return the fields, measures and components that are the same on both sides.

    `equal` are the variables and rate tables that have one value, and the measures that
    stand at one value, on both.
    """
    fields = [
        {(read.name, read.key, read.type) for read in one.fields.get(object_, ())}
        for one in (now, after)
    ]
    known = {name for name, _, _ in fields[0] & fields[1]} | equal | {"base"}
    known -= {name for one in (*now.measures, *after.measures) for name in one.names}
    found = set[str]()
    former = {part.name: part for part in now.measures}
    for part in after.measures:
        other = former.get(part.name)
        if other is None or part.name not in equal or _says(part) != _says(other):
            continue
        if names_of(part) <= known:
            found.add(part.name)
    measured = {
        name for part in after.measures if part.name in found for name in part.names
    }
    finish = now.currency == after.currency and now.rounding == after.rounding
    theirs = {component.key: component for component in now.components}
    for component in after.components if finish else ():
        one = theirs.get(component.key)
        is_read_alike = names_of(component) <= known | measured
        if one is not None and is_read_alike and _says(component) == _says(one):
            found.add(_of_component(component.key))
    return frozenset(found)


def _of_component(key: str) -> str:
    return f"component {key}"


def _says(part: MeasureProgram | ComponentProgram) -> tuple[object, ...]:
    """Return all that decides what a part comes to, apart from what its names hold."""
    formulas = tuple(
        (one.text, one.result, tuple(sorted(input_types(one).items())))
        for one in formulas_of(part)
    )
    given = [
        name
        for name in ("base", "when", "cap", "floor", "payable_when", "sum")
        if getattr(part, name, None) is not None
    ]
    waits = getattr(part, "waiting_for", "")
    return formulas, tuple(given), part.roles, part.clawback_days, waits


class _Writer(Writer):
    """Writes the loop of the plan as it would be, with that of now beside it."""

    def __init__(
        self,
        after: PlanProgram,
        now: PlanProgram,
        same: frozenset[str],
        object_: str,
        keys: Sequence[str],
    ) -> None:
        names = local_names(after, object_)
        super().__init__(after, object_, keys, names, _shared(names), ())
        former = local_names(now, object_)
        self.now = Writer(now, object_, keys, former, _shared(former), ())
        self.now.constants = self.constants
        self.now.marks = self.marks
        self.constants["yunit"] = Decimal(1).scaleb(-places(now.currency))
        self.constants["ymode"] = MODES[now.rounding]
        self.same = same
        theirs = self.now.credited
        self.now.credited = {
            key: self.credited.get(key, f"yok{at}") for at, key in enumerate(theirs)
        }
        self.components = dict.fromkeys(
            part.key for part in (*now.components, *after.components)
        )
        self.now.names = self._names_of_now(former)
        self.now.shared = [self.now.names[name] for name in _shared(former)]

    def _names_of_now(self, former: Mapping[str, str]) -> dict[str, str]:
        """Give the side of now names of its own, but for what is the same."""
        found = {name: f"y{local[1:]}" for name, local in former.items()}
        ours = {(read.name, read.key, read.type) for read in self.fields}
        for read in self.now.fields:
            if (read.name, read.key, read.type) in ours:
                found[read.name] = self.names[read.name]
        for part in self.now.program.measures:
            if part.name in self.same:
                for name in part.names[:2]:
                    found[name] = self.names[name]
        return found

    def sides(self) -> str:
        own = "".join(f"xm{at}, " for at in range(len(self.program.measures)))
        former = "".join(f"{name}, " for name in self._totals_of_now())
        lines = ["def run(xrows, xmoved, xshared, yshared, xtotals, ytotals):"]
        lines += [f" ({', '.join(self.shared)},) = xshared"] if self.shared else []
        theirs = ", ".join(self.now.shared)
        lines += [f" ({theirs},) = yshared"] if theirs else []
        lines += [f" ({own}) = xtotals"] if own else []
        for at, name in enumerate(self._totals_of_now()):
            lines.append(f" {name} = ytotals[{at}]")
        lines.append(" xlast = ''")
        for at in range(len(self.components)):
            lines += [f" ys{at} = xs{at} = xZ", f" yn{at} = xn{at} = xd{at} = 0"]
        lines += self.opening()
        lines += self.fields_of_now()
        lines += self.measured()
        for at, key in enumerate(self.components):
            lines += self.both(at, key)
        figures = "".join(
            f"ys{at}, xs{at}, yn{at}, xn{at}, xd{at}, "
            for at in range(len(self.components))
        )
        lines.append(f" return ({own}{former}{figures})")
        return "\n".join(lines)

    def _totals_of_now(self) -> list[str]:
        """Return where the loop holds each measure as it is now."""
        return [self.now.names[part.names[1]] for part in self.now.program.measures]

    def fields_of_now(self) -> list[str]:
        """Write the fields that only the plan of now reads, and for whom it counts."""
        lines = [line for line in self.now.counting() if line.startswith("  yok")]
        for read in self.now.fields:
            name = self.now.names[read.name]
            if name.startswith("y"):
                lines += self.field(name, read.key, read.type)
        return lines

    def measured(self) -> list[str]:
        lines = []
        for at, part in enumerate(self.program.measures):
            lines += self.growth(at, part, is_crossed=False)
        for at, part in enumerate(self.now.program.measures):
            if part.name not in self.same:
                lines += _theirs(self.now.growth(at, part, is_crossed=False))
        return lines

    def both(self, at: int, key: str) -> list[str]:
        """Write a component's line on both sides, and how they differ."""
        sides: tuple[tuple[Writer, str], ...] = ((self, "x"), (self.now, "y"))
        if _of_component(key) in self.same:
            lines = self.one(self, key, "x")
            counts = f"   ys{at} += xr; xs{at} += xr; yn{at} += 1; xn{at} += 1"
            return [*lines, counts]
        lines = []
        for writer, side in sides:
            lines += [f"  {side}r = xZ", f"  {side}w = None"]
            own = self.one(writer, key, side)
            if own:
                lines += [*own, f"   {side}s{at} += {side}r", f"   {side}n{at} += 1"]
        parts = [_part(writer, key) for writer, _ in sides]
        waits = any(part is not None and part.payable_when for part in parts)
        return [
            *lines,
            f"  if xr != yr{_WAITS if waits else ''}:",
            f"   xd{at} += 1",
            "   if xmoved is not None:",
            f"    xmoved.append(({at}, xhead, yr, yw, xr, xw))",
        ]

    def one(self, writer: Writer, key: str, side: str) -> list[str]:
        """Write what a component comes to on one side, rounded as it would be stored."""
        part = _part(writer, key)
        if part is None:
            return []
        is_read_above = side == "y" and self.has_one_base(part)
        if is_read_above:
            writer.names = {**writer.names, "base": "xbase"}
            writer.based = writer.base_of(part)
        lines = [*writer.unrounded(part), "   xr = xr.quantize(xunit, xmode)"]
        if is_read_above:
            writer.names = {**writer.names, "base": "ybase"}
            writer.based = None
        return lines if side == "x" else _theirs(lines)

    def has_one_base(self, part: ComponentProgram) -> bool:
        """Say whether a component just had the same base for the same credits after."""
        other = _part(self, part.key)
        base = self.now.base_of(part)
        if other is None or base is None or base != self.base_of(other):
            return False
        assert part.base is not None and other.base is not None
        names = part.base.names
        return (
            all(self.names.get(name) == self.now.names.get(name) for name in names)
            and part.base.result == other.base.result
            and input_types(part.base) == input_types(other.base)
        )


def _part(writer: Writer, key: str) -> ComponentProgram | None:
    return next((one for one in writer.program.components if one.key == key), None)


def _shared(names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(name for name, at in names.items() if at.startswith("xv")))


def _theirs(lines: Sequence[str]) -> list[str]:
    """Let lines of the loop hold what they reckon under names of the side of now."""
    return [_OURS.sub(r"y\1\2", line) for line in lines]
