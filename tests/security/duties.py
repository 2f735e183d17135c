"""What the tests of separate duties send and look for."""

from decimal import Decimal
from typing import Any

from commissions_saas.lib import clock
from payouts.runs.models import Payout, PayoutRun
from tenants.access import Member, member_of
from tenants.accounts import models as accounts
from tenants.accounts.models import Business, Role
from tenants.accounts.services import grant_role

PLAN = """
plan: Own plan
currency: USD
components:
  - {key: deals, name: Deals, base: deal.amount, amount: base * 6%}
examples:
  - name: One deal
    period: 2026-11
    payee: {name: Maya}
    deals: [{id: a, won_on: 2026-11-04, amount: 1000}]
    expect: {total: 60.00}
"""


def approval(run: PayoutRun, **changes: Any) -> dict[str, Any]:
    """What a browser sends to approve everybody who is ready."""
    run.refresh_from_db()
    ready = list(run.payouts.filter(state=Payout.State.READY))
    total = sum((payout.amount for payout in ready), Decimal(0))
    return {
        "payouts": [payout.pk for payout in ready],
        "seen_version": run.version,
        "seen_total": str(total),
    } | changes


def url(run: PayoutRun, verb: str) -> str:
    return f"/b/acme/runs/{run.number}/{verb}/"


def nothing_is_approved(run: PayoutRun) -> bool:
    run.refresh_from_db()
    approved = run.payouts.filter(state=Payout.State.APPROVED).exists()
    return run.state == PayoutRun.State.IN_REVIEW and not approved


def today(member: Member, business: Business) -> Member:
    """The member with the roles of now, as the middleware would hand them over."""
    found = member_of(user=member.user, business=business, day=clock.now().date())
    assert found is not None
    return found


def a_member_who_is(bob: Member, acme: Business) -> Member:
    """Bob is paid in the run, and gets the role of finance."""
    member = accounts.Member.objects.get(user=bob.user, business=acme)
    grant_role(member=member, role=Role.FINANCE, by=None)
    return today(bob, acme)
