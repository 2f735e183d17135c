"""Measures of earlier periods that a statement reads as they were stored."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Q, QuerySet

from commissions.calculation.facts import AssignmentFact, measure_key
from commissions.calculation.windows import HOLE
from commissions.statements.differences import measure
from commissions.statements.models import (
    PayPeriod,
    Run,
    Statement,
    StoredMeasure,
)
from commissions.statements.opening import Balance, balances_known
from commissions.statements.periods import pay_period_of
from commissions.statements.windows import kept_measures

Name = tuple[str, str]  # measure key, period slug


@dataclass(frozen=True, slots=True)
class StoredOf:
    """What is stored of one payee: frozen periods whole, open ones as far as kept."""

    rows: Mapping[Name, Decimal] = field(default_factory=dict)
    frozen: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    opening: Mapping[Name, Decimal] = field(default_factory=dict)

    def read(self, drafts: Mapping[str, Mapping[str, Decimal]]) -> dict[Name, Decimal]:
        """Return what a statement reads, where some open periods have new drafts."""
        found = {}
        for (key, slug), value in self.rows.items():
            if slug in self.frozen or (slug not in drafts and self._keeps(key)):
                found[key, slug] = value
        for slug, measures in drafts.items():
            if slug not in self.frozen:
                for key in filter(self._keeps, measures):
                    found[key, slug] = measure(measures[key])
        for name, value in self.opening.items():
            found[name] = found.get(name, Decimal(0)) + value
        return found

    def _keeps(self, key: str) -> bool:
        """One that runs for each customer or deal is kept as `1/streak[Acme]`."""
        return key.partition("[")[0].removesuffix(HOLE) in self.kept


def read_stored(
    programs: Mapping[int, tuple[AssignmentFact, ...]],
    payee_ids: Collection[int],
    change: int,
) -> dict[int, StoredOf]:
    """Read what is stored of these payees, as it was known at a change number."""
    kept = {
        payee_id: frozenset(
            measure_key(fact.plan_id, name)
            for fact in programs.get(payee_id, ())
            for name in kept_measures(fact)
        )
        for payee_id in payee_ids
    }
    frozen = _frozen(payee_ids)
    wanted = {payee_id for payee_id in payee_ids if kept[payee_id]} | set(frozen)
    rows: dict[int, dict[Name, Decimal]] = defaultdict(dict)
    if wanted:
        stored = known_measures(change).filter(payee_id__in=wanted)
        for payee_id, name, slug, value in stored.values_list(
            "payee_id", "name", "period_slug", "value"
        ):
            rows[payee_id][name, slug] = value
    balances = balances_known(payee_ids, change)
    return {
        payee_id: StoredOf(
            rows.get(payee_id, {}),
            frozenset(frozen.get(payee_id, ())),
            kept[payee_id],
            _opening(balances.get(payee_id, ()), programs.get(payee_id, ())),
        )
        for payee_id in payee_ids
    }


def known_measures(change: int) -> QuerySet[StoredMeasure]:
    """Return the measures as they were known at a change number."""
    later = Run.objects.filter(change__gt=change).values("pk")
    return (
        StoredMeasure.objects.exclude(opened_run__in=later)
        .filter(Q(closed_run__isnull=True) | Q(closed_run__in=later))
        .order_by("opened_run", "pk")
    )


def opening_slug(balance: Balance) -> str:
    """Return what an opening balance is read under: the pay period that ended that day.

    One of a day in mid-period stands under the day itself, and opens that period.
    """
    period = pay_period_of(balance.as_of)
    return period.slug if period.ends_on == balance.as_of else str(balance.as_of)


def _opening(
    balances: Collection[Balance], programs: tuple[AssignmentFact, ...]
) -> dict[Name, Decimal]:
    plans = {fact.plan_id for fact in programs}
    return {
        (measure_key(balance.plan_id, balance.measure), opening_slug(balance)): (
            balance.value
        )
        for balance in balances
        if balance.plan_id in plans
    }


def _frozen(payee_ids: Collection[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    rows = Statement.objects.filter(payee_id__in=payee_ids).exclude(
        # One that came to a locked period is frozen too: empty, as it was found.
        state=Statement.State.OPEN,
        period__state=PayPeriod.State.OPEN,
    )
    for payee_id, slug in rows.values_list("payee_id", "period__slug"):
        found[payee_id].add(slug)
    return found
