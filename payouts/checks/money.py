"""Invariants of payouts and of the journal: I03, I05, I18, I27."""

from decimal import Decimal

from payouts.checks.breaks import Break, found, rows
from payouts.exports import payroll_csv
from payouts.journal.selectors import currencies, trial_balance
from payouts.runs.models import ExportFile


def run_totals() -> list[Break]:
    """I03: items make the payout, payouts make the run, the file makes what is sent."""
    items = rows(
        """
        SELECT r.number, e.name, p.amount, coalesce(sum(i.amount), 0)
          FROM runs_payout p JOIN runs_payoutrun r ON r.id = p.run_id
          JOIN ledger_payee e ON e.id = p.payee_id
          LEFT JOIN runs_payoutitem i ON i.payout_id = p.id
         GROUP BY r.number, e.name, p.id, p.amount
        HAVING p.amount <> coalesce(sum(i.amount), 0) ORDER BY 1, 2
        """
    )
    runs = rows(
        """
        SELECT r.number, r.total, coalesce(sum(p.amount), 0)
          FROM runs_payoutrun r LEFT JOIN runs_payout p ON p.run_id = r.id
         GROUP BY r.id, r.number, r.total
        HAVING r.total <> coalesce(sum(p.amount), 0) ORDER BY 1
        """
    )
    lines = rows(
        """
        SELECT i.id, i.amount, l.amount FROM runs_payoutitem i
          LEFT JOIN statements_line l ON l.id = i.line_id
         WHERE i.line_id IS NOT NULL
           AND (l.id IS NULL OR l.amount <> i.amount
            OR (i.live AND l.closed_run IS NOT NULL)) ORDER BY 1 LIMIT 50
        """
    )
    return [
        *found("I03", "Run {0}, {1}: paid {2}, its lines add up to {3}", items),
        *found("I03", "Run {0}: total {1}, its payouts add up to {2}", runs),
        *found("I03", "Payout item {0}: {1}, its line says {2}", lines),
        *_files(),
    ]


def _files() -> list[Break]:
    breaks = []
    for file in ExportFile.objects.filter(void=False).select_related("run"):
        count, total = payroll_csv.read_back(bytes(file.content))
        states = ["approved", "sent", "paid", "returned"]
        payouts = file.run.payouts.filter(state__in=states, amount__gt=0)
        expected = sum(payouts.values_list("amount", flat=True), Decimal(0))
        if (count, total) != (payouts.count(), expected) or total != file.total:
            words = f"File {file.name}: {count} rows, {total}; the run sent {expected}"
            breaks.append(Break("I03", words))
    return breaks


def in_one_batch() -> list[Break]:
    """I05: a line is on one statement and in at most one live payout."""
    hits = rows(
        """
        SELECT line_id, count(*) FROM runs_payoutitem WHERE live
         GROUP BY line_id HAVING line_id IS NOT NULL AND count(*) > 1 LIMIT 50
        """
    )
    return found("I05", "Line {0} is in {1} live payouts", hits)


def two_people() -> list[Break]:
    """I18: nobody approved what they prepared, are paid by, or adjusted."""
    prepared = rows(
        """
        SELECT number FROM runs_payoutrun
         WHERE NOT solo AND prepared_by_id IS NOT NULL
           AND prepared_by_id IN (approved_by_id, second_approved_by_id)
        """
    )
    paid = rows(
        """
        SELECT r.number, e.name FROM runs_payoutrun r
          JOIN runs_payout p ON p.run_id = r.id
          JOIN ledger_payee e ON e.id = p.payee_id
         WHERE NOT r.solo
           AND e.user_id IN (r.approved_by_id, r.second_approved_by_id)
        """
    )
    adjusted = rows(
        """
        SELECT r.number, a.id FROM runs_payoutrun r
          JOIN runs_payout p ON p.run_id = r.id
          JOIN runs_payoutitem i ON i.payout_id = p.id
          JOIN statements_line l ON l.id = i.line_id
          JOIN statements_adjustment a ON a.id = l.adjustment_id
         WHERE NOT r.solo AND a.kind = 'manual'
           AND a.made_by_id IN (r.approved_by_id, r.second_approved_by_id)
        """
    )
    return [
        *found("I18", "Run {0} was approved by the person who prepared it", prepared),
        *found("I18", "Run {0} was approved by {1}, who is paid in it", paid),
        *found("I18", "Run {0} was approved by the author of adjustment {1}", adjusted),
    ]


def balances() -> list[Break]:
    """I27: what was earned is what was paid, plus what is still owed."""
    uneven = rows(
        """
        SELECT p.journal_id, a.currency,
               sum(CASE WHEN p.side = 'debit' THEN p.amount ELSE -p.amount END)
          FROM journal_posting p JOIN journal_account a ON a.id = p.account_id
         GROUP BY 1, 2
        HAVING sum(CASE WHEN p.side = 'debit' THEN p.amount ELSE -p.amount END) <> 0
        """
    )
    breaks = found("I27", "Journal {0} is off by {2} {1}", uneven)
    for currency in currencies():
        total = sum(trial_balance(currency).values(), Decimal(0))
        if total:
            breaks.append(Break("I27", f"The journal in {currency} is off by {total}"))
    return [*breaks, *_earned_is_booked()]


def _earned_is_booked() -> list[Break]:
    hits = rows(
        """
        SELECT e.name, s.total, coalesce(j.booked, 0)
          FROM (SELECT payee_id, sum(total) AS total FROM statements_statement
                 WHERE state IN ('locked', 'paid') GROUP BY payee_id) s
          JOIN ledger_payee e ON e.id = s.payee_id
          LEFT JOIN (SELECT a.payee_id, sum(CASE WHEN p.side = 'credit'
                            THEN p.amount ELSE -p.amount END) AS booked
                       FROM journal_posting p
                       JOIN journal_account a ON a.id = p.account_id
                       JOIN journal_journal j ON j.id = p.journal_id
                      WHERE j.kind = 'earned' AND a.kind = 'payable'
                      GROUP BY a.payee_id) j ON j.payee_id = s.payee_id
         WHERE s.total <> coalesce(j.booked, 0) ORDER BY 1
        """
    )
    return found("I27", "{0}: {1} is locked as earned, {2} is booked", hits)
