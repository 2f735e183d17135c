"""Separation of duties: nobody approves what they prepared, adjusted or are paid by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Q, Value

from commissions.statements.models import Adjustment, Line, Proposal
from commissions_saas.lib import clock
from crm_sync.ledger.models import Payee
from payouts.runs.models import PayoutItem, PayoutRun
from tenants.access import COUNTS_AS, Member, may
from tenants.accounts.models import Role, RoleGrant, User
from tenants.schema import current_business

APPROVING = frozenset({Role.FINANCE, Role.ADMIN})
PAID, ADJUSTED = "paid", "adjusted"


@dataclass(frozen=True, slots=True)
class Duties:
    """Who had a hand in a run, and who holds a role that approves it."""

    solo: bool
    prepared_by_id: int | None
    paid: frozenset[int]
    adjusted: frozenset[int]
    approvers: Mapping[int, str]
    people: Mapping[int, User]  # everybody who was looked up, by id

    def why_not(self, user_id: int) -> str:
        """Return why this user may not approve the run; an empty text if they may."""
        if self.solo:
            return ""
        if self.prepared_by_id == user_id:
            return "You prepared this run."
        if user_id in self.paid:
            return "You are paid in this run."
        if user_id in self.adjusted:
            return "You made or accepted an adjustment that is in this run."
        return ""

    @property
    def who_may(self) -> list[str]:
        """Return the names of the members who may approve the run now."""
        free = (name for pk, name in self.approvers.items() if not self.why_not(pk))
        return sorted(set(free))


def duties_of(run: PayoutRun, *, named: Iterable[int] = ()) -> Duties:
    """Return who had a hand in a run; `named` are looked up along with them.

    There is no way round for administrators. A business in solo mode is the only
    exception, and its runs say so.
    """
    hands = list(_hands(run))
    paid = {pk for kind, pk, _ in hands if kind == PAID and pk}
    emails = {email.lower() for kind, _, email in hands if kind == PAID and email}
    people, approve = _people(set(named), emails)
    paid |= {pk for pk, user in people.items() if user.email in emails}
    return Duties(
        solo=is_solo(run),
        prepared_by_id=run.prepared_by_id,
        paid=frozenset(paid),
        adjusted=frozenset(pk for kind, pk, _ in hands if kind == ADJUSTED and pk),
        approvers={pk: str(people[pk]) for pk in sorted(approve)},
        people=people,
    )


def why_not_approve(run: PayoutRun, user_id: int) -> str:
    """Return why this user may not approve the run, or an empty text if they may."""
    return duties_of(run).why_not(user_id)


def who_may_approve(run: PayoutRun) -> list[str]:
    """Return the names of the members who may approve this run now."""
    return duties_of(run).who_may


def is_solo(run: PayoutRun) -> bool:
    """Say whether one person may do all: solo mode holds now, and held from the start.

    A mode that is turned on after preparing would not be printed on the run.
    """
    return run.solo and bool(current_business().solo_mode)


def may_act(member: Member) -> bool:
    """Return whether the member holds a role that approves runs at all."""
    return may(member, "runs.decide")


def _hands(run: PayoutRun) -> Iterable[tuple[str, int | None, str]]:
    """Return whom the run pays, with their e-mail, and who adjusted what is in it.

    A payee who was merged into another keeps the log-in; the other has the money. One
    without a log-in is known by the e-mail.
    """
    payees = Payee.objects.filter(
        Q(payouts__run=run) | Q(merged_into__payouts__run=run)
    )
    lines = Line.objects.filter(
        pk__in=PayoutItem.objects.filter(payout__run=run).values("line_id"),
        adjustment_id__gt=0,
    )
    adjustments = Adjustment.objects.filter(
        pk__in=lines.values("adjustment_id"), kind=Adjustment.Kind.MANUAL
    )
    # Who let a late change into the period chose it as much as who typed an amount.
    accepted = Proposal.objects.filter(
        adjustment_id__in=lines.values("adjustment_id"), decided_by_id__isnull=False
    )
    paid = payees.order_by().values_list(_word(PAID), "user_id", "email")
    adjusted = adjustments.order_by().values_list(
        _word(ADJUSTED), "made_by_id", _word("")
    )
    posted = accepted.order_by().values_list(
        _word(ADJUSTED), "decided_by_id", _word("")
    )
    return paid.union(adjusted, posted)


def _people(named: set[int], emails: set[str]) -> tuple[dict[int, User], set[int]]:
    """Return users by id or e-mail with all who approve today, and the ids of those.

    Three searches by index in one query; each finds few of a platform's users.
    """
    business = current_business()
    day = clock.today(business.time_zone)
    roles = APPROVING | {role for role, worth in COUNTS_AS.items() if worth & APPROVING}
    grants = RoleGrant.objects.filter(
        Q(member__business_id=business.pk) | Q(member__business__isnull=True),
        Q(ends_on__isnull=True) | Q(ends_on__gte=day),
        member__group_id=business.group_id,
        starts_on__lte=day,
        role__in=roles,
    )
    approve = User.objects.filter(
        pk__in=grants.values("member__user_id"), is_active=True
    )
    known = User.objects.filter(pk__in=named)
    mailed = User.objects.filter(email__in=emails)
    found = approve.annotate(approves=Value(True)).union(
        known.annotate(approves=Value(False)), mailed.annotate(approves=Value(False))
    )
    rows: list[Any] = list(found)
    return {row.pk: row for row in rows}, {row.pk for row in rows if row.approves}


def _word(text: str) -> Value:
    return Value(text, output_field=CharField())
