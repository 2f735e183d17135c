"""Who is on which plan with which values, and rate tables: dated, never edited."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q

from commissions.calculation.words import day_words
from commissions.plans import errors
from commissions.plans.document import Raw
from commissions.plans.models import (
    Assignment,
    Plan,
    PlanVersion,
    RateTable,
    RateTableRows,
)
from commissions.plans.table_form import build_table, read_number
from commissions.plans.table_readers import require_not_paid_by
from commissions.plans.table_words import value_words
from commissions_saas.lib.errors import ProductError
from crm_sync.ledger.changes import next_change
from crm_sync.ledger.models import Payee
from crm_sync.ledger.once import found_once
from crm_sync.ledger.own import is_own
from crm_sync.ledger.values import to_text, to_value
from tenants.access import Member
from tenants.audit.services import record
from tenants.schema import current_business

ONE_DAY = timedelta(days=1)


def assign(
    *,
    payee: Payee,
    plan: Plan,
    starts_on: date,
    ends_on: date | None,
    values: Mapping[str, str],
    by: Member,
) -> Assignment:
    """Put a payee on a plan; two assignments to one plan never overlap."""
    if ends_on is not None and ends_on < starts_on:
        raise errors.WrongValue("The last day is before the first.")
    _require_not_own(payee, by)
    _require_own_currency(plan)
    clean = clean_values(plan, values)
    with transaction.atomic():
        number = next_change(
            kind="assignment",
            words=f"{payee} on {plan} from {day_words(starts_on)}{_in_words(clean)}",
            source=f"entered by {by.name}",
            payee_id=payee.pk,
            by_id=by.user_id,
        )
        _require_free(payee, plan, starts_on, ends_on)
        made = Assignment.objects.create(
            payee=payee,
            plan=plan,
            starts_on=starts_on,
            ends_on=ends_on,
            values=clean,
            opened=number,
        )
        _trail("plans.assignment.made", made, by)
    return made


def change_assignment(
    *,
    assignment: Assignment,
    starts_on: date,
    ends_on: date | None,
    values: Mapping[str, str],
    by: Member,
) -> Assignment:
    """Close what was known and open the corrected assignment, under one number.

    Where nothing is different, nothing is written.
    """
    clean = clean_values(assignment.plan, values)
    if ends_on is not None and ends_on < starts_on:
        raise errors.WrongValue("The last day is before the first.")
    before = (assignment.starts_on, assignment.ends_on, assignment.values)
    if before == (starts_on, ends_on, clean):
        return assignment
    _require_not_own(assignment.payee, by)
    with transaction.atomic():
        number = next_change(
            kind="assignment",
            words=_change_words(assignment, starts_on, ends_on, clean),
            source=f"entered by {by.name}",
            payee_id=assignment.payee_id,
            by_id=by.user_id,
        )
        _close(assignment, number)
        _require_free(assignment.payee, assignment.plan, starts_on, ends_on)
        made = Assignment.objects.create(
            payee=assignment.payee,
            plan=assignment.plan,
            starts_on=starts_on,
            ends_on=ends_on,
            values=clean,
            opened=number,
        )
        _trail("plans.assignment.changed", made, by, assignment)
    return made


def change_values_from(
    *, assignment: Assignment, starts_on: date, values: Mapping[str, str], by: Member
) -> Assignment:
    """Give an assignment other values from a day on; the days before keep theirs.

    Where nothing is different, nothing is written.
    """
    if starts_on <= assignment.starts_on:
        return change_assignment(
            assignment=assignment,
            starts_on=assignment.starts_on,
            ends_on=assignment.ends_on,
            values=values,
            by=by,
        )
    if assignment.ends_on is not None and assignment.ends_on < starts_on:
        raise errors.WrongValue(
            f"{assignment.payee} is on {assignment.plan} only until"
            f" {day_words(assignment.ends_on)}."
        )
    clean = clean_values(assignment.plan, values)
    if clean == assignment.values:
        return assignment
    return _split(assignment, starts_on, clean, by)


def _split(
    assignment: Assignment, day: date, values: dict[str, str], by: Member
) -> Assignment:
    """Close an assignment and open its two parts under one number."""
    _require_not_own(assignment.payee, by)
    with transaction.atomic():
        number = next_change(
            kind="assignment",
            words=_change_words(assignment, day, assignment.ends_on, values),
            source=f"entered by {by.name}",
            payee_id=assignment.payee_id,
            by_id=by.user_id,
        )
        _close(assignment, number)
        common = {
            "payee": assignment.payee,
            "plan": assignment.plan,
            "opened": number,
        }
        Assignment.objects.create(
            **common,
            starts_on=assignment.starts_on,
            ends_on=day - ONE_DAY,
            values=assignment.values,
        )
        made = Assignment.objects.create(
            **common, starts_on=day, ends_on=assignment.ends_on, values=values
        )
        _trail("plans.assignment.changed", made, by, assignment)
    return made


def set_table(
    *,
    key: str,
    name: str,
    starts_on: date,
    rows: Sequence[Mapping[str, str]],
    reference: str = "",
    kind: str = "tiers",
    by: Member,
) -> RateTableRows:
    """Set the rows that hold from a day until the next set of rows begins.

    Rows that hold already from that day are left as they are.
    """
    clean = _clean_rows(kind, rows)
    with transaction.atomic():
        table, _ = RateTable.objects.get_or_create(
            key=key, defaults={"name": name, "kind": kind}
        )
        require_not_paid_by(table, by, starts_on)
        live = table.rows.filter(closed__isnull=True)
        same = live.filter(starts_on=starts_on, rows=clean, reference=reference)
        if known := same.first():
            return known
        number = next_change(
            kind="table",
            words=f"Rate table {table}: new rows from {day_words(starts_on)}",
            source=f"entered by {by.name}",
            by_id=by.user_id,
        )
        live.filter(starts_on=starts_on).update(closed=number)
        _cut_before(table, starts_on, number)
        following = live.filter(starts_on__gt=starts_on).order_by("starts_on").first()
        made = RateTableRows.objects.create(
            table=table,
            starts_on=starts_on,
            ends_on=following.starts_on - ONE_DAY if following else None,
            rows=clean,
            reference=reference,
            opened=number,
        )
        record(
            action="plans.table.set",
            object_kind="rate_table",
            object_id=table.pk,
            object_name=table.name,
            after={"starts_on": starts_on, "rows": clean},
            by=by,
        )
    return made


def variables_of(plan: Plan) -> dict[str, str]:
    """Return what the plan's newest version asks of an assignment: name and type."""
    return {name: type_ for name, (type_, _) in _declared(plan).items()}


def defaults_of(plan: Plan) -> dict[str, str]:
    """Return the values that hold where an assignment gives none."""
    return {name: default for name, (_, default) in _declared(plan).items() if default}


def _declared(plan: Plan) -> dict[str, tuple[str, str]]:
    """Return each variable's type and default; most are written as a type alone."""
    newest = found_once(
        ("newest version", plan.pk), plan.versions.order_by("-number").first
    )
    declared = newest.document.get("variables", {}) if newest else {}
    return {
        name: (
            (str(raw.get("type", "")), str(raw.get("default", "")))
            if isinstance(raw, Mapping)
            else (str(raw), "")
        )
        for name, raw in declared.items()
    }


def _cut_before(table: RateTable, starts_on: date, number: int) -> None:
    """End the rows that hold over `starts_on` on the day before it."""
    over = table.rows.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=starts_on),
        closed__isnull=True,
        starts_on__lt=starts_on,
    ).first()
    if over is None:
        return
    table.rows.filter(pk=over.pk, closed__isnull=True).update(closed=number)
    RateTableRows.objects.create(
        table=table,
        starts_on=over.starts_on,
        ends_on=starts_on - ONE_DAY,
        rows=over.rows,
        reference=over.reference,
        opened=number,
    )


def _clean_rows(kind: str, rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return rows as text that reads back exactly; refuse what is no table."""
    try:
        clean = [
            {
                name: to_text(read_number(text)) if name in ("from", "rate") else text
                for name, text in row.items()
            }
            for row in rows
        ]
        raw: dict[str, Raw] = {"kind": kind, "rows": clean}
        if kind == "keyed" and clean:
            raw["keys"] = [name for name in clean[0] if name != "rate"]
        build_table(raw)
    except ProductError as problem:
        raise errors.WrongTable(problem.message, problem.hint) from None
    except ValueError as problem:
        raise errors.WrongTable(f"{str(problem).capitalize()}.") from None
    return clean


def clean_values(plan: Plan, values: Mapping[str, str]) -> dict[str, str]:
    """Return the values that the plan asks for, each readable as its type."""
    clean = {}
    declared = _declared(plan)
    for name, (type_, default) in declared.items():
        text = str(values.get(name, "")).strip()
        if not text and default:
            continue  # the plan's own value holds, also when the plan changes it
        if not text:
            raise errors.WrongValue(f"{plan} needs “{name}”.", hint=f"It is {type_}.")
        try:
            number = type_ in ("money", "number", "percent")
            value = read_number(text) if number else to_value(text, type_)
        except ProductError:
            value = None
        if value is None:
            raise errors.WrongValue(f"{name}: “{text[:40]}” is not {type_}.")
        clean[name] = to_text(value)
    unknown = sorted(set(values) - set(declared) - {""})
    if unknown:
        raise errors.WrongValue(f"{plan} does not know {', '.join(unknown)}.")
    return clean


def _require_not_own(payee: Payee, by: Member) -> None:
    """Refuse a hand in one's own pay; a lone owner says so by solo mode."""
    if is_own(payee.pk, by) and not current_business().solo_mode:
        raise errors.OwnAssignment


def _require_own_currency(plan: Plan) -> None:
    """Refuse a plan whose newest version in force pays in another currency."""
    published = plan.versions.filter(state=PlanVersion.State.PUBLISHED)
    newest = published.order_by("-number").first()
    own = current_business().currency
    if newest is not None and newest.document.get("currency", own) != own:
        raise errors.WrongCurrency(plan.name, str(newest.document["currency"]), own)


def _require_free(
    payee: Payee, plan: Plan, starts_on: date, ends_on: date | None
) -> None:
    """Refuse a second assignment for the same days; the change lock is held."""
    others = Assignment.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=starts_on),
        payee=payee,
        plan=plan,
        closed__isnull=True,
    )
    if ends_on is not None:
        others = others.filter(starts_on__lte=ends_on)
    if other := others.first():
        raise errors.Overlaps(payee.name, plan.name, other.starts_on)


def _close(assignment: Assignment, number: int) -> None:
    live = Assignment.objects.filter(pk=assignment.pk, closed__isnull=True)
    if live.update(closed=number) != 1:
        raise errors.WrongValue(
            "This assignment was changed by somebody else.",
            hint="Look at it again.",
        )


def _in_words(values: Mapping[str, str]) -> str:
    return "".join(f", {name} {value_words(text)}" for name, text in values.items())


def _change_words(
    before: Assignment, starts_on: date, ends_on: date | None, values: Mapping[str, str]
) -> str:
    changed = [
        f"{name} {value_words(before.values.get(name, 'none'))} → {value_words(text)}"
        for name, text in values.items()
        if before.values.get(name) != text
    ]
    if before.starts_on != starts_on:
        changed.append(f"from {day_words(starts_on)}")
    if before.ends_on != ends_on:
        changed.append(f"until {day_words(ends_on)}" if ends_on else "without end")
    return f"{before.payee} on {before.plan}: {', '.join(changed) or 'as before'}"


def _trail(
    action: str, made: Assignment, by: Member, before: Assignment | None = None
) -> None:
    record(
        action=action,
        object_kind="assignment",
        object_id=made.pk,
        object_name=f"{made.payee} on {made.plan}",
        before=_state(before) if before else None,
        after=_state(made),
        by=by,
    )


def _state(row: Assignment) -> dict[str, object]:
    return {"from": row.starts_on, "to": row.ends_on, "values": row.values}
