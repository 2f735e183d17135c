"""Entering the rates by which a group adds up its months."""

from datetime import date
from decimal import Decimal

from django.db import transaction

from commissions_saas.lib.money import parse_decimal
from tenants.access import Member
from tenants.audit.services import record
from tenants.rollup.errors import RateProblem
from tenants.rollup.models import MonthRate


def enter_rate(
    *,
    group_id: int,
    month: date,
    currency: str,
    into: str,
    text: str,
    source: str,
    by: Member,
) -> MonthRate:
    """Set a month's average rate; the old one stays in the audit trail."""
    rate = parse_decimal(text)
    if rate <= 0 or rate >= Decimal(1_000_000):
        raise RateProblem(f"{text} is not a rate.", hint="Write it like 0.7180.")
    if currency == into:
        raise RateProblem("A currency needs no rate into itself.")
    if not source.strip():
        raise RateProblem("A rate needs its source.", hint="For example: ECB average.")
    with transaction.atomic():
        before = MonthRate.objects.filter(
            group_id=group_id, month=month, currency=currency, into=into
        ).first()
        entered, _ = MonthRate.objects.update_or_create(
            group_id=group_id,
            month=month,
            currency=currency,
            into=into,
            defaults={"rate": rate, "source": source, "entered_by_id": by.user_id},
        )
        record(
            action="rollup.rate.entered",
            object_kind="month_rate",
            object_id=entered.pk,
            object_name=f"{currency} into {into}, {month:%Y-%m}",
            before={"rate": before.rate, "source": before.source} if before else None,
            after={"rate": rate, "source": source},
            by=by,
        )
    return entered
