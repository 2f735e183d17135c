"""Opening balances: what a payee had sold, was paid and owed before the first day here."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction

from commissions.plans.models import Plan
from commissions.plans.selectors import as_of, programs_of, versions_known
from commissions.statements import errors
from commissions.statements.models import OpeningBalance
from commissions_saas.lib.money import NotAnAmount, parse_decimal
from crm_sync.ledger import sheets
from crm_sync.ledger.changes import latest_change, lock_changes, next_change
from crm_sync.ledger.errors import BadRow
from crm_sync.ledger.models import Payee
from crm_sync.ledger.once import found_once
from crm_sync.ledger.own import require_not_own
from crm_sync.ledger.sheets import (
    Cells,
    Columns,
    Enter,
    Once,
    PayeeFinder,
    Preview,
)
from tenants.access import Member
from tenants.audit.services import record

PLACES = Decimal("0.000001")
LARGEST = Decimal(10) ** 15
COLUMNS = Columns(
    (*sheets.PAYEE_COLUMNS, "plan", "measure", "balance", "as_of"),
    ("plan", "measure", "balance", "as_of"),
    ("balance",),
)


class Balance(NamedTuple):
    """What a measure of a plan stood at on a day."""

    plan_id: int
    measure: str
    value: Decimal
    as_of: date


def set_balance(
    *,
    payee: Payee,
    plan: Plan,
    measure: str,
    value: str | Decimal,
    as_of_day: date,
    by: Member | None = None,
) -> OpeningBalance | None:
    """Say what a measure stood at when the payee began here; None where it was known.

    The day is one before the payee's first day on the plan here.
    """
    amount = _amount(value)
    _require_measure(plan, measure)
    require_not_own(payee, by)
    with transaction.atomic():
        lock_changes()
        live = OpeningBalance.objects.filter(
            payee=payee, plan_id=plan.pk, measure=measure, closed__isnull=True
        )
        if live.filter(value=amount, as_of=as_of_day).exists():
            return None
        words = (
            f"{payee.name} on {plan}: {measure} stood at {amount.normalize():f}"
            f" on {as_of_day.day} {as_of_day:%b %Y}"
        )
        number = _number(words, payee, by)
        live.update(closed=number)
        made = OpeningBalance.objects.create(
            payee=payee,
            plan_id=plan.pk,
            measure=measure,
            value=amount,
            as_of=as_of_day,
            opened=number,
        )
        _trail("set", made, words, by)
    return made


def remove_balance(*, balance: OpeningBalance, by: Member | None = None) -> None:
    """Take an opening balance away that was entered by mistake."""
    payee = balance.payee
    require_not_own(payee, by)
    with transaction.atomic():
        lock_changes()
        words = f"{payee.name}: no opening balance of {balance.measure}"
        number = _number(words, payee, by)
        live = OpeningBalance.objects.filter(pk=balance.pk, closed__isnull=True)
        if live.update(closed=number) != 1:
            raise errors.BadBalance(
                "This balance was changed by somebody else.", hint="Look at it again."
            )
        _trail("removed", balance, words, by)


def balances_known(
    payee_ids: Collection[int], change: int
) -> dict[int, tuple[Balance, ...]]:
    """Return each payee's opening balances, as they were known at a change number."""
    rows = as_of(OpeningBalance.objects.filter(payee_id__in=payee_ids), change)
    found: dict[int, list[Balance]] = defaultdict(list)
    for row in rows.order_by("payee_id", "plan_id", "measure"):
        balance = Balance(row.plan_id, row.measure, row.value, row.as_of)
        found[row.payee_id].append(balance)
    return {payee_id: tuple(own) for payee_id, own in found.items()}


def all_balances(change: int) -> dict[str, list[tuple[int, Balance]]]:
    """Return everybody's opening balances by measure, as they were known."""
    found: dict[str, list[tuple[int, Balance]]] = defaultdict(list)
    for row in as_of(OpeningBalance.objects.all(), change).order_by("pk"):
        balance = Balance(row.plan_id, row.measure, row.value, row.as_of)
        found[row.measure].append((row.payee_id, balance))
    return found


def measures_of(plan: Plan) -> tuple[str, ...]:
    """Return the measures of a plan that can have a balance, of all its versions."""
    versions = versions_known([plan.pk], latest_change())[plan.pk]
    found: dict[str, None] = {}
    for program in programs_of(versions).values():
        found |= {part.name: None for part in program.measures if not part.gathers}
    return tuple(found)


def balances_file() -> str:
    """Return the opening balances as a file that can be sent back."""
    plans = dict(Plan.objects.values_list("pk", "name"))
    rows = OpeningBalance.objects.filter(closed__isnull=True).select_related("payee")
    return sheets.sheet_csv(
        COLUMNS,
        [
            {
                **sheets.payee_cells(row.payee),
                "plan": plans.get(row.plan_id, ""),
                "measure": row.measure,
                "balance": f"{row.value.normalize():f}",
                "as_of": row.as_of.isoformat(),
            }
            for row in rows.order_by("plan_id", "payee_id", "measure")
        ],
    )


def look_at_balances(content: bytes) -> Preview:
    """Say what a file of opening balances would enter, and which rows it cannot."""
    return sheets.look_at(content, COLUMNS, _reader())


def _reader() -> sheets.Read:
    find, once = PayeeFinder(), Once()
    plans = {plan.name.casefold(): plan for plan in Plan.objects.all()}

    def read(cells: Cells) -> tuple[str, Enter]:
        payee = find.payee(cells)
        plan = plans.get(cells.get("plan", "").casefold())
        if plan is None:
            raise BadRow(f"There is no plan “{cells.get('plan', '')[:60]}”.")
        first = sheets.needed_day(cells, "as_of")
        measure = cells.get("measure", "")
        value = _amount(cells.get("balance", ""))
        _require_measure(plan, measure)
        words = f"{payee.name} on {plan}: {measure} {value:f}"
        once.require((payee.pk, plan.pk, measure), words)

        def enter(by: Member) -> bool:
            made = set_balance(
                payee=payee,
                plan=plan,
                measure=measure,
                value=value,
                as_of_day=first,
                by=by,
            )
            return made is not None

        return words, enter

    return read


def _amount(value: str | Decimal) -> Decimal:
    try:
        amount = value if isinstance(value, Decimal) else parse_decimal(value)
    except NotAnAmount:
        raise errors.BadBalance(f"“{str(value)[:30]}” is not a number.") from None
    if amount != amount.quantize(PLACES) or abs(amount) >= LARGEST:
        raise errors.BadBalance("A balance has at most 15 digits and 6 decimal places.")
    return amount


def _require_measure(plan: Plan, measure: str) -> None:
    known = found_once(("measures", plan.pk), lambda: measures_of(plan))
    if measure not in known:
        raise errors.BadBalance(
            f"{plan} has no measure “{measure[:60]}” that can have a balance.",
            hint=f"It has {', '.join(known)}." if known else "Publish the plan first.",
        )


def _number(words: str, payee: Payee, by: Member | None) -> int:
    return next_change(
        kind="opening",
        words=words,
        source=f"entered by {by.name}" if by else "",
        payee_id=payee.pk,
        by_id=by.user_id if by else None,
    )


def _trail(what: str, row: OpeningBalance, words: str, by: Member | None) -> None:
    record(
        action=f"statements.balance.{what}",
        object_kind="opening balance",
        object_id=row.pk,
        object_name=words,
        after={"value": row.value, "as_of": row.as_of},
        by=by or "system",
    )
