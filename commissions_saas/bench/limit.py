"""The limit: the same three components as one hand-written INSERT … SELECT.

Exact numeric throughout, from the entry tables that the product reads, as of a change
number, into a copy of the lines table with its constraints and indexes.
"""

import time
from dataclasses import dataclass

from django.db import connection

from commissions_saas.bench.work import PRODUCTS, TERRITORIES, rate_percent

TABLE = "limit_line"
LINES = f"""
INSERT INTO {TABLE} (payee_id, period_id, version_id, component, component_name,
    entry_id, role, adjustment_id, kind, share, base, amount, currency, waiting_for,
    failed, earned_on, opened_run)
WITH credited AS (
    SELECT credit.payee_id, credit.entry_id, credit.role, credit.occurred_on AS day,
        credit.share, entry.external_id,
        (revision.values ->> 'amount')::numeric AS amount,
        (revision.values ->> 'fee')::numeric AS fee,
        (revision.values ->> 'cost')::numeric AS cost,
        (revision.values ->> 'margin_rate')::numeric AS margin_rate,
        revision.values ->> 'segment' = 'Enterprise' AS enterprise,
        revision.values ->> 'customer_paid' = 'yes' AS paid,
        revision.values ->> 'product' AS product,
        revision.values ->> 'territory' AS territory
    FROM ledger_credit AS credit
    JOIN ledger_revision AS revision ON revision.entry_id = credit.entry_id
        AND revision.opened = credit.opened
    JOIN ledger_entry AS entry ON entry.id = credit.entry_id
    WHERE credit.opened <= %(change)s
        AND (credit.closed IS NULL OR credit.closed > %(change)s)
        AND revision.counts AND entry.object = 'deal'
), based AS (
    SELECT *, (amount - fee) * share AS base,
        greatest(0, amount - fee - cost) * share AS margin,
        coalesce(sum((amount - fee) * share) OVER (
            PARTITION BY payee_id, date_trunc('quarter', day)
            ORDER BY day, external_id COLLATE "C", entry_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
    FROM credited
), reckoned AS (
    SELECT based.*, period.id AS period_id, rates.rate,
        (least(before + base, 1000000) - least(before, 1000000)) * 0.01
        + (least(greatest(before + base, 1000000), 3000000)
            - least(greatest(before, 1000000), 3000000)) * 0.015
        + (least(greatest(before + base, 3000000), 5000000)
            - least(greatest(before, 3000000), 5000000)) * 0.0225
        + (greatest(before + base, 5000000) - greatest(before, 5000000)) * 0.03
            AS accelerated
    FROM based
    JOIN statements_payperiod AS period
        ON based.day BETWEEN period.starts_on AND period.ends_on
    JOIN limit_rate AS rates USING (product, territory)
)
SELECT payee_id, period_id, %(version)s, part.component, part.name, entry_id, role, 0,
    'earning', share, round(part.base, 4), round(part.amount, 2), 'USD',
    part.waiting_for, '', day, 1
FROM reckoned CROSS JOIN LATERAL (VALUES
    ('commission', 'Commission', base, base * rate, ''),
    ('accelerator', 'Accelerator', base, accelerated, ''),
    ('margin', 'Share of the margin', margin,
        least(margin * margin_rate * CASE WHEN enterprise THEN 1.2 ELSE 1 END, 2500),
        CASE WHEN paid THEN '' ELSE 'customer payment' END)
) AS part (component, name, base, amount, waiting_for)
"""  # noqa: S608 - the table's name is ours


@dataclass(frozen=True, slots=True)
class Done:
    """How long it took, and how many lines it wrote."""

    seconds: float
    lines: int


def prepare() -> None:
    """Make the copy of the lines table and the table of rates."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {TABLE} (LIKE statements_line INCLUDING ALL)")
        cursor.execute(
            f"CREATE TRIGGER line_is_immutable BEFORE UPDATE OR DELETE ON {TABLE}"
            " FOR EACH ROW EXECUTE FUNCTION line_is_immutable()"
        )
        cursor.execute(
            "CREATE TABLE limit_rate (product text, territory text, rate numeric,"
            " PRIMARY KEY (product, territory))"
        )
        cursor.executemany(
            "INSERT INTO limit_rate VALUES (%s, %s, %s::numeric / 100)",
            [
                (f"Product {p}", f"Territory {t}", rate_percent(p, t))
                for p in range(PRODUCTS)
                for t in range(TERRITORIES)
            ],
        )
        cursor.execute("ANALYZE limit_rate")


def write_lines(change: int, version: int) -> Done:
    """Write every line by the hand-written statement, into the empty copy."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLE}")
        cursor.execute("CHECKPOINT")
        started = time.monotonic()
        cursor.execute(LINES, {"change": change, "version": version})
        return Done(time.monotonic() - started, cursor.rowcount)
