"""Invariants of statements and lines: I01, I02, I06, I07, I12, I20, I22."""

from collections.abc import Iterable

from commissions.statements.documents import hash_of
from commissions.statements.models import Statement
from commissions_saas.lib.money import places
from payouts.checks.breaks import Break, found, rows


def statement_totals() -> list[Break]:
    """I01: the lines of a statement add up to its total, exactly, in one currency."""
    hits = rows(
        """
        SELECT p.name, pp.slug, s.total, coalesce(l.total, 0), s.currency
          FROM statements_statement s
          JOIN ledger_payee p ON p.id = s.payee_id
          JOIN statements_payperiod pp ON pp.id = s.period_id
          LEFT JOIN (SELECT payee_id, period_id, sum(amount) AS total,
                            min(currency) AS lowest, max(currency) AS highest
                       FROM statements_line WHERE closed_run IS NULL
                      GROUP BY payee_id, period_id) l
            ON l.payee_id = s.payee_id AND l.period_id = s.period_id
         WHERE s.total <> coalesce(l.total, 0)
            OR coalesce(l.lowest, s.currency) <> s.currency
            OR coalesce(l.highest, s.currency) <> s.currency
         ORDER BY p.name, pp.slug
        """
    )
    words = "Statement of {0}, {1}: total {2}, but its lines add up to {3} {4}"
    return [*found("I01", words, hits), *_lines_without_statement()]


def _lines_without_statement() -> list[Break]:
    hits = rows(
        """
        SELECT l.id, l.payee_id, l.period_id FROM statements_line l
         WHERE NOT EXISTS (SELECT 1 FROM statements_statement s
                            WHERE s.payee_id = l.payee_id
                              AND s.period_id = l.period_id)
         ORDER BY l.id LIMIT 50
        """
    )
    return found("I01", "Line {0} is on no statement (payee {1}, period {2})", hits)


def splits_divide_the_whole() -> list[Break]:
    """I02 and I22: the owner's and splitters' shares of a counting entry make 100%."""
    hits = rows(
        """
        SELECT e.name, e.external_id, sum(c.share)
          FROM ledger_credit c JOIN ledger_entry e ON e.id = c.entry_id
         WHERE c.closed IS NULL AND c.role IN ('owner', 'split')
         GROUP BY e.id, e.name, e.external_id
        HAVING sum(c.share) <> 1 OR min(c.share) < 0
         ORDER BY e.external_id LIMIT 50
        """
    )
    return found("I22", "{0} ({1}): the shares add up to {2}, not 1", hits)


def one_live_line() -> list[Break]:
    """I06: at most one live line for each entry, payee, component, version, period."""
    hits = rows(
        """
        SELECT payee_id, period_id, component, entry_id, role, count(*)
          FROM statements_line WHERE closed_run IS NULL
         GROUP BY payee_id, period_id, component, version_id, entry_id, role,
                  adjustment_id
        HAVING count(*) > 1 LIMIT 50
        """
    )
    words = "Payee {0}, period {1}: {5} live lines of {2} for entry {3} ({4})"
    return found("I06", words, hits)


def frozen_bytes() -> Iterable[Break]:
    """I07: the stored hash of a locked or paid statement is that of its document."""
    frozen = [Statement.State.LOCKED, Statement.State.PAID]
    locked = Statement.objects.filter(state__in=frozen).select_related(
        "payee", "period"
    )
    for statement in locked.iterator(chunk_size=200):
        name = f"Statement of {statement.payee}, {statement.period.slug}"
        if statement.document is None:
            yield Break("I07", f"{name}: locked without its document")
        elif hash_of(statement.document) != statement.sha256:
            yield Break("I07", f"{name}: its document is not what was locked")
        elif not _lines_match(statement):
            yield Break("I07", f"{name}: its lines are not what was locked")


def _lines_match(statement: Statement) -> bool:
    document = statement.document or {}
    ((count, total),) = rows(
        """
        SELECT count(*), coalesce(sum(amount), 0) FROM statements_line
         WHERE payee_id = %s AND period_id = %s AND closed_run IS NULL
        """,
        [statement.payee_id, statement.period_id],
    )
    return bool(count == len(document.get("lines", [])) and total == statement.total)


def places_of_amounts() -> list[Break]:
    """I12: each amount has its currency's places and is a finite number."""
    currencies = rows("SELECT DISTINCT currency FROM statements_line")
    breaks: list[Break] = []
    for (currency,) in currencies:
        hits = rows(
            """
            SELECT id, amount, currency FROM statements_line
             WHERE currency = %s AND (amount <> round(amount, %s)
                OR amount IN ('NaN'::numeric, 'Infinity'::numeric,
                              '-Infinity'::numeric))
             ORDER BY id LIMIT 50
            """,
            [currency, places(currency)],
        )
        breaks += found("I12", "Line {0}: {1} is no amount in {2}", hits)
    return breaks


def written_while_open() -> list[Break]:
    """I20: a line was opened and closed only while its statement was open."""
    hits = rows(
        """
        SELECT l.id, p.name, pp.slug, r.at, s.frozen_at
          FROM statements_line l
          JOIN statements_statement s
            ON s.payee_id = l.payee_id AND s.period_id = l.period_id
          JOIN ledger_payee p ON p.id = l.payee_id
          JOIN statements_payperiod pp ON pp.id = l.period_id
          JOIN statements_run r ON r.id = greatest(l.opened_run, l.closed_run)
         WHERE s.state IN ('in_review', 'locked', 'paid') AND r.at > s.frozen_at
         ORDER BY l.id LIMIT 50
        """
    )
    words = "Line {0} of {1}, {2} was written at {3}, after the freeze at {4}"
    return found("I20", words, hits)
