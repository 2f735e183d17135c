"""A small business entered in some order by a process of its own; prints its digest."""

import hashlib
import random
import sys
from datetime import UTC, datetime

import django

WHEN = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def main(order: int, payees_at_a_time: int) -> str:
    """Enter everything in a shuffled order, calculate in chunks, return the digest."""
    from django.db import transaction

    from commissions.statements import recalculate
    from commissions_saas.lib import clock
    from tenants.accounts.models import Business as BusinessRow
    from tenants.accounts.models import Role
    from tenants.schema import in_business
    from tests.commissions.statements import standing
    from tests.commissions.statements.exactness import Business, Event, happen
    from tests.people import a_member

    acme = BusinessRow.objects.get(slug="acme")
    recalculate.PAYEES_AT_A_TIME = payees_at_a_time
    with in_business(acme), clock.at(WHEN), transaction.atomic():
        business = Business(a_member(acme, "Alice", Role.FINANCE))
        events: list[Event] = [
            ("deal", (at, at % 3, 17 * at, "2500.01", (at + at % 2) % 3, "USD"))
            for at in range(6)
        ]
        events += [
            ("value", (0, "hours", "40", 2)),
            ("value", (1, "level", "3", 1)),
            ("margin", (0, "3%", 50)),
            ("rate", (30, "1.1")),
            ("balance", (1, "booked", "5000")),
            ("table", (1, "15%")),
        ]
        random.Random(order).shuffle(events)
        for event in events:
            happen(business, event)
            if order == 1:
                business.catch_up()
        business.catch_up()
        found = standing.canonical()
        transaction.set_rollback(True)
    return hashlib.sha256(found.encode()).hexdigest()


if __name__ == "__main__":
    django.setup()
    print(main(int(sys.argv[1]), int(sys.argv[2])))
