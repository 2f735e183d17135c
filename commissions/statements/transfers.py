"""A payee changes manager, territory or plan on a day: one step, all of it or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q

from commissions.plans import assigning
from commissions.plans.models import Assignment, Plan
from commissions.statements import errors
from crm_sync.ledger.models import Manager, Payee, Territory
from crm_sync.ledger.placements import place_payee
from tenants.access import Member

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Transfer:
    """What changes for a payee from a day on.

    `plan` is the new one; `leaves` are assignments that end the day before. Who stays
    on a plan with other values changes those on the assignment itself.
    """

    payee: Payee
    starts_on: date
    manager: Payee | None
    territory: Territory | None
    plan: Plan | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    leaves: Sequence[Assignment] = ()


def transfer(*, what: Transfer, by: Member) -> None:
    """Place the payee, end the old assignments and begin the new one.

    Deals before the day keep the manager, territory and plan that they had.
    """
    with transaction.atomic():
        moved = _place(what, by)
        for assignment in what.leaves:
            assigning.change_assignment(
                assignment=assignment,
                starts_on=assignment.starts_on,
                ends_on=what.starts_on - ONE_DAY,
                values=assignment.values,
                by=by,
            )
        if what.plan is not None:
            assigning.assign(
                payee=what.payee,
                plan=what.plan,
                starts_on=what.starts_on,
                ends_on=None,
                values=what.values,
                by=by,
            )
        if not moved and not what.leaves and what.plan is None:
            raise errors.NothingToTransfer(what.payee.name)


def placement_on(payee: Payee, day: date) -> Manager | None:
    """Return whom the payee reports to, and where they sell, on a day."""
    return (
        Manager.objects.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=day),
            payee=payee,
            closed__isnull=True,
            starts_on__lte=day,
        )
        .select_related("manager", "territory")
        .first()
    )


def assignments_on(payee: Payee, day: date) -> list[Assignment]:
    """Return the plans that the payee is on, on a day."""
    rows = Assignment.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=day),
        payee=payee,
        closed__isnull=True,
        starts_on__lte=day,
    )
    return list(rows.select_related("plan", "payee").order_by("plan__name"))


def _place(what: Transfer, by: Member) -> bool:
    now = placement_on(what.payee, what.starts_on)
    held = (now.manager_id, now.territory_id) if now else (None, None)
    manager_id = what.manager.pk if what.manager else None
    territory_id = what.territory.pk if what.territory else None
    if (manager_id, territory_id) == held:
        return False
    place_payee(
        payee=what.payee,
        manager=what.manager,
        territory=what.territory,
        starts_on=what.starts_on,
        by=by,
    )
    return True
