"""Ghosts keep up with the real periods: worked out again after each recalculation."""

from collections.abc import Callable
from datetime import timedelta

from django.db import transaction

from commissions.plans.models import Preview
from commissions.statements import previews
from commissions.statements.errors import NotUpToDate
from commissions.statements.impact import Told, nobody
from crm_sync.ledger.changes import latest_change
from tenants.jobs.services import enqueue
from tenants.schema import current_business

# Many changes in a row are one look; a ghost is no statement that somebody waits for.
SOON = timedelta(seconds=20)
KIND = "ghosts"


def ask_to_keep_up() -> None:
    """Ask for ghosts to be worked out again, where one is behind; once for many changes."""
    if not _behind():
        return
    with transaction.atomic():
        enqueue(
            kind=KIND,
            title="Work ghosts out again",
            business=current_business(),
            only_one=KIND,
            run_after=SOON,
        )


def keep_up(
    *,
    within: previews.Transaction = transaction.atomic,
    tell: Told = nobody,
    again: Callable[[], None] = ask_to_keep_up,
) -> int:
    """Work every ghost out that is behind; until then it says as of when it is.

    Where changes are just being calculated, it is asked for once more.
    """
    done = 0
    waiting = _behind()
    for number, ghost in enumerate(waiting):
        tell("Working ghosts out", number, len(waiting))
        try:
            previews.work_out_again(ghost, within=within)
        except NotUpToDate:
            again()
            return done
        done += 1
    return done


def _behind() -> list[Preview]:
    rows = Preview.objects.filter(kind=Preview.Kind.GHOST)
    settled = rows.exclude(state=Preview.State.COMPUTING).exclude(
        change=latest_change()
    )
    return list(settled.select_related("plan").order_by("pk"))
