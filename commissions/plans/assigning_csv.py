"""Assignments and rate tables as CSV: out, and in with reasons for each bad row."""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from commissions.plans import assigning
from commissions.plans.models import Assignment, Plan, RateTable
from commissions.plans.pages import day_of
from commissions_saas.lib.errors import ProductError
from crm_sync.ledger.models import Payee
from crm_sync.ledger.tables import safe_cell
from tenants.access import Member

LARGEST = 2_000_000
MOST_ROWS = 20_000
COLUMNS = ("payee", "email", "plan", "from", "to")
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class UploadRow:
    """One row of a file that can be entered."""

    number: int
    payee: Payee
    plan: Plan
    starts_on: date
    ends_on: date | None
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row of a file that cannot be entered, and why."""

    number: int
    text: str
    why: str


def assignments_file() -> str:
    """Return today's assignments as a file that can be sent back."""
    rows = list(
        Assignment.objects.filter(closed__isnull=True)
        .select_related("payee", "plan")
        .order_by("plan__name", "payee__name", "starts_on")
    )
    names = sorted({name for row in rows for name in row.values})
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*COLUMNS, *names])
    for row in rows:
        ends = row.ends_on.isoformat() if row.ends_on else ""
        own = [safe_cell(row.values.get(name, "")) for name in names]
        who = [_plain(row.payee.name), _plain(row.payee.email), _plain(row.plan.name)]
        writer.writerow([*who, row.starts_on.isoformat(), ends, *own])
    return text.getvalue()


def read_upload(request: Any) -> dict[str, Any]:
    """Return the rows of an upload: good ones, bad ones, or why none can be read."""
    file = request.FILES.get("file")
    text = request.POST.get("text", "")
    if file is not None:
        if file.size > LARGEST:
            return {"problem": ProductError("The file is larger than 2 MB.")}
        try:
            text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            return {"problem": ProductError("The file is not UTF-8 text.")}
    if not text.strip():
        return {"problem": ProductError("There is no file.", hint="Choose a CSV file.")}
    try:
        rows, bad = _rows(text)
    except ProductError as problem:
        return {"problem": problem}
    except csv.Error as problem:
        return {"problem": ProductError(f"The file cannot be read: {problem}.")}
    return {"rows": rows, "bad": bad, "text": text}


def commit(rows: list[UploadRow], by: Member) -> tuple[int, list[BadRow]]:
    """Enter each row by itself; one that is there already changes nothing."""
    entered, bad = 0, []
    for row in rows:
        try:
            entered += _enter(row, by)
        except ProductError as problem:
            bad.append(BadRow(row.number, f"{row.payee} on {row.plan}", str(problem)))
    return entered, bad


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


def _rows(text: str) -> tuple[list[UploadRow], list[BadRow]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [
        name for name in ("plan", "from") if name not in (reader.fieldnames or [])
    ]
    if missing:
        raise ProductError(
            f"The file has no column {' and no column '.join(missing)}.",
            hint=f"The columns are {', '.join(COLUMNS)} and one for each value.",
        )
    plans = {plan.name.casefold(): plan for plan in Plan.objects.all()}
    payees = list(Payee.objects.filter(merged_into__isnull=True))
    by_email = {p.email.casefold(): p for p in payees if p.email}
    by_name: dict[str, list[Payee]] = {}
    for payee in payees:
        by_name.setdefault(payee.name.casefold(), []).append(payee)
    good: list[UploadRow] = []
    bad: list[BadRow] = []
    for row in reader:
        if len(good) + len(bad) >= MOST_ROWS:
            raise ProductError(f"The file has more than {MOST_ROWS:,} rows.")
        try:
            good.append(_read(reader.line_num, row, plans, by_email, by_name))
        except ProductError as problem:
            shown = ", ".join(str(value) for value in row.values() if value)
            bad.append(BadRow(reader.line_num, shown[:120], str(problem)))
    return good, bad


def _read(
    number: int,
    row: Mapping[str, str | None],
    plans: Mapping[str, Plan],
    by_email: Mapping[str, Payee],
    by_name: Mapping[str, list[Payee]],
) -> UploadRow:
    cells = {key: (value or "").strip() for key, value in row.items() if key}
    plan = plans.get(cells["plan"].casefold())
    if plan is None:
        raise ProductError(f"There is no plan “{cells['plan']}”.")
    named = by_name.get(cells.get("payee", "").casefold(), [])
    payee = by_email.get(cells.get("email", "").casefold())
    if payee is None and len(named) > 1:
        raise ProductError(
            f"Several payees are called {cells['payee']}: give the e-mail."
        )
    payee = payee or (named[0] if named else None)
    if payee is None:
        raise ProductError(f"There is no payee “{cells.get('payee', '')}”.")
    starts_on, ends_on = day_of(cells["from"]), day_of(cells.get("to", ""))
    if starts_on is None:
        raise ProductError(f"“{cells['from']}” is not a day like 2026-12-01.")
    if cells.get("to") and ends_on is None:
        raise ProductError(f"“{cells['to']}” is not a day like 2026-12-31.")
    wanted = assigning.variables_of(plan)
    values = {name: cells.get(name, "") for name in wanted}
    return UploadRow(number, payee, plan, starts_on, ends_on, values)


def _enter(row: UploadRow, by: Member) -> bool:
    live = Assignment.objects.filter(
        payee=row.payee, plan=row.plan, closed__isnull=True, starts_on=row.starts_on
    ).first()
    if live is None:
        assigning.assign(
            payee=row.payee,
            plan=row.plan,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            values=row.values,
            by=by,
        )
        return True
    made = assigning.change_assignment(
        assignment=live,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        values=row.values,
        by=by,
    )
    return made.pk != live.pk


def _plain(text: str) -> str:
    return "'" + text if text.startswith(_STARTS_A_FORMULA) else text
