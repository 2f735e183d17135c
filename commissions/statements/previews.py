"""Asking what a draft changes, storing the answer, and publishing what was looked at."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q

from commissions.plans import errors
from commissions.plans.document import PlanDocument
from commissions.plans.models import (
    Assignment,
    PlanVersion,
    Preview,
    PreviewedStatement,
)
from commissions.plans.services import document_of, may_publish, publish_version
from commissions.statements.errors import NotUpToDate
from commissions.statements.impact import (
    Comparison,
    Told,
    compare,
    frozen_of,
    nobody,
)
from commissions.statements.models import PayPeriod
from commissions.statements.prices import headline, summary_of
from commissions.statements.writing import lock_periods_to_write
from commissions_saas.lib import clock
from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.periods import Period, parse_period
from crm_sync.ledger.changes import latest_change, lock_changes
from crm_sync.ledger.own import own_payee_ids
from tenants.access import Member
from tenants.audit.services import record
from tenants.jobs.services import enqueue
from tenants.schema import current_business

COMPARED_AT_ONCE = 200  # statements; more of them are compared again in a job
Transaction = Callable[[], AbstractContextManager[object]]


def ask_preview(*, draft: PlanVersion, starts_on: date, by: Member) -> Preview:
    """Ask for a draft's impact; what was asked before and not used is forgotten."""
    with transaction.atomic():
        _forget(draft)
        preview = _new(draft, starts_on, by)
        job = enqueue(
            kind="preview",
            title=f"Compare {draft.plan} v{draft.number} with what is in force",
            business=current_business(),
            arguments={"preview": preview.pk},
            started_by=by,
        )
        Preview.objects.filter(pk=preview.pk).update(job_id=job.pk)
        preview.job_id = job.pk
    return preview


def ask_ghost(*, version: PlanVersion, period: Period, by: Member) -> Preview:
    """Let a version run beside the one in force for a period; nobody is paid by it."""
    with transaction.atomic():
        ghost = _new(version, period.starts_on, by, period)
        job = _enqueue_ghost(ghost, by)
        Preview.objects.filter(pk=ghost.pk).update(job_id=job.pk)
        _trail("plans.ghost.started", ghost, by)
    return ghost


def refresh_ghost(*, ghost: Preview, by: Member) -> None:
    """Work a ghost out again with what is known now; its document stays."""
    with transaction.atomic():
        job = _enqueue_ghost(ghost, by)
        Preview.objects.filter(pk=ghost.pk).update(
            state=Preview.State.COMPUTING, job_id=job.pk
        )


def end_ghost(*, ghost: Preview, by: Member) -> None:
    """Forget a ghost and its figures; nothing else ever read them."""
    with transaction.atomic():
        _trail("plans.ghost.ended", ghost, by)
        Preview.objects.filter(pk=ghost.pk, kind=Preview.Kind.GHOST).delete()


def compute(
    preview_id: int, *, within: Transaction = transaction.atomic, tell: Told = nobody
) -> None:
    """Fill a preview in; one that was forgotten meanwhile is left alone."""
    preview = Preview.objects.select_related("plan").filter(pk=preview_id).first()
    if preview is None or preview.state != Preview.State.COMPUTING:
        return
    try:
        found = _compared(preview, tell)
    except ProductError as problem:
        with within():
            _fail(preview, problem)
        return
    with within():
        store(preview, found)


def work_out_again(ghost: Preview, *, within: Transaction = transaction.atomic) -> None:
    """Work a ghost out with what is known now; until then it stands as it was.

    Raises what says that changes are just being calculated.
    """
    change = latest_change()
    try:
        found = _compared(ghost, nobody)
    except NotUpToDate:
        raise
    except ProductError as problem:
        with within():
            _fail(ghost, problem, change)
        return
    with within():
        store(ghost, found)


def store(preview: Preview, found: Comparison) -> None:
    """Write what was compared; of an impact only what differs, of a ghost everything."""
    still = Preview.objects.select_for_update().filter(pk=preview.pk)
    if still.first() is None:
        return  # forgotten while it was worked out
    PreviewedStatement.objects.filter(preview=preview).delete()
    is_ghost = preview.kind == Preview.Kind.GHOST
    rows = [row for row in found.rows if is_ghost or row.is_changed]
    for row in rows:
        row.preview = preview
    PreviewedStatement.objects.bulk_create(rows, batch_size=500)
    fields = {
        "state": Preview.State.READY,
        "change": found.change,
        "summary": summary_of(found.rows),
        "figures": found.figures,
        "computed_at": clock.now(),
        "problem": "",
    }
    Preview.objects.filter(pk=preview.pk).update(**fields)
    for name, value in fields.items():
        setattr(preview, name, value)


def publish_previewed(*, preview: Preview, by: Member) -> PlanVersion:
    """Publish what was looked at; refused where data or draft have moved its figures.

    A change that leaves every figure as it was on the page is no reason to look again.
    """
    moved = None
    with transaction.atomic():
        _hold_periods(preview)
        lock_changes()
        preview = _locked(preview)
        draft = _draft_of(preview)
        _require_hands(preview, draft, by)
        fresh = _looked_at_again(preview, draft)
        if fresh is not None and (
            draft.sha256 != preview.sha256 or fresh.figures != preview.figures
        ):
            moved = fresh
        else:
            return _publish(preview, draft, by)
    raise errors.FiguresMoved(_show_instead(preview, draft, moved, by))


def document_of_preview(preview: Preview) -> PlanDocument:
    """Return the document that was compared, whatever the draft says now."""
    return document_of(PlanVersion(document=preview.document))


def moved_by(preview: Preview) -> Decimal | None:
    """Return how much pay a draft moves; None where it begins on a day to come.

    What nobody has sold yet has no price, so it cannot be called small.
    """
    if preview.starts_on > clock.today(current_business().time_zone):
        return None
    return Decimal(preview.summary["moved"])


def changes_own_pay(preview: Preview, by: Member) -> bool:
    """Say whether the member is paid by the plan, now or from the draft's first day."""
    if current_business().solo_mode:
        return False
    own = own_payee_ids(by)
    moved = preview.statements.filter(payee_id__in=own).exclude(difference=0)
    paid = Assignment.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=preview.starts_on),
        plan_id=preview.plan_id,
        payee_id__in=own,
        closed__isnull=True,
    )
    return moved.exists() or paid.exists()


def _compared(preview: Preview, tell: Told) -> Comparison:
    is_ghost = preview.kind == Preview.Kind.GHOST
    return compare(
        preview.plan,
        document_of_preview(preview),
        preview.starts_on,
        only=parse_period(preview.period_slug) if is_ghost else None,
        tell=tell,
    )


def _fail(preview: Preview, problem: ProductError, change: int | None = None) -> None:
    Preview.objects.filter(pk=preview.pk).update(
        state=Preview.State.FAILED, problem=str(problem), change=change
    )


def _locked(preview: Preview) -> Preview:
    rows = Preview.objects.select_for_update(of=("self",)).select_related("plan")
    found = rows.filter(pk=preview.pk, kind=Preview.Kind.IMPACT).first()
    if found is None or found.state != Preview.State.READY or not found.version_id:
        raise errors.NotPreviewed
    return found


def _draft_of(preview: Preview) -> PlanVersion:
    versions = PlanVersion.objects.select_related("plan")
    draft = versions.get(pk=preview.version_id or 0)
    if draft.state != PlanVersion.State.DRAFT:
        raise errors.NotADraft(draft.number)
    return draft


def _require_hands(preview: Preview, draft: PlanVersion, by: Member) -> None:
    """Refuse who wrote it, unless it is small, and whose own pay it changes."""
    if not may_publish(draft, by, moved_by(preview)):
        raise errors.NeedsSecondPerson
    if changes_own_pay(preview, by):
        raise errors.OwnPay
    if preview.summary["failures"]:
        raise errors.LinesFail(preview.summary["failures"])


def _looked_at_again(preview: Preview, draft: PlanVersion) -> Comparison | None:
    """Compare again where anything may have moved; None where nothing did.

    The figures of one change number are always the same: a comparison is refused while
    stored measures that it reads are behind. Freezing has no number.
    """
    is_same = draft.sha256 == preview.sha256 and latest_change() == preview.change
    if is_same and not _froze_since(preview):
        return None
    summary = preview.summary
    if summary["statements"] + summary["unchanged"] > COMPARED_AT_ONCE:
        return Comparison(0, ())
    return compare(draft.plan, document_of(draft), preview.starts_on)


def _hold_periods(preview: Preview) -> None:
    """Let nobody freeze or open what the price counts until it is consumed."""
    slugs = preview.statements.values("period_slug")
    rows = PayPeriod.objects.filter(slug__in=slugs)
    lock_periods_to_write(list(rows.values_list("pk", flat=True)))


def _froze_since(preview: Preview) -> bool:
    """Say whether a statement that it changes was frozen, or opened again, since."""
    rows = preview.statements.filter(is_changed=True)
    was = {
        (payee_id, parse_period(slug)): is_frozen
        for payee_id, slug, is_frozen in rows.values_list(
            "payee_id", "period_slug", "is_frozen"
        )
    }
    frozen = frozen_of(was)
    return any((key in frozen) != is_frozen for key, is_frozen in was.items())


def _publish(preview: Preview, draft: PlanVersion, by: Member) -> PlanVersion:
    published = publish_version(
        draft=draft,
        starts_on=preview.starts_on,
        by=by,
        moves=Decimal(preview.summary["moved"]),
    )
    Preview.objects.filter(pk=preview.pk).update(used_at=clock.now())
    return published


def _show_instead(
    preview: Preview, draft: PlanVersion, fresh: Comparison | None, by: Member
) -> str:
    """Put the figures of now in the place of those that were looked at."""
    if fresh is None or not fresh.change:
        ask_preview(draft=draft, starts_on=preview.starts_on, by=by)
        return "they are being compared again"
    with transaction.atomic():
        _forget(draft)
        instead = _new(draft, preview.starts_on, by)
        store(instead, fresh)
    return f"now {headline(instead.summary, current_business().currency)}"


def _forget(draft: PlanVersion) -> None:
    """Drop what was compared before and not used; the newest is what counts."""
    rows = Preview.objects.filter(plan_id=draft.plan_id, used_at__isnull=True)
    rows.filter(kind=Preview.Kind.IMPACT).delete()


def _new(
    version: PlanVersion, starts_on: date, by: Member, period: Period | None = None
) -> Preview:
    return Preview.objects.create(
        kind=Preview.Kind.GHOST if period else Preview.Kind.IMPACT,
        plan=version.plan,
        version=version,
        number=version.number,
        document=version.document,
        sha256=version.sha256,
        starts_on=starts_on,
        period_slug=period.slug if period else "",
        asked_by_id=by.user_id,
        asked_at=clock.now(),
    )


def _enqueue_ghost(ghost: Preview, by: Member) -> Any:
    return enqueue(
        kind="preview",
        title=f"Run {ghost.plan} v{ghost.number} as a ghost in {ghost.period_slug}",
        business=current_business(),
        arguments={"preview": ghost.pk},
        started_by=by,
    )


def _trail(action: str, ghost: Preview, by: Member) -> None:
    record(
        action=action,
        object_kind="plan_version",
        object_id=ghost.version_id or 0,
        object_name=f"{ghost.plan} v{ghost.number}, {ghost.period_slug}",
        after={"sha256": ghost.sha256},
        by=by,
    )
