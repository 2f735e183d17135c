"""The group's library as its owner sees it: who uses which edition, and what is newer.

Each business is entered in turn and asked about itself; none sees another.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from commissions.library.models import LibraryPlan, LibraryTable
from commissions.plans import library, services
from commissions.plans.diff import PlanChange, diff_plans
from commissions.plans.document import PlanDocument
from commissions.plans.models import Plan, PlanVersion, RateTable
from commissions_saas.lib import clock
from tenants.access import Member, member_of
from tenants.accounts import versions
from tenants.accounts.models import Business, Group
from tenants.schema import in_business, in_public

READY = Business.State.READY


@dataclass(frozen=True, slots=True)
class InUse:
    """One business and one entry: what is in force there, and what taking would change."""

    business: Business
    state: str  # as library.Shelved has it, or `unread`
    own: Any = None  # the plan or table that follows the entry
    version: PlanVersion | None = None  # of a plan, what is in force today
    taken: int = 0
    draft: PlanVersion | None = None
    newer: PlanVersion | None = None  # published where the entry came from, not shared
    would_change: tuple[PlanChange, ...] = ()
    sharing_changes: tuple[PlanChange, ...] = ()
    other_days: tuple[str, ...] = ()  # of a table, the days whose rows differ
    dated_rows: tuple[dict[str, Any], ...] = ()  # of a table, where they are others
    may_enter: bool = False


@dataclass(frozen=True, slots=True)
class Shared:
    """An entry of the library with every business of the group."""

    entry: Any
    uses: tuple[InUse, ...]

    @property
    def count(self) -> int:
        """Return how many businesses use it, in whatever edition."""
        return sum(use.own is not None for use in self.uses)

    @property
    def newer(self) -> InUse | None:
        """Return the business that has something newer than what it shared."""
        return next((use for use in self.uses if use.newer or use.other_days), None)


def shared_plans(group: Group, member: Member) -> list[Shared]:
    """Return the group's plans, each with how its businesses stand to it."""
    entries = LibraryPlan.objects.filter(group_id=group.pk).order_by("name")
    return [shared_plan(entry, group, member) for entry in entries]


def shared_plan(entry: LibraryPlan, group: Group, member: Member) -> Shared:
    """Return one plan of the library with all businesses, and what would change."""
    uses = tuple(_each(group, member, lambda one, may: _plan_in(one, entry, may)))
    return Shared(entry, uses)


def shared_tables(group: Group, member: Member) -> list[Shared]:
    """Return the group's rate tables, each with how its businesses stand to it."""
    entries = LibraryTable.objects.filter(group_id=group.pk).order_by("name")
    return [shared_table(entry, group, member) for entry in entries]


def shared_table(entry: LibraryTable, group: Group, member: Member) -> Shared:
    """Return one table of the library with the rows that each business has."""
    return Shared(entry, tuple(_each(group, member, _AsksTable(entry))))


def _each(group: Group, member: Member, ask: Any) -> Iterator[InUse]:
    for business in group.businesses.filter(state=READY).order_by("name"):
        if not versions.is_current(business.schema_name):
            yield InUse(business, "unread")
            continue
        day = clock.today(business.time_zone)
        with in_public():
            may = member_of(user=member.user, business=business, day=day) is not None
        with in_business(business):
            yield ask(business, may)


def _plan_in(business: Business, entry: LibraryPlan, may_enter: bool) -> InUse:
    own = Plan.objects.filter(library_id=entry.pk).first()
    stands = library.shelved_plan(entry, own)
    if own is None:
        return InUse(business, stands.state, may_enter=may_enter)
    published = own.versions.filter(state=PlanVersion.State.PUBLISHED)
    held = _in_force(published, clock.today(business.time_zone))
    shelved = services.document_of(PlanVersion(document=entry.document))
    newest = published.order_by("-number").first()
    newer = newest if newest and _is_newer(newest, entry, business) else None
    return InUse(
        business,
        stands.state,
        own=own,
        version=held,
        taken=stands.taken,
        draft=own.versions.filter(state=PlanVersion.State.DRAFT).first(),
        newer=newer,
        would_change=_changes(held, shelved) if newer is None else (),
        sharing_changes=tuple(diff_plans(shelved, services.document_of(newer)))
        if newer
        else (),
        may_enter=may_enter,
    )


@dataclass(frozen=True, slots=True)
class _AsksTable:
    entry: LibraryTable

    def __call__(self, business: Business, may_enter: bool) -> InUse:
        own = RateTable.objects.filter(key=self.entry.key).first()
        stands = library.shelved_table(self.entry, own)
        rows = library.dated_rows_of(own) if own is not None else []
        days: tuple[str, ...] = ()
        if own is not None and business.name == self.entry.from_business:
            days = _days_that_differ(self.entry, rows)
        return InUse(
            business,
            stands.state,
            own=own,
            taken=stands.taken,
            other_days=days,
            dated_rows=tuple(rows) if rows != self.entry.dated_rows else (),
            may_enter=may_enter,
        )


def _in_force(published: Any, today: date) -> PlanVersion | None:
    begun = published.filter(starts_on__lte=today)
    found: PlanVersion | None = begun.order_by("-starts_on", "-number").first()
    return found


def _is_newer(newest: PlanVersion, entry: LibraryPlan, business: Business) -> bool:
    """Say whether the business that shared it has published something else since."""
    if business.name != entry.from_business or newest.sha256 == entry.sha256:
        return False
    return newest.number > entry.from_version


def _changes(held: PlanVersion | None, shelved: PlanDocument) -> tuple[PlanChange, ...]:
    if held is None:
        return ()
    return tuple(diff_plans(services.document_of(held), shelved))


def _days_that_differ(
    entry: LibraryTable, rows: Sequence[dict[str, Any]]
) -> tuple[str, ...]:
    here = {row["starts_on"]: row for row in rows}
    there = {row["starts_on"]: row for row in entry.dated_rows}
    days = sorted({*here, *there})
    return tuple(day for day in days if here.get(day) != there.get(day))
