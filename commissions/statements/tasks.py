"""The long work of this app: catching up with changes, and comparing plans."""

from typing import Any

from commissions.statements import ghosts, parts, previews
from commissions.statements.parts import Parts
from commissions.statements.recalculate import recalculate
from crm_sync.writeback.running import write_what_changed
from tenants.jobs.handlers import handles
from tenants.jobs.lease import Lease


@handles("catch_up")
def catch_up(lease: Lease) -> dict[str, Any]:
    """Recalculate what changed since the last time; harmless if repeated."""
    return _recalculate(lease, everything=False)


@handles("recalculate_all")
def recalculate_all(lease: Lease) -> dict[str, Any]:
    """Recalculate every statement of the business: a proof, not a need."""
    return _recalculate(lease, everything=True)


@handles(parts.KIND)
def recalculate_part(lease: Lease) -> dict[str, Any]:
    """Write the statements of a part of a large recalculation."""
    return parts.do_part(lease)


@handles("preview")
def preview(lease: Lease) -> dict[str, Any]:
    """Compare a plan's draft with what is in force; what pays is not touched."""
    number = int(lease.arguments["preview"])
    previews.compute(number, within=lease.transaction, tell=lease.step)
    return {"preview": number}


@handles(ghosts.KIND)
def keep_ghosts_up(lease: Lease) -> dict[str, Any]:
    """Work out again what runs beside the real periods, after those moved."""
    return {"ghosts": ghosts.keep_up(within=lease.transaction, tell=lease.step)}


def _recalculate(lease: Lease, *, everything: bool) -> dict[str, Any]:
    summary = recalculate(
        everything=everything,
        within=lease.transaction,
        tell=lease.step,
        job_id=lease.job.pk,
        share=Parts(lease).write if lease.is_kept else None,
    )
    write_what_changed()
    ghosts.ask_to_keep_up()
    return {
        "change": summary.change,
        "statements": summary.statements,
        "opened": summary.opened,
        "closed": summary.closed,
    }
