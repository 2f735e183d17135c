"""The record of what happened to a run: its own events and the audit trail."""

from decimal import Decimal

from commissions_saas.lib import clock
from payouts.runs.models import Payout, PayoutEvent, PayoutRun
from tenants.access import Member
from tenants.audit.services import record


def note(
    run: PayoutRun,
    kind: str,
    *,
    by: Member,
    total: Decimal | None = None,
    payout: Payout | None = None,
    text: str = "",
) -> None:
    """Write what happened, in the transaction in which it happens."""
    PayoutEvent.objects.create(
        run=run,
        payout=payout,
        kind=kind,
        by_id=by.user_id,
        at=clock.now(),
        note=text,
        total=total,
    )
    record(
        action=f"runs.{'payout' if payout else 'run'}.{kind}",
        object_kind="payout" if payout else "payout_run",
        object_id=str(payout.pk if payout else run.pk),
        object_name=f"Run {run.number} of {run.period.slug}",
        after={"total": None if total is None else str(total), "note": text},
        by=by,
    )
