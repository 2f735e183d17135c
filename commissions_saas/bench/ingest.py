"""A first reading of a source: JSON pages of 100 deals until they are in the ledger.

Beside it the limit: COPY of the same pages into a staging table, then hand-written
statements into tables of the same shape, with the same indexes, keys and triggers.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import connection, transaction

from commissions_saas.bench.machine import Cost, measured
from commissions_saas.bench.rows import Row, at_most
from commissions_saas.bench.work import (
    FIELDS,
    NOW,
    PRODUCTS,
    TERRITORIES,
    YEAR,
    a_business,
    a_group,
)
from commissions_saas.lib import clock
from crm_sync.connections.models import Connection, Mapping, SyncRun
from crm_sync.connections.readers import reader_of
from crm_sync.connections.taking import take_pages
from crm_sync.contract import Page, RemoteRecord
from crm_sync.json_text import read_object
from crm_sync.ledger.catalogue import save_fields
from crm_sync.ledger.models import ExternalId, Payee
from crm_sync.providers.close.records import record_of
from tenants.accounts.models import Business
from tenants.jobs.services import without_sending
from tenants.schema import in_business, in_public

IN_A_PAGE = 100
GOAL = 2.0
_MAPPED = {
    "name": ("lead_name", "text"),
    "amount": ("value", "money"),
    "won_on": ("date_won", "date"),
    "status": ("status_label", "text"),
    "status_type": ("status_type", "text"),
    "product": ("custom.cf_product", "text"),
    "territory": ("custom.cf_territory", "text"),
    "owner": ("user_id", "text"),
    "fee": ("custom.cf_fee", "money"),
    "cost": ("custom.cf_cost", "money"),
    "margin_rate": ("custom.cf_margin_rate", "percent"),
    "customer_paid": ("custom.cf_customer_paid", "yesno"),
    "segment": ("custom.cf_segment", "text"),
}
# Both must have read the same, to the cent and to the payee.
_SUM = """
SELECT count(*), md5(string_agg(concat_ws('|', entry.external_id, entry.amount,
    entry.occurred_on, entry.product, entry.territory, payee.name, credit.share,
    trim_scale((revision.values ->> 'margin_rate')::numeric), revision.values ->> 'customer_paid'), ','
    ORDER BY entry.external_id COLLATE "C"))
FROM ledger_entry AS entry
JOIN ledger_revision AS revision ON revision.entry_id = entry.id
    AND revision.closed IS NULL AND revision.opened = entry.changed
JOIN ledger_change AS change ON change.number = entry.changed
JOIN ledger_credit AS credit ON credit.entry_id = entry.id AND credit.closed IS NULL
JOIN ledger_payee AS payee ON payee.id = credit.payee_id
"""


class Work:
    """What a reading needs of its job, without a job."""

    def step(self, words: str, done: int = 0, total: int = 0) -> None:
        """Nobody looks."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Open a transaction that nobody else can take over."""
        with transaction.atomic():
            yield


def rows(deals: int, payees: int, rounds: int) -> list[Row]:
    """Read the same pages by the product and by hand, turn by turn."""
    found: dict[str, list[float]] = {"seconds": [], "processors": []}
    same = True
    with TemporaryDirectory() as folder:
        file = Path(folder) / "pages.json"
        with file.open("w") as out:
            out.writelines(f"{page}\n" for page in _pages(deals, payees))
        for number in range(rounds):
            by_hand, hand_sum = _limit(f"hand{number}", file, payees)
            ours, our_sum = _product(f"read{number}", file, payees)
            same = same and hand_sum == our_sum and our_sum[0] == deals
            found["seconds"].append(ours.seconds / by_hand.seconds)
            if by_hand.processors:
                found["processors"].append(ours.processors / by_hand.processors)
    what = f"ingest of {deals:,} deals from pages of {IN_A_PAGE}"
    return [
        at_most(what, GOAL, found["seconds"], "×"),
        at_most("processor time of it", GOAL, found["processors"], "×"),
        Row(
            "its entries against those by hand",
            "the same",
            "the same" if same else "DIFFERENT",
            None,
            same,
        ),
    ]


def _pages(deals: int, payees: int) -> Iterator[str]:
    """Yield pages as a source sends them, each one line of text."""
    for first in range(0, deals, IN_A_PAGE):
        numbers = range(first, min(first + IN_A_PAGE, deals))
        page = {
            "has_more": numbers.stop < deals,
            "total_results": deals,
            "data": [_deal(number, payees) for number in numbers],
        }
        yield json.dumps(page)


def _deal(n: int, payees: int) -> dict[str, Any]:
    at = (NOW - timedelta(seconds=40_000_000 - n)).isoformat().replace("+00:00", "Z")
    return {
        "id": f"oppo_{n:022}",
        "organization_id": "orga_bench",
        "lead_id": f"lead_{n:022}",
        "lead_name": f"Customer {n}",
        "status_id": "stat_won",
        "status_label": "Won",
        "status_type": "won",
        "pipeline_id": "pipe_sales",
        "pipeline_name": "Sales",
        "value": 500_000 + n * 7919 % 4_500_000,
        "value_currency": "USD",
        "value_period": "one_time",
        "confidence": 100,
        "note": "",
        "contact_id": None,
        "user_id": f"user_{n % payees}",
        "user_name": f"Payee {n % payees}",
        "created_by": f"user_{n % payees}",
        "updated_by": f"user_{n % payees}",
        "date_created": at,
        "date_updated": at,
        "date_won": (YEAR + timedelta(days=n * 17 % 360)).isoformat(),
        "date_lost": None,
        "custom.cf_product": f"Product {n * 7 % PRODUCTS}",
        "custom.cf_territory": f"Territory {n % payees % TERRITORIES}",
        "custom.cf_fee": n * 31 % 900 + n % 4 * 0.25,
        "custom.cf_cost": 1000 + n * 13 % 9000,
        "custom.cf_margin_rate": 5 + n % 11,
        "custom.cf_customer_paid": "no" if n % 5 == 0 else "yes",
        "custom.cf_segment": ("Enterprise", "Middle", "Small")[n % 3],
    }


def _business(slug: str, payees: int) -> tuple[Business, Connection]:
    business = a_business(slug)
    with in_public():
        source = Connection.objects.create(
            group_id=a_group().pk,
            business_id=business.pk,
            kind="close",
            name=slug,
        )
        document: dict[str, dict[str, Any]] = {
            key: {"source": source, "type": type_}
            for key, (source, type_) in _MAPPED.items()
        }
        document["amount"] |= {"transform": "cents", "currency_from": "value_currency"}
        Mapping.objects.create(
            connection=source, object="deal", version=1, document=document
        )
    with in_business(business):
        save_fields(FIELDS)
        people = Payee.objects.bulk_create(
            Payee(name=f"Payee {number}") for number in range(payees)
        )
        ExternalId.objects.bulk_create(
            ExternalId(
                payee=person, connection_id=source.pk, external_id=f"user_{number}"
            )
            for number, person in enumerate(people)
        )
    return business, source


def _product(slug: str, file: Path, payees: int) -> tuple[Cost, Sequence[Any]]:
    business, source = _business(slug, payees)
    with clock.at(NOW), without_sending(), in_public():
        run = SyncRun.objects.create(connection=source, started_at=NOW)
        with measured() as cost:
            take_pages(
                pages=_as_provider(file),
                connection=source,
                run=run,
                lease=Work(),
                reader=reader_of(source),
                object_="deal",
            )
    return cost, _sum(business)


def _as_provider(file: Path) -> Iterator[Page]:
    """Yield what the provider makes of each answer."""
    with file.open("rb") as answers:
        for place, answer in enumerate(answers):
            rows = read_object(answer)["data"]
            records = [record_of("deal", row) for row in rows]
            yield Page(
                records=tuple(r for r in records if isinstance(r, RemoteRecord)),
                cursor={"since": str(place)},
                more=True,
                requests=1,
            )


def _limit(slug: str, file: Path, payees: int) -> tuple[Cost, Sequence[Any]]:
    business, source = _business(slug, payees)
    values = {"source": source.pk, "business": business.pk, "group": business.group_id}
    with in_business(business):
        with measured() as cost, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE page (body text) ON COMMIT DROP")
            with file.open() as answers, cursor.copy("COPY page FROM STDIN") as copy:
                for answer in answers:
                    copy.write_row([answer.rstrip("\n")])
            for statement in _BY_HAND:
                cursor.execute(statement, values)
        return cost, _sum(business)


def _sum(business: Business) -> Sequence[Any]:
    with in_business(business), connection.cursor() as cursor:
        cursor.execute(_SUM)
        found: Sequence[Any] = cursor.fetchone()
    return found


_PARSED = """
CREATE TEMPORARY TABLE parsed ON COMMIT DROP AS
SELECT row_number() OVER () AS number, row ->> 'id' AS external_id, row AS payload,
    row ->> 'lead_name' AS name, (row ->> 'value')::numeric / 100 AS amount,
    row ->> 'value_currency' AS currency, (row ->> 'date_won')::date AS won_on,
    row ->> 'status_label' AS status, row ->> 'status_type' AS status_type,
    row ->> 'custom.cf_product' AS product, row ->> 'custom.cf_territory' AS territory,
    row ->> 'custom.cf_fee' AS fee, row ->> 'custom.cf_cost' AS cost,
    (row ->> 'custom.cf_margin_rate')::numeric / 100 AS margin_rate,
    row ->> 'custom.cf_customer_paid' AS customer_paid,
    row ->> 'custom.cf_segment' AS segment, row ->> 'date_updated' AS version,
    payee.id AS payee_id, payee.name AS owner
FROM page, jsonb_array_elements(body::jsonb -> 'data') AS row
JOIN ledger_externalid AS known ON known.connection_id = %(source)s
    AND known.external_id = row ->> 'user_id'
JOIN ledger_payee AS payee ON payee.id = known.payee_id
"""
_NAMES = """
INSERT INTO ledger_{0} (name, attributes, active)
SELECT DISTINCT {0}, '{{}}'::jsonb, true FROM parsed ON CONFLICT DO NOTHING
"""
_ENTRIES = """
INSERT INTO ledger_entry (connection_id, object, external_id, name, occurred_on, counts,
    status, amount, currency, product, territory, owner_id, version, deleted, changed,
    source_url)
SELECT %(source)s, 'deal', external_id, name, won_on, true, status, amount, currency,
    product, territory, payee_id, version, false, number, ''
FROM parsed
ON CONFLICT (connection_id, object, external_id) DO UPDATE SET name = excluded.name,
    occurred_on = excluded.occurred_on, status = excluded.status,
    amount = excluded.amount, product = excluded.product,
    territory = excluded.territory, owner_id = excluded.owner_id,
    version = excluded.version, changed = excluded.changed
    WHERE ledger_entry.version < excluded.version
"""
_FOUND = """
CREATE TEMPORARY TABLE found ON COMMIT DROP AS
SELECT parsed.*, entry.id AS entry_id FROM parsed
JOIN ledger_entry AS entry ON entry.changed = parsed.number
    AND entry.external_id = parsed.external_id
"""
_CHANGES = """
INSERT INTO ledger_change (number, at, kind, words, source, source_at, entry_id)
SELECT number, now(), 'deal', name || ': first seen, amount ' || amount, 'read from Close',
    version::timestamptz, entry_id
FROM found
"""
_REVISIONS = """
INSERT INTO ledger_revision (entry_id, opened, name, occurred_on, counts, currency,
    "values", credits, version, payload, deleted, seen_at)
SELECT entry_id, number, name, won_on, true, currency,
    jsonb_build_object('name', name, 'amount', amount::text, 'currency', currency,
        'won_on', won_on::text, 'status', status, 'status_type', status_type,
        'product', product, 'territory', territory, 'owner', owner, 'fee', fee,
        'cost', cost, 'margin_rate', trim_scale(margin_rate)::text,
        'customer_paid', customer_paid, 'segment', segment),
    jsonb_build_array(jsonb_build_object('payee', payee_id, 'role', 'owner',
        'share', '1')),
    version, payload, false, now()
FROM found
"""
_CREDITS = """
INSERT INTO ledger_credit (entry_id, payee_id, role, share, occurred_on, opened)
SELECT entry_id, payee_id, 'owner', 1, won_on, number FROM found
"""
_BOOKINGS = """
INSERT INTO public.rollup_bookingfact (group_id, business_id, month, product, territory,
    currency, booked, deals)
SELECT %(group)s, %(business)s, date_trunc('month', won_on), product, territory,
    currency, sum(amount), count(*)
FROM found GROUP BY date_trunc('month', won_on), product, territory, currency
"""
_BY_HAND = (
    _PARSED,
    _NAMES.format("product"),
    _NAMES.format("territory"),
    _ENTRIES,
    _FOUND,
    _CHANGES,
    _REVISIONS,
    _CREDITS,
    _BOOKINGS,
)
