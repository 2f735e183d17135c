"""Assignments and rate tables as CSV: out, and in with reasons for each bad row."""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from commissions.plans import assigning
from commissions.plans.models import Assignment, Plan, RateTable
from commissions_saas.lib.errors import ProductError
from crm_sync.cells import safe_cell
from crm_sync.ledger import sheets
from crm_sync.ledger.errors import BadRow
from crm_sync.ledger.history import differences
from crm_sync.ledger.models import Payee
from crm_sync.ledger.sheets import Cells, Columns, Enter, Once, Preview
from tenants.access import Member

COLUMNS = ("payee", "email", "plan", "from", "to")


def columns() -> Columns:
    """Return the columns: whom, where and when, and each value that a plan asks for."""
    asked = {
        name for plan in Plan.objects.all() for name in assigning.variables_of(plan)
    }
    own = tuple(sorted(asked - set(COLUMNS)))
    return Columns((*COLUMNS, *own), ("plan", "from"), own)


def assignments_file() -> str:
    """Return today's assignments as a file that can be sent back."""
    rows = (
        Assignment.objects.filter(closed__isnull=True)
        .select_related("payee", "plan")
        .order_by("plan__name", "payee__name", "starts_on")
    )
    return sheets.sheet_csv(
        columns(),
        [
            {
                **row.values,
                "payee": row.payee.name,
                "email": row.payee.email,
                "plan": row.plan.name,
                "from": row.starts_on.isoformat(),
                "to": row.ends_on.isoformat() if row.ends_on else "",
            }
            for row in rows
        ],
    )


def look_at_assignments(content: bytes) -> Preview:
    """Say what a file would change, and which rows cannot be entered."""
    return sheets.look_at(content, columns(), _Reader().read)


def table_file(table: RateTable) -> str:
    """Return the newest rows of a rate table."""
    newest = table.rows.filter(closed__isnull=True).order_by("-starts_on").first()
    rows = newest.rows if newest else []
    return rows_text(
        [{safe_cell(k): safe_cell(v) for k, v in row.items()} for row in rows]
    )


def rows_text(rows: list[Mapping[str, str]]) -> str:
    """Write rows as CSV, in the order of their own columns."""
    text = io.StringIO(newline="")
    if rows:
        writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return text.getvalue()


def rows_of(text: str) -> list[dict[str, str]]:
    """Read the rows of a rate table."""
    reader = csv.DictReader(io.StringIO(text.strip(), newline=""))
    rows = []
    try:
        for row in reader:
            if None in row or None in row.values():
                raise ProductError(
                    f"Line {reader.line_num} has not as many cells as names."
                )
            rows.append({name.strip(): value.strip() for name, value in row.items()})
    except csv.Error as problem:
        raise ProductError(f"The rows cannot be read: {problem}.") from None
    if not rows:
        raise ProductError("A table needs rows.", hint="Like from,rate and 0,6%.")
    return rows


def table_key(text: str) -> str:
    """Return a name that formulas can use; refuse another."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", text):
        raise ProductError(
            f"“{text[:40]}” cannot be used in a formula.",
            hint="Use small letters, digits and _; begin with a letter.",
        )
    return text


class _Reader:
    """Reads the rows of a file; a column that it does not have leaves its value."""

    def __init__(self) -> None:
        self._once = Once()
        self._plans = {plan.name.casefold(): plan for plan in Plan.objects.all()}
        self._asked = {
            plan.pk: assigning.variables_of(plan) for plan in self._plans.values()
        }
        self._by_email: dict[str, Payee] = {}
        self._by_name: dict[str, list[Payee]] = {}
        for payee in Payee.objects.filter(merged_into__isnull=True):
            if payee.email:
                self._by_email[payee.email.casefold()] = payee
            self._by_name.setdefault(payee.name.casefold(), []).append(payee)
        live = Assignment.objects.filter(closed__isnull=True)
        self._live = {
            (row.payee_id, row.plan_id, row.starts_on): row
            for row in live.select_related("payee", "plan")
        }

    def read(self, cells: Cells) -> tuple[str, Enter]:
        """Return what a row says in words, and what enters it."""
        plan = self._plans.get(cells["plan"].casefold())
        if plan is None:
            raise BadRow(f"There is no plan “{cells['plan'][:60]}”.")
        payee = self._payee(cells)
        first = sheets.needed_day(cells, "from")
        live = self._live.get((payee.pk, plan.pk, first))
        before = live.ends_on if live is not None else None
        last = sheets.day_in(cells, "to") if "to" in cells else before
        values = dict(live.values) if live is not None else {}
        values |= {n: cells[n] for n in self._asked[plan.pk] if n in cells}
        given = Given(payee, plan, first, last, assigning.clean_values(plan, values))
        words = _in_words(given, live)
        self._once.require((payee.pk, plan.pk, first), words)
        return words, lambda by: _enter(given, by)

    def _payee(self, cells: Cells) -> Payee:
        name, email = cells.get("payee", ""), cells.get("email", "")
        named = self._by_name.get(name.casefold(), [])
        payee = self._by_email.get(email.casefold())
        if payee is not None:
            if named and payee not in named:
                raise BadRow(f"The row names two people, {payee.name} and {name}.")
            return payee
        if len(named) > 1:
            raise BadRow(f"Several payees are called {name}: give the e-mail.")
        if not named:
            raise BadRow(f"There is no payee “{name or email}”.")
        return named[0]


@dataclass(frozen=True, slots=True)
class Given:
    """What a row says."""

    payee: Payee
    plan: Plan
    starts_on: date
    ends_on: date | None
    values: dict[str, str]


def _in_words(given: Given, live: Assignment | None) -> str:
    """Write `Maya Okafor on Quota from 2026-07-01: quota 80000 → 95000`."""
    words = f"{given.payee} on {given.plan} from {given.starts_on}"
    after = {**given.values, "to": str(given.ends_on or "")}
    if live is None:
        said = [f"{name} {value}" for name, value in after.items() if value]
        return f"{words}: new" + "".join(f", {one}" for one in said)
    before = {**live.values, "to": str(live.ends_on or "")}
    changes = differences(before, after)
    return f"{words}: {changes or 'known already'}"


def _enter(given: Given, by: Member) -> bool:
    live = Assignment.objects.filter(
        payee=given.payee,
        plan=given.plan,
        closed__isnull=True,
        starts_on=given.starts_on,
    ).first()
    if live is None:
        assigning.assign(
            payee=given.payee,
            plan=given.plan,
            starts_on=given.starts_on,
            ends_on=given.ends_on,
            values=given.values,
            by=by,
        )
        return True
    made = assigning.change_assignment(
        assignment=live,
        starts_on=given.starts_on,
        ends_on=given.ends_on,
        values=given.values,
        by=by,
    )
    return made.pk != live.pk
