"""What the plans of a business make use of, so that the rest costs it nothing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from commissions.calculation.names import THINGS
from commissions.calculation.order import Node, work_of
from commissions.calculation.program import MeasureProgram, PlanProgram
from commissions.plans.models import PlanVersion
from commissions.plans.selectors import programs_of, types_read

_MOST_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Features:
    """What a plan version reads beside a payee's own deals."""

    measures: frozenset[str]
    gathers: tuple[MeasureProgram, ...]
    # Measures that cannot be known before what others have is known.
    rests_on: frozenset[str]
    roles: frozenset[str]
    things: frozenset[str]
    fields: frozenset[str]
    reads_people: bool
    settle_in: str

    @property
    def reads_below(self) -> bool:
        """Say whether others' deals or measures reach a payee who is above them."""
        sets = {part.of for part in self.gathers}
        return bool(self.roles & {"manager", "upline"} or sets - {"plan", "business"})

    @property
    def is_deep(self) -> bool:
        """Say whether it reaches further up than to the direct manager."""
        return "upline" in self.roles or any(
            part.of in ("downline", "legs") for part in self.gathers
        )


@dataclass(frozen=True, slots=True)
class InForce:
    """A published version of a plan, and from when it is in force."""

    plan_id: int
    starts_on: date
    features: Features


_kept: dict[str, Features] = {}


def features_known(change: int) -> tuple[InForce, ...]:
    """Return what every published version uses, by plan, the earliest first."""
    versions = list(
        PlanVersion.objects.filter(
            state=PlanVersion.State.PUBLISHED,
            opened__lte=change,
            starts_on__isnull=False,
        )
        .order_by("plan_id", "starts_on", "number")
        .values_list("pk", "plan_id", "starts_on", "sha256")
    )
    fresh = [pk for pk, _, _, sha256 in versions if sha256 not in _kept]
    if fresh:
        _read(fresh)
    return tuple(
        InForce(plan_id, starts_on, _kept[sha256])
        for _, plan_id, starts_on, sha256 in versions
        if starts_on is not None
    )


def by_plan(known: Iterable[InForce]) -> Mapping[int, list[InForce]]:
    """Return the versions of each plan, the earliest first."""
    found: dict[int, list[InForce]] = defaultdict(list)
    for row in known:
        found[row.plan_id].append(row)
    return found


def in_force(versions: Iterable[InForce], day: date) -> Features | None:
    """Return what the version uses that is in force on a day."""
    holding = [row for row in versions if row.starts_on <= day]
    return holding[-1].features if holding else None


def _read(pks: Iterable[int]) -> None:
    rows = list(PlanVersion.objects.filter(pk__in=list(pks)))
    programs = programs_of(rows)
    if len(_kept) + len(rows) > _MOST_KEPT:
        _kept.clear()
    for row in rows:
        # A version never changes, so what it uses is kept by its hash.
        _kept[row.sha256] = features_of(programs[row.pk])


@lru_cache(maxsize=512)
def features_of(program: PlanProgram) -> Features:
    """Return what a plan version uses."""
    gathers = tuple(part for part in program.measures if part.gathers)
    roles = {role for part in program.measures for role in part.roles}
    roles |= {role for part in program.components for role in part.roles}
    return Features(
        measures=frozenset(part.name for part in program.measures),
        gathers=gathers,
        rests_on=_rests_on(program) if gathers else frozenset(),
        roles=frozenset(roles),
        things=frozenset(kind for kind in THINGS if program.thing_fields.get(kind)),
        fields=frozenset(types_read(program)),
        reads_people=any(program.person_fields.values()),
        settle_in=program.settle_in,
    )


def _rests_on(program: PlanProgram) -> frozenset[str]:
    """Return the measures that need a gathered one, at any distance."""
    groups = work_of((program,)).groups
    gathered = {Node("total", part.name) for part in program.measures if part.gathers}
    found = set()
    for part in program.measures:
        waiting, seen = [Node("total", part.name)], set()
        while waiting:
            node = waiting.pop()
            if node in seen or node not in groups:
                continue
            seen.add(node)
            waiting += [*groups[node].nodes, *groups[node].needs]
        if seen & gathered:
            found.add(part.name)
    return frozenset(found)
