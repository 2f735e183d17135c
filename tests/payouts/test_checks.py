"""Each invariant is broken by hand, past every trigger and constraint, and found."""

import io
import json
from datetime import date
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from commissions_saas.lib import clock
from payouts.checks.every import verify
from payouts.runs.models import PayoutRun
from payouts.runs.services import pay
from tenants.accounts.models import Business, Role
from tenants.audit.sealing import seal
from tenants.audit.services import record
from tenants.schema import current_business, in_public
from tests.commissions.statements import world
from tests.kept import begins_with
from tests.payouts.conftest import NOVEMBER_2, Prepared, approve_all, sign
from tests.people import a_member

LINE = "statements_line"


def make_month(acme: Business, prepared: Prepared) -> PayoutRun:
    """October is paid, and November has begun: everything that a check looks at."""
    run, helen = prepared.run, a_member(acme, "Helen Cho", Role.FINANCE)
    with clock.at(NOVEMBER_2):
        approve_all(run, helen)
        sign(run, helen)
        seen: dict[str, Any] = {"seen_total": run.total, "by": prepared.alice}
        pay.export_run(run=run, format_name="payroll_csv", reason="", **seen)
        pay.mark_run_paid(run=run, paid_on=date(2026, 11, 2), reference="B", **seen)
        deal = world.a_deal("delgado", date(2026, 11, 1), "5000", world.SYSTEM)
        world.sync(deal)
        world.catch_up()
        seal()
    assert [str(found) for found in verify()] == []
    return run


kept_month = begins_with("kept_month", make_month, after="kept_run")


@pytest.fixture
def month(acme: Business, kept_month: PayoutRun) -> PayoutRun:
    return kept_month


def force(*statements: str) -> None:
    """Write what no code of ours can: the triggers are off, deferred checks are done."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


def copied_row(table: str, where: str) -> str:
    """Return the SQL that writes a row of a table a second time."""
    return f"""
        INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object(
               'id', (SELECT max(id) + 1000 FROM {table})))).*
          FROM {table} t WHERE {where} LIMIT 1
    """


LIVE = "closed_run IS NULL AND amount > 0"
BREAKS = {
    "a total that its lines do not make": (
        "I01",
        ["UPDATE statements_statement SET total = total + 1, payable = payable + 1"],
    ),
    "a line in another currency": (
        "I01",
        [f"UPDATE {LINE} SET currency = 'EUR' WHERE {LIVE}"],
    ),
    "a line on no statement": ("I01", [f"UPDATE {LINE} SET payee_id = 987654"]),
    "shares that do not make the whole": (
        "I22",
        ["UPDATE ledger_credit SET share = 0.9 WHERE closed IS NULL"],
    ),
    "a run that its payouts do not make": (
        "I03",
        ["UPDATE runs_payoutrun SET total = total + 0.01"],
    ),
    "a payout that its lines do not make": (
        "I03",
        [
            "UPDATE runs_payout SET amount = amount + 0.01",
            "UPDATE runs_payoutrun SET total = total + 0.02",
        ],
    ),
    "a payout of a line that is gone": (
        "I03",
        ["UPDATE runs_payoutitem SET line_id = line_id + 100000"],
    ),
    "a file that pays more": (
        "I03",
        [
            "UPDATE runs_exportfile SET content = convert_to(replace("
            "convert_from(content, 'UTF8'), '1200.00', '9200.00'), 'UTF8')"
        ],
    ),
    "a line in two payouts": (
        "I05",
        ["DROP INDEX line_paid_once", copied_row("runs_payoutitem", "live")],
    ),
    "two live lines of one kind": (
        "I06",
        ["DROP INDEX one_live_line_of_a_kind", copied_row(LINE, LIVE)],
    ),
    "a document that was changed": (
        "I07",
        [
            "UPDATE statements_statement SET document = "
            "jsonb_set(document, '{total}', '\"1.00\"') WHERE document IS NOT NULL"
        ],
    ),
    "a locked statement without its document": (
        "I07",
        ["UPDATE statements_statement SET document = NULL WHERE state = 'paid'"],
    ),
    "a line that was added after the lock": (
        "I07",
        [
            "DROP INDEX one_live_line_of_a_kind",
            copied_row(LINE, "earned_on < '2026-11-01' AND closed_run IS NULL"),
        ],
    ),
    "an open statement that its inputs do not give": (
        "I09",
        [f"UPDATE {LINE} SET amount = amount + 1 WHERE earned_on >= '2026-11-01'"],
    ),
    "a fraction of a cent": ("I12", [f"UPDATE {LINE} SET amount = amount + 0.001"]),
    "an amount that is no number": (
        "I12",
        [f"UPDATE {LINE} SET amount = 'NaN' WHERE {LIVE}"],
    ),
    "an approver who prepared": (
        "I18",
        [
            "ALTER TABLE runs_payoutrun DROP CONSTRAINT"
            " nobody_approves_what_they_prepared",
            "UPDATE runs_payoutrun SET approved_by_id = prepared_by_id",
        ],
    ),
    "an approver who is paid": (
        "I18",
        [
            "UPDATE runs_payoutrun SET approved_by_id ="
            " (SELECT user_id FROM ledger_payee WHERE user_id IS NOT NULL)"
        ],
    ),
    "an audit row that was changed": (
        "I19",
        [
            "UPDATE audit_auditrow SET object_name = 'Nothing' WHERE id ="
            " (SELECT min(id) FROM audit_auditrow WHERE business_id IS NOT NULL)"
        ],
    ),
    "an audit row that is gone": (
        "I19",
        [
            "DELETE FROM audit_auditrow WHERE sealed = 2 AND business_id ="
            " (SELECT min(business_id) FROM audit_auditrow)"
        ],
    ),
    "a line that was written after the freeze": (
        "I20",
        [
            "UPDATE statements_run SET at = at + interval '10 days' WHERE id IN"
            f" (SELECT opened_run FROM {LINE} WHERE earned_on < '2026-11-01')"
        ],
    ),
    "a job that nobody works on": (
        "I24",
        [
            "UPDATE jobs_job SET state = 'running',"
            " lease_until = now() - interval '3 minutes'"
        ],
    ),
    "a payee of another group's user": (
        "I25",
        ["UPDATE ledger_payee SET user_id = 987654 WHERE user_id IS NOT NULL"],
    ),
    "entries of another group's connection": (
        "I25",
        ["UPDATE connections_connection SET group_id = group_id + 1000"],
    ),
    "a journal that is off": (
        "I27",
        [
            "UPDATE journal_posting SET amount = amount + 1 WHERE id ="
            " (SELECT min(id) FROM journal_posting)"
        ],
    ),
    "what was earned and is not booked": (
        "I27",
        [
            "DELETE FROM journal_posting WHERE journal_id IN"
            " (SELECT id FROM journal_journal WHERE kind = 'earned')"
        ],
    ),
}


@pytest.mark.parametrize("what", BREAKS)
def test_what_is_broken_by_hand_is_found(month: PayoutRun, what: str) -> None:
    invariant, statements = BREAKS[what]

    force(*statements)

    assert invariant in {found.invariant for found in verify()}


def test_the_command_prints_a_line_for_each_break_and_ends_with_one(
    month: PayoutRun,
) -> None:
    slug, out = current_business().slug, io.StringIO()
    call_command("verify_ledger", business=slug, stdout=out)
    assert out.getvalue() == "1 businesses, every invariant holds.\n"

    force("UPDATE runs_payoutrun SET total = total + 0.01")
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 breaks") as told:
        call_command("verify_ledger", business=slug, stdout=out, json=True)

    assert told.value.returncode == 1
    (row,) = json.loads(out.getvalue())
    assert (row["business"], row["invariant"]) == (slug, "I03")


def test_the_command_checks_the_trail_of_the_group_too(month: PayoutRun) -> None:
    with in_public():
        record(
            action="accounts.group.named",
            object_kind="group",
            object_id=1,
            object_name="Group",
            by="sync",
        )
    seal()
    force("UPDATE public.audit_auditrow SET by = 'nobody' WHERE business_id IS NULL")

    with pytest.raises(CommandError, match="1 breaks"):
        call_command("verify_ledger", stdout=(out := io.StringIO()))

    assert out.getvalue().startswith("I19 -: Audit row 1 ")
