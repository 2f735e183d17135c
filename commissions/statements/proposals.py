"""Late changes of frozen statements: proposed once, posted as adjustments, never stacked.

What is proposed is *recomputed − frozen − already posted*, for each line.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from commissions.calculation.facts import LineDraft, PayeeInputs, StatementDraft
from commissions.statements import carrying, errors, writing
from commissions.statements.differences import StoredLine, Trigger, money
from commissions.statements.models import (
    Adjustment,
    Line,
    PayPeriod,
    Proposal,
    Release,
    Statement,
)
from commissions.statements.periods import as_period, hold_open_after
from commissions.statements.sources import UNKNOWN, source_of_entry
from commissions.statements.words import amount_text, short_day_text
from commissions_saas.lib import clock
from crm_sync.ledger.changes import latest_change, next_change
from crm_sync.ledger.facts import EntryFact
from crm_sync.ledger.models import Change, Entry
from tenants.access import Member
from tenants.audit.services import record
from tenants.schema import current_business

ZERO = Decimal(0)


class LineOf(NamedTuple):
    """What a proposal is about: a component's amount for a credit."""

    component: str
    entry_id: int
    role: str


@dataclass(slots=True)
class Late:
    """One line of a frozen statement, then and now."""

    key: LineOf
    frozen: Decimal = ZERO
    current: Decimal = ZERO
    posted: Decimal = ZERO
    stored: StoredLine | None = None
    draft: LineDraft | None = None

    @property
    def due(self) -> Decimal:
        """Return what is still to be booked."""
        return self.current - self.frozen - self.posted


def propose(
    row: Statement,
    draft: StatementDraft,
    inputs: PayeeInputs,
    live: Sequence[StoredLine],
    trigger: Trigger | None,
) -> None:
    """Write what a frozen statement would be now as proposals and releases.

    Those of a locked or paid statement post themselves, where the business wants that;
    one that is only in review can still be opened again instead.
    """
    waiting = {_about(one): one for one in _proposals(row, Proposal.State.WAITING)}
    declined = {
        (_about(one), one.current, one.amount)
        for one in _proposals(row, Proposal.State.DECLINED)
    }
    late = _compare(row, draft, live, waiting)
    fresh = []
    for key, line in late.items():
        standing = waiting.get(key)
        if standing is not None:
            if standing.amount == line.due and standing.current == line.current:
                continue
            replace_waiting(standing)
        was_declined = (key, line.current, line.due) in declined
        if line.due and not was_declined:
            fresh.append(_proposal(row, line, inputs, trigger))
    _release(row, late.values(), trigger)
    made = Proposal.objects.bulk_create(fresh)
    in_review = row.state == Statement.State.IN_REVIEW
    if current_business().posts_late_changes and not in_review:
        _post(row, made, None, draft)
    carrying.carry_alone(row, draft)


def post(*, proposal: Proposal, by: Member | None) -> Adjustment:
    """Book a proposal as an adjustment in the open period."""
    with transaction.atomic():
        # Periods before statements: it may have to wait for the one it is booked in.
        hold_open_after(as_period(proposal.period), proposal.payee_id)
        row = hold_statement_of(proposal)
        return _post(row, [proposal], by, None)[0]


def decline(*, proposal: Proposal, by: Member) -> None:
    """Leave a late change out for good; the same amount is not proposed again."""
    with transaction.atomic():
        hold_statement_of(proposal)
        _move(proposal, Proposal.State.DECLINED, by, None)
        _record("declined", proposal, by)


def post_waiting(rows: Iterable[Statement], by: Member | None) -> None:
    """Book what waits on these statements, once they are locked."""
    for row in rows:
        waiting = list(_proposals(row, Proposal.State.WAITING))
        if waiting:
            _post(row, waiting, by, None)


def hold_statement_of(proposal: Proposal) -> Statement:
    """Hold the statement whose late change it is, as it is neither opened nor reckoned.

    Else a calculation that looks at it now would propose once more what is booked.
    """
    writing.lock_periods_to_write([proposal.period_id])
    pair = proposal.payee_id, proposal.period_id
    return writing.lock_statements_of([pair])[pair]


def _proposals(row: Statement, state: str) -> QuerySet[Proposal]:
    return Proposal.objects.filter(
        payee_id=row.payee_id, period_id=row.period_id, state=state
    ).order_by("pk")


def _about(proposal: Proposal) -> LineOf:
    return LineOf(proposal.component, proposal.entry_id, proposal.role)


def _compare(
    row: Statement,
    draft: StatementDraft,
    live: Sequence[StoredLine],
    waiting: Iterable[LineOf],
) -> dict[LineOf, Late]:
    found: dict[LineOf, Late] = {}

    def at(component: str, entry_id: int, role: str) -> Late:
        key = LineOf(component, entry_id, role)
        return found.setdefault(key, Late(key))

    for key in waiting:
        at(*key)  # though nothing is left of the line: then nothing is due
    for stored in live:
        if not stored.adjustment_id:
            line = at(stored.component, stored.entry_id, stored.role)
            line.frozen += stored.amount
            line.stored = stored
    failed = set()
    for fresh in draft.lines:
        if fresh.key.adjustment_id:
            continue
        line = at(fresh.component, fresh.key.entry_id, fresh.role)
        line.current += money(fresh.amount)
        line.draft = fresh
        if fresh.failed:
            failed.add(line.key)
    for proposal in _proposals(row, Proposal.State.POSTED):
        at(*_about(proposal)).posted += proposal.amount
    # What cannot be worked out is not known to be zero.
    return {key: line for key, line in found.items() if key not in failed}


def _proposal(
    row: Statement, line: Late, inputs: PayeeInputs, trigger: Trigger | None
) -> Proposal:
    entry = next((e for e in inputs.entries if e.id == line.key.entry_id), None)
    source = line.draft or line.stored
    clawback = line.due < 0 and entry is not None and not entry.counts
    return Proposal(
        payee_id=row.payee_id,
        period_id=row.period_id,
        component=line.key.component,
        component_name=source.component_name if source else line.key.component,
        version_id=(source.version_id if source else 0) or None,
        entry_id=line.key.entry_id,
        role=line.key.role,
        line_id=line.stored.id if line.stored else None,
        frozen=line.frozen,
        current=line.current,
        amount=line.due,
        currency=row.currency,
        clawback=clawback,
        change_number=trigger.number if trigger else latest_change(),
        words=_words(line, entry, inputs, trigger, clawback),
        made_at=clock.now(),
    )


def _words(
    line: Late,
    entry: EntryFact | None,
    inputs: PayeeInputs,
    trigger: Trigger | None,
    clawback: bool,
) -> str:
    if clawback and entry is not None:
        return _clawback_words(line, entry, inputs)
    if trigger is not None and trigger.entry_id in (None, line.key.entry_id):
        return trigger.words
    name = entry.name if entry else inputs.period.label
    moved = f"{amount_text(line.frozen + line.posted)} → {amount_text(line.current)}"
    if trigger is not None:
        return f"{name}: {moved}, because of {trigger.words}"
    return f"{name}: {moved}"


def _clawback_words(line: Late, entry: EntryFact, inputs: PayeeInputs) -> str:
    if entry.reversed_on is None:
        return _left_words(entry)
    days = next(
        (
            component.clawback_days
            for fact in inputs.assignments
            for component in fact.program.components
            if component.key == line.key.component
        ),
        None,
    )
    source = source_of_entry(entry.id)
    deleted = Entry.objects.filter(pk=entry.id, deleted=True).exists()
    words = f"{entry.name}: {'deleted' if deleted else 'lost'}"
    if source.name != UNKNOWN:
        words = f"{words} in {source.name}"
    words = f"{words} on {short_day_text(entry.reversed_on)}"
    return f"{words}, within {days} days" if days is not None else words


def _left_words(entry: EntryFact) -> str:
    """Say of what was never lost why it counts no more: it moved, and where to."""
    changes = Change.objects.filter(entry_id=entry.id).order_by("-number")
    return changes.values_list("words", flat=True).first() or entry.name


def replace_waiting(proposal: Proposal) -> None:
    """Take a proposal off that nobody has decided about."""
    Proposal.objects.filter(pk=proposal.pk, state=Proposal.State.WAITING).update(
        state=Proposal.State.REPLACED
    )


def _release(row: Statement, late: Iterable[Late], trigger: Trigger | None) -> None:
    """A gate that opens after the freeze is a dated release, not a change of the line.

    What was booked later to correct the line waited with it, and is released with it.
    """
    opened = [
        line.stored.id
        for line in late
        if line.stored is not None
        and line.stored.waiting_for
        and line.draft is not None
        and not line.draft.waiting_for
    ]
    if not opened:
        return
    booked = Adjustment.objects.filter(line_id__in=opened, closed__isnull=True)
    with_them = Line.objects.filter(
        payee_id=row.payee_id,
        adjustment_id__in=booked.values("pk"),
        closed_run__isnull=True,
    ).exclude(waiting_for="")
    day = clock.today(current_business().time_zone)
    Release.objects.bulk_create(
        [
            Release(
                line_id=line_id,
                payee_id=row.payee_id,
                change_number=trigger.number if trigger else latest_change(),
                released_on=day,
            )
            for line_id in [*opened, *with_them.values_list("pk", flat=True)]
        ],
        ignore_conflicts=True,
    )


def _post(
    row: Statement,
    proposals: Sequence[Proposal],
    by: Member | None,
    draft: StatementDraft | None,
) -> list[Adjustment]:
    if not proposals:
        return []
    with transaction.atomic():
        period = hold_open_after(as_period(row.period), row.payee_id)
        made = [_book(proposal, row, period, by) for proposal in proposals]
        carrying.carry_measures(row, draft)
    return made


def _book(
    proposal: Proposal, row: Statement, period: PayPeriod, by: Member | None
) -> Adjustment:
    number = next_change(
        kind="adjustment",
        words=proposal.words,
        source=f"posted by {by.name}" if by else "late change, posted by itself",
        entry_id=proposal.entry_id or None,
        payee_id=proposal.payee_id,
        by_id=by.user_id if by else None,
    )
    kind = Adjustment.Kind
    adjustment = Adjustment.objects.create(
        payee_id=proposal.payee_id,
        period=period,
        kind=kind.CLAWBACK if proposal.clawback else kind.LATE_CHANGE,
        amount=proposal.amount,
        currency=proposal.currency,
        reason=proposal.words,
        entry_id=proposal.entry_id or None,
        line_id=proposal.line_id,
        corrects_period=row.period.slug,
        component=proposal.component,
        made_by_id=by.user_id if by else None,
        made_at=clock.now(),
        opened=number,
    )
    _move(proposal, Proposal.State.POSTED, by, adjustment)
    _record("posted", proposal, by)
    return adjustment


def _move(
    proposal: Proposal, state: str, by: Member | None, adjustment: Adjustment | None
) -> None:
    waiting = Proposal.objects.filter(pk=proposal.pk, state=Proposal.State.WAITING)
    moved = waiting.update(
        state=state,
        adjustment=adjustment,
        decided_by_id=by.user_id if by else None,
        decided_at=clock.now(),
    )
    if moved != 1:
        raise errors.AlreadyDecided(proposal.words)


def _record(what: str, proposal: Proposal, by: Member | None) -> None:
    record(
        action=f"statements.proposal.{what}",
        object_kind="proposal",
        object_id=proposal.pk,
        object_name=proposal.words,
        after={"amount": proposal.amount, "currency": proposal.currency},
        by=by or "system",
    )
