"""Preparing a run: freeze the period, take what is payable, look for what is odd."""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from commissions.calculation.words import day_words
from commissions.plans.models import PlanVersion
from commissions.statements import services as statements
from commissions.statements.models import Adjustment, Line, PayPeriod, Statement
from commissions_saas.lib import clock
from commissions_saas.lib.periods import parse_period
from crm_sync.ledger.changes import latest_change
from crm_sync.ledger.models import Entry, Payee
from payouts.runs import errors, selectors
from payouts.runs.flags import (
    RUNS_COMPARED,
    DealPaid,
    PayoutFacts,
    average,
    find_flags,
)
from payouts.runs.models import (
    BankDetails,
    Payout,
    PayoutItem,
    PayoutRun,
)
from payouts.runs.services.trail import note
from tenants.access import Member
from tenants.schema import current_business

S = Payout.State


def prepare_run(*, period: PayPeriod, by: Member) -> PayoutRun:
    """Freeze a period that is over and put all that is payable into one new run."""
    business = current_business()
    with transaction.atomic():
        period = PayPeriod.objects.select_for_update().get(pk=period.pk)
        _require_ready(period)
        statements.freeze(period=period, by=by)
        run = PayoutRun.objects.create(
            number=(PayoutRun.objects.aggregate(last=Max("number"))["last"] or 0) + 1,
            period=period,
            currency=business.currency,
            state=PayoutRun.State.IN_REVIEW,
            change=latest_change(),
            prepared_by_id=by.user_id,
            prepared_at=clock.now(),
            solo=business.solo_mode,
        )
        total = _fill(run)
        PayoutRun.objects.filter(pk=run.pk).update(total=total)
        run.total = total
        note(run, "prepared", by=by, total=total)
    return run


def refreeze(*, run: PayoutRun, by: Member) -> PayoutRun:
    """Give a run up before it is signed and prepare it again from today's figures."""
    with transaction.atomic():
        give_up(run=run, by=by, text="Prepared again from later figures")
        statements.reopen(period=run.period, by=by)
        return prepare_run(period=run.period, by=by)


def give_up(*, run: PayoutRun, by: Member, text: str) -> None:
    """Void a run that was not signed; its lines are free for the next one."""
    live = PayoutRun.objects.filter(pk=run.pk, state=PayoutRun.State.IN_REVIEW)
    if live.update(state=PayoutRun.State.VOID) != 1:
        run.refresh_from_db()
        raise errors.WrongState(run.number, run.state, "given up")
    PayoutItem.objects.filter(payout__run=run).update(live=False)
    note(run, "given_up", by=by, total=run.total, text=text)


def _require_ready(period: PayPeriod) -> None:
    label = parse_period(period.slug).label
    if clock.today(current_business().time_zone) <= period.ends_on:
        raise errors.PeriodNotOver(label, day_words(period.ends_on))
    live = PayoutRun.objects.exclude(state=PayoutRun.State.VOID)
    if before := live.filter(period=period).first():
        raise errors.AlreadyPrepared(label, before.number)
    failed = Statement.objects.filter(period=period, failures__gt=0)
    if names := list(failed.values_list("payee__name", flat=True)[:10]):
        raise errors.FailedStatements(names)


def _fill(run: PayoutRun) -> Decimal:
    """Write a payout for each payee with payable lines; return their sum.

    A payee below zero is not paid: there is nothing to decide, it is carried forward.
    Whoever was merged into another owes, and is owed, through them.
    """
    merged = Payee.objects.filter(merged_into__isnull=False)
    became = dict(merged.values_list("pk", "merged_into_id"))
    lines: dict[int, list[Line]] = defaultdict(list)
    for line in selectors.payable_lines(up_to=run.period):
        lines[became.get(line.payee_id, line.payee_id)].append(line)
    if not lines:
        raise errors.NobodyPayable(parse_period(run.period.slug).label)
    settled = _settled(lines, selectors.settled_as_one(became))
    facts = _facts(run, lines, settled)
    payouts = Payout.objects.bulk_create(
        Payout(
            run=run,
            payee_id=payee_id,
            amount=fact.amount,
            carried_in=fact.carried_in,
            currency=run.currency,
            state=S.CARRIED if fact.amount < 0 else S.READY,
            flags=[flag.as_json() for flag in find_flags(fact)],
            average=average(fact.history),
        )
        for payee_id, fact in facts.items()
    )
    PayoutItem.objects.bulk_create(
        PayoutItem(
            payout=payout,
            line_id=line.pk,
            of_payee_id=line.payee_id if line.payee_id != payout.payee_id else None,
            amount=line.amount,
        )
        for payout in payouts
        for line in lines[payout.payee_id]
    )
    PayoutItem.objects.bulk_create(
        PayoutItem(payout=payout, amount=settled[payout.payee_id])
        for payout in payouts
        if payout.payee_id in settled
    )
    return sum((fact.amount for fact in facts.values()), Decimal(0))


def _settled(
    lines: Mapping[int, list[Line]], between: Mapping[int, Decimal]
) -> dict[int, Decimal]:
    """Return what was settled with others and is made good against these lines.

    It lessens what is taken, or what is given, and makes no pay and no debt by itself:
    a late change that nobody has accepted yet pays nobody twice.
    """
    found = {}
    for payee_id, amount in between.items():
        amounts = [line.amount for line in lines.get(payee_id, ())]
        taken = sum((each for each in amounts if each < 0), Decimal(0))
        given = sum((each for each in amounts if each > 0), Decimal(0))
        if fitting := max(-given, min(amount, -taken)):
            found[payee_id] = fitting
    return found


def _facts(
    run: PayoutRun, lines: dict[int, list[Line]], settled: Mapping[int, Decimal]
) -> dict[int, PayoutFacts]:
    history: dict[int, list[Decimal]] = defaultdict(list)
    for past in selectors.past_payouts(lines, before=run.period):
        history[past.payee_id].append(past.amount)
    payees = Payee.objects.in_bulk(lines)
    banks = {
        bank.payee_id: bank.changed_at.date()
        for bank in BankDetails.objects.filter(payee_id__in=lines)
    }
    entry_ids = {line.entry_id for own in lines.values() for line in own}
    entries = Entry.objects.in_bulk(entry_ids)
    adjustments = Adjustment.objects.in_bulk(
        {line.adjustment_id for own in lines.values() for line in own}
    )
    fresh = _versions_that_began(run)
    today = clock.today(current_business().time_zone)
    return {
        payee_id: PayoutFacts(
            amount=sum(
                (line.amount for line in own), settled.get(payee_id, Decimal(0))
            ),
            currency=run.currency,
            today=today,
            history=tuple(history[payee_id][:RUNS_COMPARED]),
            deals=_deals(own, entries),
            clawed_back=sum(
                (x.amount for x in own if x.kind == Line.Kind.CLAWBACK), Decimal(0)
            ),
            carried_in=sum((x.amount for x in own if _carried(x, run)), Decimal(0)),
            released=sum(1 for x in own if x.waiting_for),
            largest_adjustment=_largest_manual(own, adjustments),
            new_versions=tuple(
                sorted({fresh[x.version_id] for x in own if x.version_id in fresh})
            ),
            bank_changed_on=banks.get(payee_id),
            leaves_on=payees[payee_id].leaves_on,
            settled=settled.get(payee_id, Decimal(0)),
        )
        for payee_id, own in sorted(lines.items())
    }


def _deals(lines: list[Line], entries: dict[int, Entry]) -> tuple[DealPaid, ...]:
    ids = sorted({x.entry_id for x in lines if x.entry_id and x.role != "manager"})
    found = [entries[pk] for pk in ids if pk in entries]
    return tuple(
        DealPaid(e.pk, e.name, e.product, e.amount or Decimal(0), e.occurred_on)
        for e in found
    )


def _carried(line: Line, run: PayoutRun) -> bool:
    return line.period_id != run.period_id and not line.waiting_for


def _largest_manual(lines: list[Line], by_id: dict[int, Adjustment]) -> Decimal:
    manual = [
        line.amount
        for line in lines
        if line.adjustment_id
        and by_id[line.adjustment_id].kind == Adjustment.Kind.MANUAL
    ]
    return max(manual, key=abs, default=Decimal(0))


def _versions_that_began(run: PayoutRun) -> dict[int | None, str]:
    began = PlanVersion.objects.filter(
        state=PlanVersion.State.PUBLISHED,
        number__gt=1,
        starts_on__gte=run.period.starts_on,
        starts_on__lte=run.period.ends_on,
    ).select_related("plan")
    return {version.pk: f"{version.plan} v{version.number}" for version in began}
