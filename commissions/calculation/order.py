"""What is worked out after what: the order follows from the names that formulas read.

A measure has two sides: where it runs, credit by credit, and what it is in all at the
period's end. Whoever reads `.before` at a credit needs the credits before it alone, so
measures and components may need each other in that way: they are then taken together,
credit by credit. Any other circle is one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

from commissions.calculation.program import (
    ComponentProgram,
    MeasureProgram,
    Per,
    PlanProgram,
)
from commissions.formula import Formula


class Node(NamedTuple):
    """One thing to work out: where a measure runs, what it is in all, a component."""

    kind: Literal["running", "total", "component"]
    name: str


@dataclass(frozen=True, slots=True)
class Group:
    """What is worked out together, in this order; `circle` says why it cannot be."""

    nodes: tuple[Node, ...]
    needs: tuple[Node, ...]
    circle: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """The groups of some versions of a plan, and the names that formulas read."""

    groups: Mapping[Node, Group]
    at_credits: frozenset[str]
    per_period: frozenset[str]

    @property
    def circles(self) -> tuple[str, ...]:
        """Return the circles that cannot be worked out, in words."""
        return tuple(
            dict.fromkeys(
                group.circle for group in self.groups.values() if group.circle
            )
        )


def runs_at_credits(measure: MeasureProgram) -> bool:
    """Say whether a measure moves from credit to credit."""
    if measure.gathers:
        return False
    return bool(measure.of_components) or measure.per == "deal"


def reads_stored(measure: MeasureProgram) -> bool:
    """Say whether earlier periods are read as stored, whether they are open or not."""
    by_credit = measure.sum is not None and measure.per == "deal"
    return not by_credit


@lru_cache(maxsize=512)
def work_of(programs: tuple[PlanProgram, ...]) -> Work:
    """Return what is to be done for these versions of a plan, and in which order."""
    graph = _Graph(programs)
    for program in programs:
        for measure in program.measures:
            graph.add_measure(program, measure)
        for component in program.components:
            graph.add_component(program, component)
    return Work(
        _groups(graph.needs),
        frozenset(graph.read["deal"]),
        frozenset(graph.read["period"]),
    )


@dataclass(slots=True)
class _Graph:
    """Who needs whom: True where the whole is needed, False for what came before."""

    programs: tuple[PlanProgram, ...]
    needs: dict[Node, dict[Node, bool]] = field(default_factory=dict)
    read: dict[Per, set[str]] = field(
        default_factory=lambda: {"deal": set(), "period": set()}
    )

    def add_measure(self, program: PlanProgram, measure: MeasureProgram) -> None:
        running, total = Node("running", measure.name), Node("total", measure.name)
        self.needs.setdefault(total, {})
        if runs_at_credits(measure):
            self.needs.setdefault(running, {})
            self.link(total, running, whole=True)
        for key in measure.of_components:
            per = self.per_of(key)
            if "deal" in per:
                self.link(running, Node("component", key), whole=True)
            if "period" in per:
                self.link(total, Node("component", key), whole=True)
        start = running if runs_at_credits(measure) else total
        per_read: Per = "deal" if runs_at_credits(measure) else "period"
        self.add_reads(start, program, measure.formulas, per_read)

    def add_component(self, program: PlanProgram, component: ComponentProgram) -> None:
        node = Node("component", component.key)
        self.needs.setdefault(node, {})
        self.add_reads(node, program, component.formulas, component.per)
        for other in program.components:
            if component.key in other.replaces and other.when is not None:
                self.add_reads(node, program, [other.when], component.per)

    def add_reads(
        self, node: Node, program: PlanProgram, formulas: Iterable[Formula], per: Per
    ) -> None:
        for formula in formulas:
            self.read[per] |= formula.names
            for measure in program.measures:
                for at, name in enumerate(measure.names):
                    if name in formula.names:
                        self.add_reading(node, measure, at, per)

    def add_reading(
        self, node: Node, measure: MeasureProgram, at: int, per: Per
    ) -> None:
        """Note that a node reads `.before`, `.after` or `.total` of a measure."""
        running, total = Node("running", measure.name), Node("total", measure.name)
        is_before = at == 0
        if per == "period":
            if not (is_before and reads_stored(measure)):
                self.link(node, total, whole=True)
        elif not runs_at_credits(measure):
            if not is_before:
                self.link(node, total, whole=True)
        elif at == 2:
            self.link(node, total, whole=True)
        else:
            self.link(node, running, whole=not is_before)

    def per_of(self, key: str) -> set[Per]:
        return {
            component.per
            for program in self.programs
            for component in program.components
            if component.key == key
        }

    def link(self, node: Node, needed: Node, *, whole: bool) -> None:
        known = self.needs.setdefault(node, {})
        known[needed] = known.get(needed, False) or whole


def _groups(needs: Mapping[Node, Mapping[Node, bool]]) -> dict[Node, Group]:
    found: dict[Node, Group] = {}
    reach = {node: _reached(node, needs) for node in needs}
    for node in needs:
        if node in found:
            continue
        together = [
            other
            for other in needs
            if other == node or (other in reach[node] and node in reach[other])
        ]
        group = _group(together, needs)
        found |= dict.fromkeys(together, group)
    return found


def _reached(start: Node, needs: Mapping[Node, Mapping[Node, bool]]) -> set[Node]:
    seen: set[Node] = set()
    waiting = [start]
    while waiting:
        for node in needs.get(waiting.pop(), ()):
            if node not in seen:
                seen.add(node)
                waiting.append(node)
    return seen


def _group(
    together: Sequence[Node], needs: Mapping[Node, Mapping[Node, bool]]
) -> Group:
    inside = set(together)
    outside = dict.fromkeys(
        needed for node in together for needed in needs[node] if needed not in inside
    )
    if len(together) > 1 and any(node.kind == "total" for node in together):
        # What a measure is in all is known at the period's end, not at a credit.
        return Group(tuple(together), tuple(outside), _circle_words(together, needs))
    order: list[Node] = []
    left = list(together)
    while left:
        ready = [
            node
            for node in left
            if not any(
                whole and needed in left for needed, whole in needs[node].items()
            )
        ]
        if not ready:
            words = _circle_words(left, needs, whole_only=True)
            return Group(tuple(together), tuple(outside), words)
        order.append(ready[0])
        left.remove(ready[0])
    return Group(tuple(order), tuple(outside))


def _circle_words(
    nodes: Sequence[Node],
    needs: Mapping[Node, Mapping[Node, bool]],
    *,
    whole_only: bool = False,
) -> str:
    """Return a way from a node back to itself: a needs b needs a."""
    way = [nodes[0]]
    while True:
        following = next(
            node
            for node, whole in needs[way[-1]].items()
            if node in nodes and (whole or not whole_only)
        )
        if following in way:
            break
        way.append(following)
    loop = [*way[way.index(following) :], following]
    words = [loop[0].name]
    for node in loop[1:]:
        if node.name != words[-1]:
            words.append(node.name)
    if len(words) == 1:
        words *= 2
    return f"This goes in a circle: {' needs '.join(words)}."
