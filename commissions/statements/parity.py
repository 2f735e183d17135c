"""Compares what was really paid, pasted or as a file, with what is reckoned here.

Rows that cannot be read or matched are listed with their reason and count for nothing.
Nothing is kept but the last result.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from io import StringIO
from typing import Any

from commissions.plans.models import ParityResult, Plan, PlanVersion
from commissions.plans.services import document_of
from commissions.statements.impact import compare
from commissions.statements.models import Statement
from commissions.statements.periods import pay_period_of, read_period
from commissions_saas.lib import clock
from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.money import parse_decimal, round_money
from commissions_saas.lib.periods import Period, parse_period
from crm_sync.ledger.models import Payee
from tenants.access import Member
from tenants.schema import current_business

MOST_ROWS = 10_000
ZERO = Decimal(0)
Key = tuple[int, str]  # payee, period slug

_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
_SIGNS = re.compile(r"[$€£\s\u00a0]|\b[A-Z]{3}\b")
_HEADINGS = {"payee", "rep", "name", "employee", "person"}


class NothingToCompare(ProductError):
    """What was pasted holds no row."""

    def __init__(self) -> None:
        super().__init__(
            "There is no row to compare.",
            hint="Paste one row for each payee: name, amount and, if you like, period.",
        )


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that counts for nothing, and why."""

    number: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Match:
    """One payee's period: what was paid, what is reckoned here; texts are exact."""

    payee_id: int
    payee: str
    period: str
    paid: str
    computed: str
    difference: str
    rows: int
    note: str = ""


@dataclass(slots=True)
class Pasted:
    """What could be read: an amount for each payee and period, and what could not."""

    paid: dict[Key, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    rows: dict[Key, int] = field(default_factory=lambda: defaultdict(int))
    bad: list[BadRow] = field(default_factory=list)


def compare_with_paid(
    *, text: str, period: Period, plan: Plan | None, by: Member
) -> dict[str, Any]:
    """Compare and keep the result as the last one.

    With a plan its draft is reckoned in place of what is in force.
    """
    people = {row.pk: row for row in Payee.objects.all()}
    pasted = read_rows(text, period, people)
    if not pasted.paid and not pasted.bad:
        raise NothingToCompare
    matches = _matched(pasted, people, _computed(pasted, period, plan))
    result = {
        "matches": [asdict(match) for match in matches],
        "bad": [asdict(row) for row in pasted.bad],
        "equal": sum(Decimal(match.difference) == 0 for match in matches),
        "paid": f"{sum(pasted.paid.values(), ZERO):f}",
        "computed": f"{sum((Decimal(x.computed) for x in matches), ZERO):f}",
        "period": period.slug,
    }
    _keep(result, plan, by)
    return result


def read_rows(text: str, period: Period, people: Mapping[int, Payee]) -> Pasted:
    """Read payee, amount and period from a spreadsheet's rows, whatever divides them."""
    pasted = Pasted()
    names = _names(people.values())
    for number, cells in enumerate(_cells(text), 1):
        if number == 1 and cells[0].casefold() in _HEADINGS:
            continue
        if number > MOST_ROWS:
            raise ProductError(f"These are more than {MOST_ROWS:,} rows.")
        try:
            key, amount = _read(cells, period, names)
        except ProductError as problem:
            line = ", ".join(cells)[:120]
            pasted.bad.append(BadRow(number, line, problem.message))
            continue
        pasted.paid[key] += amount
        pasted.rows[key] += 1
    return pasted


def _cells(text: str) -> Iterable[list[str]]:
    text = text.removeprefix("\ufeff").replace("\0", "")
    first = next((line for line in text.splitlines() if line.strip()), "")
    divider = next((sign for sign in "\t;" if sign in first), ",")
    rows = csv.reader(StringIO(text), delimiter=divider)
    try:
        for row in rows:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield cells
    except csv.Error:
        raise ProductError(
            f"Row {rows.line_num} cannot be read: a cell is very long, or a quotation"
            " mark is not closed.",
            hint="Save the sheet as CSV (UTF-8) again.",
        ) from None


def _read(
    cells: list[str], period: Period, names: Mapping[str, list[int]]
) -> tuple[Key, Decimal]:
    if len(cells) < 2:
        raise ProductError("The row has no amount.")
    found = names.get(cells[0].casefold(), [])
    if not found:
        raise ProductError(f"No payee is called “{cells[0][:40]}”.")
    if len(found) > 1:
        raise ProductError(f"{len(found)} payees are called “{cells[0][:40]}”.")
    slug = read_period(cells[2]).slug if len(cells) > 2 and cells[2] else period.slug
    return (found[0], slug), read_amount(cells[1])


def read_amount(text: str) -> Decimal:
    """Read an amount as spreadsheets write it: `$1,234.50`, `(12.00)`, `−12.00`."""
    plain = _SIGNS.sub("", text).replace("−", "-")
    if plain.startswith("(") and plain.endswith(")"):
        plain = f"-{plain[1:-1]}"
    if _GROUPED.fullmatch(plain.lstrip("-")):
        plain = plain.replace(",", "")
    try:
        amount = parse_decimal(plain)
    except ProductError:
        raise ProductError(f"“{text[:40]}” is not an amount.") from None
    if round_money(amount, current_business().currency) != amount:
        raise ProductError(f"“{text[:40]}” has more places than the currency.")
    return amount


def _names(people: Iterable[Payee]) -> dict[str, list[int]]:
    """Return payees by name, e-mail and employee number; two of a name are both there."""
    found: dict[str, list[int]] = defaultdict(list)
    for row in people:
        for word in {row.name, row.email, row.employee_number}:
            if word:
                found[word.casefold()].append(row.pk)
    return found


def _computed(pasted: Pasted, period: Period, plan: Plan | None) -> dict[Key, Decimal]:
    """Return what is reckoned here, for every period that was named."""
    slugs = {slug for _, slug in pasted.paid} | {period.slug}
    rows = Statement.objects.filter(period__slug__in=slugs)
    found = {
        (payee_id, slug): total
        for payee_id, slug, total in rows.values_list(
            "payee_id", "period__slug", "total"
        )
    }
    if plan is not None:
        draft = plan.versions.filter(state=PlanVersion.State.DRAFT).first()
        if draft is None:
            raise ProductError(f"{plan} has no draft.")
        first = min(parse_period(slug).starts_on for slug in slugs)
        compared = compare(plan, document_of(draft), first)
        found |= {
            (row.payee_id, row.period_slug): row.after
            for row in compared.rows
            if row.period_slug in slugs
        }
    return found


def _matched(
    pasted: Pasted, people: Mapping[int, Payee], computed: Mapping[Key, Decimal]
) -> list[Match]:
    """Return every payee's period of either side, the largest difference first."""
    found = []
    for key in {*pasted.paid, *(key for key, total in computed.items() if total)}:
        paid, here = pasted.paid.get(key), computed.get(key)
        note = ""
        if paid is None:
            note = "not in what was paid"
        elif here is None:
            note = "has no statement of this period"
        elif pasted.rows[key] > 1:
            note = f"{pasted.rows[key]} rows added up"
        found.append(
            Match(
                payee_id=key[0],
                payee=people[key[0]].name,
                period=key[1],
                paid=f"{paid or ZERO:f}",
                computed=f"{here or ZERO:f}",
                difference=f"{(here or ZERO) - (paid or ZERO):f}",
                rows=pasted.rows.get(key, 0),
                note=note,
            )
        )
    return sorted(found, key=lambda x: (-abs(Decimal(x.difference)), x.payee, x.period))


def _keep(result: dict[str, Any], plan: Plan | None, by: Member) -> None:
    ParityResult.objects.bulk_create(
        [
            ParityResult(
                pk=1, plan=plan, at=clock.now(), by_id=by.user_id, result=result
            )
        ],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["plan", "at", "by_id", "result"],
    )


def last_closed_period() -> Period:
    """Return the period before today's: what was paid last."""
    today = clock.today(current_business().time_zone)
    return pay_period_of(today).previous()
