"""Roll-up facts: written in the transaction of the statements that they add up."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from commissions.calculation.facts import PayeeInputs, StatementDraft
from commissions.statements.differences import money
from commissions.statements.models import Statement
from commissions_saas.lib import clock
from commissions_saas.lib.periods import Period
from tenants.rollup.models import DetailFact, PayeeFact
from tenants.schema import current_business

ZERO = Decimal(0)
Detail = tuple[str, str, str, str]  # product, territory, component, currency


def write_facts(
    written: Iterable[tuple[Statement, PayeeInputs, StatementDraft]],
    users: dict[int, int | None],
) -> None:
    """Put statements into the roll-up as they stand now."""
    payees = []
    for row, inputs, draft in written:
        payees.append(payee_fact(row, inputs, draft, users.get(inputs.payee_id)))
        replace_details(inputs.payee_id, inputs.period, _details(inputs, draft))
    upsert_payees(payees)


def replace_details(
    payee_id: int, period: Period, details: Mapping[Detail, tuple[Decimal, int]]
) -> None:
    """Put what one statement is made of into the roll-up, in place of what was there."""
    business = current_business()
    DetailFact.objects.filter(
        business_id=business.pk, period=period.slug, payee_id=payee_id
    ).delete()
    DetailFact.objects.bulk_create(
        (
            DetailFact(
                group_id=business.group_id,
                business_id=business.pk,
                period=period.slug,
                month=month_of(period.ends_on),
                payee_id=payee_id,
                product=product,
                territory=territory,
                component=component,
                currency=currency,
                earned=earned,
                lines=lines,
            )
            for (product, territory, component, currency), (earned, lines) in sorted(
                details.items()
            )
        ),
        batch_size=1000,
    )


def payee_fact(
    row: Statement, inputs: PayeeInputs, draft: StatementDraft, user_id: int | None
) -> PayeeFact:
    """Return a statement as owners' pages add it up."""
    business = current_business()
    quota, attained = quota_of(inputs, draft)
    return PayeeFact(
        group_id=business.group_id,
        business_id=business.pk,
        period=inputs.period.slug,
        month=month_of(inputs.period.ends_on),
        payee_id=inputs.payee_id,
        payee_name=inputs.payee_name,
        user_id=user_id,
        currency=row.currency,
        earned=row.total,
        waiting=row.waiting,
        payable=row.payable,
        quota=quota,
        attained=attained,
        as_of=clock.now(),
    )


def quota_of(
    inputs: PayeeInputs, draft: StatementDraft
) -> tuple[Decimal | None, Decimal | None]:
    """Return the quota of the period and what was attained of it, where a plan has one."""
    for fact in reversed(inputs.assignments):
        quota = fact.values.get("quota")
        holds = fact.starts_on <= inputs.period.ends_on and (
            fact.ends_on is None or fact.ends_on >= inputs.period.starts_on
        )
        if isinstance(quota, Decimal) and holds:
            own = [total for total in draft.totals if total.plan_id == fact.plan_id]
            return money(quota), money(own[0].total) if own else None
    return None, None


def month_of(last_day: date) -> date:
    """A period counts in the month of its last day."""
    return last_day.replace(day=1)


def _details(
    inputs: PayeeInputs, draft: StatementDraft
) -> dict[Detail, tuple[Decimal, int]]:
    entries = {entry.id: entry for entry in inputs.entries}
    found: dict[Detail, tuple[Decimal, int]] = defaultdict(lambda: (ZERO, 0))
    for line in draft.lines:
        entry = entries.get(line.key.entry_id)
        product = str(entry.values.get("product", "")) if entry else ""
        territory = str(entry.values.get("territory", "")) if entry else ""
        key = product, territory, line.component_name, line.currency
        earned, lines = found[key]
        found[key] = earned + money(line.amount), lines + 1
    return found


def upsert_payees(payees: list[PayeeFact]) -> None:
    """Put payees' periods into the roll-up, or bring those that are there up to date."""
    PayeeFact.objects.bulk_create(
        payees,
        update_conflicts=True,
        unique_fields=["business_id", "period", "payee_id", "currency"],
        update_fields=[
            "payee_name",
            "user_id",
            "earned",
            "waiting",
            "payable",
            "quota",
            "attained",
            "as_of",
        ],
    )
