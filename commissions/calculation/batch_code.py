"""Writes a plan's formulas into one loop over a payee's credits, and compiles it.

The loop is our own text with invented names; the formulas come from their checked
trees. What it cannot be sure of raises `Doubt`, and the ordinary pipeline looks.
"""

import ast
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import CodeType, FunctionType
from typing import Any

from commissions.calculation.batch_known import (
    MODES,
    Part,
    input_kinds,
    local_names,
    tables_with,
)
from commissions.calculation.program import (
    ONE,
    ZERO,
    ComponentProgram,
    MeasureProgram,
    PlanProgram,
)
from commissions.formula import Formula
from commissions.formula.inlined import LEAST, MOST, divides, inline
from commissions_saas.lib.money import LARGEST, places

# Columns of a row before the fields: whose it is, what a line begins with (entry, role,
# share, day), day, role, share, where it was sold, days until it was lost, currency.
FIXED = ("payee", "head", "day", "role", "share", "place", "late", "currency")
# A longer text is left to the pipeline, which knows every limit.
LONGEST_NUMBER, LONGEST_SHARE, LONGEST_TEXT = 30, 10, 300
_ALWAYS = re.compile(r"[xy](base|[bm]\d+)$")  # base and measures, on either side
_AMOUNT_TYPES = ("money", "number", "percent")
Row = tuple[Any, ...]


class Doubt(Exception):
    """The batch path leaves this to the ordinary pipeline."""


@dataclass(frozen=True, slots=True, eq=False)
class BatchProgram:
    """A plan's program as loops: `lines` over a period, `adds` over earlier days.

    `shared` names what is the same for all credits of a stretch of days; `bounded`
    says which measures are read together with which tables, by component.
    """

    program: PlanProgram
    shared: tuple[str, ...]
    lines: Callable[..., tuple[Decimal, ...]]
    adds: tuple[Callable[..., Decimal], ...]
    bounded: tuple[tuple[tuple[str, str], ...], ...]
    kinds: Mapping[str, Any]


def compile_program(program: PlanProgram, keys: Sequence[str]) -> BatchProgram:
    """Return the loops of a program over rows with these fields."""
    object_ = program.components[0].object
    names = local_names(program, object_)
    shared = tuple(sorted(name for name, at in names.items() if at.startswith("xv")))
    bounded = tuple(tables_with(measure, program) for measure in program.measures)
    writer = Writer(program, object_, keys, names, shared, bounded)
    adds = tuple(writer.compiled(writer.add(at)) for at in range(len(program.measures)))
    lines = writer.compiled(writer.loop())
    kinds = input_kinds(program)
    return BatchProgram(program, shared, lines, adds, bounded, kinds)


class Writer:
    """Writes the loops' text; formulas stand in it as marks until it is parsed."""

    def __init__(
        self,
        program: PlanProgram,
        object_: str,
        keys: Sequence[str],
        names: Mapping[str, str],
        shared: Sequence[str],
        bounded: Sequence[Sequence[object]],
    ) -> None:
        self.program = program
        self.fields = program.fields.get(object_, ())
        self.keys = keys
        self.names = names
        self.shared = [names[name] for name in shared]
        self.bounded = bounded
        self.constants: dict[str, object] = {
            "xD": Decimal,
            "xZ": ZERO,
            "xdate": date.fromisoformat,
            "xlen": len,
            "xs": str,
            "xdoubt": _doubt,
            "xleast": LEAST,
            "xmost": MOST,
            "xlargest": LARGEST,
            "xsmallest": -LARGEST,
            "xpays": program.currency,
            "xunit": Decimal(1).scaleb(-places(program.currency)),
            "xmode": MODES[program.rounding],
            "xplaces": Decimal("0.0001"),
        }
        self.marks: dict[str, ast.expr] = {}
        self.uncut: Collection[str] = ()  # what may be a quotient
        self.based: tuple[object, ...] | None = None  # whose base is there already
        parts: tuple[Part, ...] = (*program.measures, *program.components)
        credited = dict.fromkeys((part.roles, part.clawback_days) for part in parts)
        self.credited = {key: f"xok{at}" for at, key in enumerate(credited)}

    def mark(self, formula: Formula, *, cut: bool = True) -> str:
        name = f"xe{len(self.marks)}"
        self.marks[name] = inline(
            formula,
            self.names,
            self.constants,
            uncut=self.uncut,
            cut=cut,
            present=[name for name in self.names.values() if _ALWAYS.match(name)],
        )
        return name

    def constant(self, value: object) -> str:
        name = f"xc{len(self.constants)}"
        self.constants[name] = value
        return name

    def loop(self) -> str:
        count = len(self.program.measures)
        measures = "".join(f"xm{at}, " for at in range(count))
        lines = ["def run(xrows, xout, xcells, xcross, xprefixes, xshared, xtotals):"]
        lines += [f" ({', '.join(self.shared)},) = xshared"] if self.shared else []
        lines += [f" ({measures}) = xtotals"] if count else []
        lines += [" xput = xout.append", " xwaiting = xZ", " xlast = ''"]
        for at in range(len(self.program.components)):
            lines.append(f" xp{at} = xprefixes[{at}]")
        for at in range(count):
            if self.bounded[at]:
                lines.append(f" xlow{at}, xhigh{at} = xcross({at}, xm{at}, xm{at}, '')")
        lines += self.opening()
        for at, measure in enumerate(self.program.measures):
            lines += self.growth(at, measure)
        empty = ", ".join(["xZ, 0"] * len(self.program.components))
        self.based = None
        lines += [
            "  xcell = xcells.get(xplace)",
            f"  if xcell is None: xcell = xcells[xplace] = [{empty}]",
        ]
        for at, component in enumerate(self.program.components):
            lines += self.line(at, component)
        lines.append(f" return ({measures}xwaiting,)")
        return "\n".join(lines)

    def add(self, at: int) -> str:
        """Write the loop that only adds one measure up, over days before a period."""
        lines = [f"def run(xrows, xshared, xm{at}):"]
        lines += [f" ({', '.join(self.shared)},) = xshared"] if self.shared else []
        lines += [" xlast = ''", *self.opening()]
        lines += self.growth(at, self.program.measures[at], is_crossed=False)
        lines.append(f" return xm{at}")
        return "\n".join(lines)

    def opening(self) -> list[str]:
        """Write how a row is taken apart, and looked at before anything uses it."""
        lines = [
            f" for {self.columns()} in xrows:",
            "  if xhead == xlast: xdoubt()",  # two shares in one role are one
            "  xlast = xhead",
            *self.looks(),
            *self.counting(),
        ]
        for at, read in enumerate(self.fields):
            lines += self.field(f"xf{at}", read.key, read.type)
        return lines

    def counting(self) -> list[str]:
        """Write for whom a credit counts: by its role, and while it stands."""
        lines = []
        for (roles, days), name in self.credited.items():
            stands = "xlate is None"
            if days is not None:
                stands = f"(xlate is None or xlate > {int(days)})"
            lines.append(f"  {name} = xrole in {self.constant(roles)} and {stands}")
        return lines

    def columns(self) -> str:
        texts = (f"xt{at}" for at in range(len(self.keys)))
        return ", ".join([*(f"x{name}" for name in FIXED), *texts])

    def looks(self) -> list[str]:
        return [
            "  if xcurrency and xcurrency != xpays: xdoubt()",  # needs a rate
            f"  if xlen(xshare) > {LONGEST_SHARE}: xdoubt()",
        ]

    def field(self, name: str, key: str, kind: str) -> list[str]:
        if key == "share":
            whole = self.constant(ONE)
            return [f"  {name} = {whole} if xshare == '1' else xD(xshare)"]
        if key == "role":
            return [f"  {name} = xrole"]
        if key in ("occurred_on", "won_on"):
            return [f"  {name} = xdate(xday)"]
        text = f"xt{self.keys.index(key)}"
        if kind == "yesno":
            return [f"  {name} = {text} == 'yes' if {text} else None"]
        longest = LONGEST_NUMBER if kind in _AMOUNT_TYPES else LONGEST_TEXT
        lines = [f"  if {text}:", f"   if xlen({text}) > {longest}: xdoubt()"]
        if kind in _AMOUNT_TYPES:
            bounds = f"xsmallest <= {name} <= xlargest"
            lines += [f"   {name} = xD({text})", f"   if not {bounds}: xdoubt()"]
        elif kind == "date":
            lines.append(f"   {name} = xdate({text})")
        else:
            lines.append(f"   {name} = {text}")
        return [*lines, f"  else: {name} = None"]

    def growth(
        self, at: int, measure: MeasureProgram, *, is_crossed: bool = True
    ) -> list[str]:
        """Write how a credit adds to a measure."""
        assert measure.sum is not None
        lines = [f"  xb{at} = xm{at}", f"  if {self.condition(measure)}:"]
        lines += self.amount("xr", self.mark(measure.sum))
        lines.append(f"   xm{at} = xm{at} + xr")
        if is_crossed and self.bounded[at]:
            test = f"xlow{at} <= xm{at} < xhigh{at}"
            told = f"xcross({at}, xb{at}, xm{at}, xhead)"
            lines.append(f"   if not {test}: xlow{at}, xhigh{at} = {told}")
        return lines

    def condition(self, part: Part) -> str:
        words = self.credited[part.roles, part.clawback_days]
        return words if part.when is None else f"{words} and {self.mark(part.when)}"

    def has_base(self, component: ComponentProgram) -> bool:
        """Say whether the component before had the same base for the same credits."""
        own = self.base_of(component)
        return own is not None and own == self.based

    def base_of(self, component: ComponentProgram) -> tuple[object, ...] | None:
        base = component.base
        if base is None or component.when is not None:
            return None
        if base.names & {name for part in self.program.measures for name in part.names}:
            return None
        return base.text, component.roles, component.clawback_days

    def amount(self, name: str, mark: str, *, is_stored: bool = False) -> list[str]:
        """Write a result as the language finishes it: bounded.

        What is stored as it is has narrower bounds, inside those of the language. Zeros
        lose their sign where a value is written, and in a sum by themselves.
        """
        least, most = ("xsmallest", "xlargest") if is_stored else ("xleast", "xmost")
        value = self.constants.get(getattr(self.marks[mark], "id", ""))
        if isinstance(value, Decimal) and abs(value) <= self.constants[most]:  # type: ignore[operator]
            return [f"   {name} = {mark}"]
        test = f"   if not {least} <= {name} <= {most}: xdoubt()"
        return [f"   {name} = {mark}", test]

    def line(
        self, at: int, component: ComponentProgram, waiting: str = "xwaiting"
    ) -> list[str]:
        """Write a component's line as text, and add it up by where it was sold."""
        is_there = self.has_base(component)
        lines = self.unrounded(component)
        base = r"\\N"
        if component.base is not None:
            base = "{xq}"
            if not is_there:
                lines.append("   xq = xs(xbase.quantize(xplaces) + xZ)")
        lines += [
            "   xr = xr.quantize(xunit, xmode)",
            "   if not xr: xr = xr.copy_abs()",  # never a negative zero
        ]
        zeros = zeros_after(self.program.currency)
        text = f"{{xp{at}}}{{xhead}}{base}\\t{{xr!s}}{zeros}\\t{{xw}}"
        lines += [
            f"   xput(f'{text}')",
            f"   xcell[{2 * at}] += xr",
            f"   xcell[{2 * at + 1}] += 1",
        ]
        if component.payable_when is not None:
            lines.append(f"   if xw: {waiting} += xr")
        return lines

    def unrounded(self, component: ComponentProgram) -> list[str]:
        """Write a line's base, its amount within cap and floor, and what it waits for."""
        lines = [f"  if {self.condition(component)}:"]
        self.uncut = ()
        if component.base is not None:
            if not self.has_base(component):
                mark = self.mark(component.base, cut=False)
                lines += self.amount("xbase", mark, is_stored=True)
                lines.append("   xbase = xbase + xZ")  # never a negative zero
            self.uncut = {"base"} if divides(component.base) else ()
        self.based = self.base_of(component)
        limits = [(component.cap, ">"), (component.floor, "<")]
        limits = [(limit, sign) for limit, sign in limits if limit is not None]
        lines += self.amount("xr", self.mark(component.amount), is_stored=not limits)
        for limit, sign in limits:
            assert limit is not None
            lines += self.amount("xl", self.mark(limit))
            lines.append(f"   if xr {sign} xl: xr = xl")
        if limits:
            lines.append("   if not xsmallest <= xr <= xlargest: xdoubt()")
        waits = "''"
        if component.payable_when is not None:
            words = self.constant(component.waiting_for or "release")
            waits = f"'' if {self.mark(component.payable_when)} else {words}"
        return [*lines, f"   xw = {waits}"]

    def compiled(self, text: str) -> Callable[..., Any]:
        tree = _Marks(self.marks).visit(ast.parse(text))
        definition = tree.body[0]
        assert isinstance(definition, ast.FunctionDef)
        definition.args.args += [ast.arg(name) for name in self.constants]
        ast.fix_missing_locations(tree)
        code = compile(tree, "<plan>", "exec")
        inner = next(one for one in code.co_consts if isinstance(one, CodeType))
        nothing: dict[str, object] = {"__builtins__": {}}
        # Constants travel as defaults, because locals are read faster than globals.
        return FunctionType(inner, nothing, "plan", tuple(self.constants.values()))


def zeros_after(currency: str) -> str:
    """Return what follows a rounded amount, up to the places that are stored."""
    after = 4 - places(currency)
    return ("." if after == 4 else "") + "0" * after


class _Marks(ast.NodeTransformer):
    """Puts the formulas in place of their marks."""

    def __init__(self, marks: Mapping[str, ast.expr]) -> None:
        self.marks = marks

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.marks.get(node.id, node)


def _doubt() -> None:
    raise Doubt
