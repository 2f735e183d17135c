"""The two pages whose cost must not grow: a long statement, and an owner's businesses."""

import time
from statistics import quantiles

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from commissions_saas.bench.rows import Row, at_most
from commissions_saas.bench.work import NOW, a_group
from commissions_saas.lib import clock
from tenants.accounts.models import Business, Member, User
from tenants.schema import in_business, in_public
from tenants.urls_for import business_url, group_url

TIMES = 20
BUSINESSES, MONTHS, PAYEES = 100, 12, 20
_FACTS = """
INSERT INTO public.rollup_payeefact (group_id, business_id, period, month, payee_id,
    payee_name, currency, earned, waiting, payable, as_of)
SELECT %(group)s, business.id, to_char(month, 'YYYY-MM'), month, payee,
    'Payee ' || payee, 'USD', 1000 + payee, payee, 1000, now()
FROM public.accounts_business AS business,
    generate_series(date '2026-01-01', date '2026-12-01', interval '1 month') AS month,
    generate_series(1, %(payees)s) AS payee
WHERE business.slug LIKE 'many-%%'
"""


def rows(business: Business, payee_id: int, slug: str, lines: int) -> list[Row]:
    """Open both pages as the group's owner, often, in this process."""
    from commissions_saas.wsgi import warm_up

    client = _owner()
    warm_up()  # as a web worker is before its first request; it has not made the data
    _vacuum(business)
    with clock.at(NOW), in_public():
        page = business_url(business, "statements:statement", payee_id, slug)
        milliseconds, queries, size = _opened(client, page)
        found = [
            at_most(f"statement of {lines:,} lines, p95", 100, [milliseconds], "ms"),
            at_most("its queries", 12, [queries], ""),
            at_most("its size", 50, [size / 1024], "KB"),
        ]
        _many_businesses()
        page = f"{group_url(a_group(), 'rollup:overview')}?span={MONTHS}m"
        milliseconds, queries, size = _opened(client, page)
        what = f"owner's page, {BUSINESSES} businesses × {MONTHS} months, p95"
        return [
            *found,
            at_most(what, 50, [milliseconds], "ms"),
            at_most("its queries", 8, [queries], ""),
        ]


def _vacuum(business: Business) -> None:
    """Do what autovacuum does elsewhere: the embedded server has none."""
    with in_business(business), connection.cursor() as cursor:
        for table in ("statements_line", "statements_statement", "ledger_credit"):
            cursor.execute(f"VACUUM ANALYZE {table}")


def _owner() -> Client:
    settings.ALLOWED_HOSTS = ["testserver"]
    with in_public():
        user = User.objects.get(email="owner@bench.example")
        assert Member.objects.filter(user=user).exists()
        client = Client()
        client.force_login(user)
    return client


def _opened(client: Client, page: str) -> tuple[float, int, int]:
    """Return the p95 in milliseconds, the queries and the bytes of a page."""
    client.get(page)  # what is learnt once for the process is not the page's
    with CaptureQueriesContext(connection) as made:
        answer = client.get(page)
    if answer.status_code != 200:
        raise RuntimeError(f"{page} answered {answer.status_code}.")
    asked = [each["sql"] for each in made.captured_queries]
    queries = sum(1 for sql in asked if not sql.startswith("SET search_path"))
    taken = []
    for _ in range(TIMES):
        started = time.perf_counter()
        client.get(page)
        taken.append((time.perf_counter() - started) * 1000)
    return quantiles(taken, n=20)[-1], queries, len(answer.content)


def _many_businesses() -> None:
    group = a_group()
    Business.objects.bulk_create(
        Business(
            group=group,
            schema_name=f"b{9000 + number}",
            slug=f"many-{number}",
            name=f"Business {number:03}",
            state=Business.State.READY,
        )
        for number in range(BUSINESSES)
    )
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, {"group": group.pk, "payees": PAYEES})
        cursor.execute("ANALYZE public.rollup_payeefact")
