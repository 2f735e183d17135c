"""Writes the loop that works out what a few changed credits do to a statement's lines.

It goes through the credits as they were and as they are, side by side. A credit that
changed is worked out with all its lines, before and after; of every other one only the
lines that read a running measure, and only where that measure stands elsewhere now.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

from commissions.calculation.batch_code import BatchProgram, Writer, compile_program
from commissions.calculation.batch_known import Part, local_names, names_of
from commissions.calculation.program import (
    ComponentProgram,
    MeasureProgram,
    PlanProgram,
)

# A row's last column: whether the credit counted before, counts now, or (None) both.
MARK, GONE, COME = "mark", "gone", "come"


@dataclass(frozen=True, slots=True, eq=False)
class ChangedProgram(BatchProgram):
    """A plan's program as loops, `changes` beside the others."""

    changes: Callable[..., tuple[Decimal, ...]]


def compile_changes(program: PlanProgram, keys: Sequence[str]) -> ChangedProgram:
    """Return the loops of a program over rows with these fields and their mark."""
    known = compile_program(program, (*keys, MARK))
    writer = _Writer(
        program,
        program.components[0].object,
        (*keys, MARK),
        local_names(program, program.components[0].object),
        known.shared,
        known.bounded,
    )
    changes = writer.compiled(writer.changes())
    return ChangedProgram(
        program,
        known.shared,
        known.lines,
        known.adds,
        known.bounded,
        known.kinds,
        changes,
    )


def moved_parts(program: PlanProgram) -> tuple[int, ...]:
    """Return the places of the components that read a running measure."""
    measured = {name for measure in program.measures for name in measure.names}
    return tuple(
        at for at, part in enumerate(program.components) if names_of(part) & measured
    )


def running_keys(program: PlanProgram) -> frozenset[str]:
    """Return the fields that are read of every credit, changed or not."""
    moved = [program.components[at] for at in moved_parts(program)]
    parts: tuple[Part, ...] = (*program.measures, *moved)
    named = frozenset[str]().union(*(names_of(part) for part in parts))
    fields = program.fields.get(program.components[0].object, ())
    return frozenset(read.key for read in fields if read.name in named)


class _Writer(Writer):
    """Writes the loop over changes: `x…` is how it is, `y…` how it was."""

    def changes(self) -> str:
        count = range(len(self.program.measures))
        fresh = "".join(f"xm{at}, " for at in count)
        former = "".join(f"ym{at}, " for at in count)
        lines = [
            "def run(xrows, xout, yout, xmoved, xcells, ycells, xcross, xprefixes,"
            " xshared, xtotals, ytotals):"
        ]
        lines += [f" ({', '.join(self.shared)},) = xshared"] if self.shared else []
        lines += [f" ({fresh}) = xtotals", f" ({former}) = ytotals"] if fresh else []
        lines += [" xwaiting = ywaiting = xZ", " xlast = ''", " xthen = None"]
        for at in range(len(self.program.components)):
            lines.append(f" xp{at} = xprefixes[{at}]")
        for at in count:
            if self.bounded[at]:
                lines.append(f" xlow{at}, xhigh{at} = xcross({at}, xm{at}, xm{at}, '')")
        lines += self.marked()
        for at, measure in enumerate(self.program.measures):
            lines += self.both(at, measure)
        lines += self.of_changed()
        lines += self.of_others()
        lines.append(f" return ({fresh}{former}xwaiting, ywaiting)")
        return "\n".join(lines)

    def marked(self) -> list[str]:
        """Write how a row is taken apart; the whole of it where it changed."""
        lines = [
            f" for {self.columns()} in xrows:",
            f"  xmark = xt{self.keys.index(MARK)}",
            "  if xhead == xlast and xmark == xthen: xdoubt()",
            "  xlast = xhead",
            "  xthen = xmark",
            *self.looks(),
            *self.counting(),
        ]
        running = running_keys(self.program)
        rest = []
        for at, read in enumerate(self.fields):
            own = self.field(f"xf{at}", read.key, read.type)
            if read.key in running:
                lines += own
            else:
                rest += _deeper(own)
        return [*lines, "  if xmark:", *rest] if rest else lines

    def both(self, at: int, measure: MeasureProgram) -> list[str]:
        """Write how a credit adds to a measure, as it is and as it was."""
        before, *grown = self.growth(at, measure)
        place = next(n for n, line in enumerate(grown) if line.startswith("   xm"))
        return [
            before,
            f"  yb{at} = ym{at}",
            *grown[:place],
            f"   if xmark != {COME!r}: ym{at} = ym{at} + xr",
            f"   if xmark != {GONE!r}:",
            *_deeper(grown[place:]),
        ]

    def of_changed(self) -> list[str]:
        """Write all lines of a credit that changed: those it has, or those it had."""
        parts = list(enumerate(self.program.components))
        empty = ", ".join(["xZ, 0"] * len(parts))
        lines = []
        for mark, side in ((COME, "x"), (GONE, "y")):
            lines += [
                f"  if xmark == {mark!r}:",
                f"   xput = {side}out.append",
                f"   xcell = {side}cells.get(xplace)",
                f"   if xcell is None: xcell = {side}cells[xplace] = [{empty}]",
            ]
            self.based = None
            with self.as_it(side):
                for at, part in parts:
                    lines += _deeper(self.line(at, part, f"{side}waiting"))
        return lines

    def of_others(self) -> list[str]:
        """Write the lines of a credit as it ever was, whose measures stand elsewhere."""
        parts = [(at, self.program.components[at]) for at in moved_parts(self.program)]
        if not parts:
            return []
        moved = " or ".join(
            f"xb{at} != yb{at} or xm{at} != ym{at}"
            for at in range(len(self.program.measures))
        )
        lines = [f"  if not xmark and ({moved}):"]
        self.based = None
        for at, part in parts:
            lines.append("   xnow = ythen = None")
            for side, name in (("x", "xnow"), ("y", "ythen")):
                with self.as_it(side):
                    lines += _deeper(self.values(part, name))
            lines.append(
                f"   if xnow != ythen: xmoved.append(({at}, xhead, ythen, xnow))"
            )
        return lines

    def values(self, part: ComponentProgram, name: str) -> list[str]:
        base = "None" if part.base is None else "xbase"
        return [*self.unrounded(part), f"   {name} = {base}, xr, xw"]

    @contextmanager
    def as_it(self, side: str) -> Iterator[None]:
        """Let formulas read the measures as they are (x), or as they were (y)."""
        usual = self.names
        names = dict(usual)
        for at, measure in enumerate(self.program.measures):
            before, after, _ = measure.names
            names[before], names[after] = f"{side}b{at}", f"{side}m{at}"
        self.names = names
        try:
            yield
        finally:
            self.names = usual


def _deeper(lines: Sequence[str]) -> list[str]:
    return [f" {line}" for line in lines]
