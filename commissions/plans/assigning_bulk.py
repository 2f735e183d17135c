"""Quotas and assignments of many payees at once: all of them are entered, or none."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Q

from commissions.plans import assigning, errors
from commissions.plans.models import Assignment, Plan
from commissions_saas.lib.errors import ProductError
from crm_sync.ledger.models import Payee
from tenants.access import Member

MOST = 500  # payees in one press


@dataclass(frozen=True, slots=True)
class Row:
    """A payee who is, or could be, on the plan on a day, with the values that hold."""

    payee: Payee
    assignment: Assignment | None
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody typed for one payee."""

    payee_id: int
    values: Mapping[str, str]


def rows_on(plan: Plan, day: date) -> list[Row]:
    """Return everybody who may be paid: who is on the plan that day stands first.

    The values are those that hold on the day, so that a quota is carried forward by
    pressing nothing.
    """
    holding = {
        row.payee_id: row
        for row in Assignment.objects.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=day),
            plan=plan,
            closed__isnull=True,
            starts_on__lte=day,
        )
    }
    payees = Payee.objects.filter(
        Q(leaves_on__isnull=True) | Q(leaves_on__gte=day),
        merged_into__isnull=True,
        hidden=False,
    )
    rows = []
    for payee in payees.order_by("name", "pk"):
        held = holding.get(payee.pk)
        rows.append(Row(payee, held, held.values if held else {}))
    return sorted(rows, key=lambda row: row.assignment is None)


def set_values(
    *, plan: Plan, starts_on: date, wanted: Sequence[Wanted], by: Member
) -> int:
    """Put payees on a plan, or give those on it other values, from one day on.

    Return how many differ from before. One bad value refuses all, with every reason.
    """
    if len(wanted) > MOST:
        raise errors.WrongValue(
            f"{len(wanted)} payees are more than {MOST} at once.",
            hint="Send a file, or fewer of them.",
        )
    rows = {row.payee.pk: row for row in rows_on(plan, starts_on)}
    problems: list[str] = []
    changed = 0
    with transaction.atomic():
        for each in wanted:
            row = rows.get(each.payee_id)
            if row is None:
                problems.append(f"There is no payee {each.payee_id}.")
                continue
            try:
                changed += _set(plan, starts_on, row, each.values, by)
            except ProductError as problem:
                problems.append(f"{row.payee.name}: {problem.message}")
        if problems:
            raise errors.WrongValue(_told(problems), hint="Nothing was entered.")
    return changed


def _set(
    plan: Plan, starts_on: date, row: Row, values: Mapping[str, str], by: Member
) -> bool:
    if row.assignment is not None:
        made = assigning.change_values_from(
            assignment=row.assignment, starts_on=starts_on, values=values, by=by
        )
        return made.pk != row.assignment.pk
    assigning.assign(
        payee=row.payee,
        plan=plan,
        starts_on=starts_on,
        ends_on=None,
        values=values,
        by=by,
    )
    return True


def _told(problems: Iterable[str]) -> str:
    told = list(problems)
    more = f" And {len(told) - 5} more." if len(told) > 5 else ""
    return " ".join(told[:5]) + more
