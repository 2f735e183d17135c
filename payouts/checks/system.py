"""Invariants across businesses and of the machinery: I19, I24, I25."""

from payouts.checks.breaks import Break, found, rows
from tenants.audit import sealing
from tenants.jobs.selectors import unaccounted_for
from tenants.schema import current_business


def trail_is_whole() -> list[Break]:
    """I19: sealed audit rows have no holes, and none was changed after its seal."""
    business = current_business()
    return _told(sealing.verify(group_id=business.group_id, business_id=business.pk))


def other_trails_are_whole() -> list[Break]:
    """I19 of the rows of no one business: those of the groups, and of the site."""
    return _told(sealing.verify_others())


def jobs_are_alive() -> list[Break]:
    """I24: a job is done, parked with a reason, or younger than its lease."""
    orphans = unaccounted_for().filter(business_id=current_business().pk)
    hits = orphans.order_by("created_at").values_list("id", "kind", "state")
    return found("I24", "Job {0} ({1}) is {2} and nobody works on it", hits)


def ids_stay_at_home() -> list[Break]:
    """I25: users and connections that this business names belong to its group."""
    business = current_business()
    users = rows(
        """
        SELECT p.name, p.user_id FROM ledger_payee p
         WHERE p.user_id IS NOT NULL AND NOT EXISTS (
               SELECT 1 FROM accounts_member m
                WHERE m.user_id = p.user_id AND m.group_id = %s)
        """,
        [business.group_id],
    )
    connections = rows(
        """
        SELECT DISTINCT e.connection_id FROM ledger_entry e
         WHERE NOT EXISTS (SELECT 1 FROM connections_connection c
                            WHERE c.id = e.connection_id AND c.group_id = %s)
        """,
        [business.group_id],
    )
    return [
        *found("I25", "Payee {0} names user {1} of another group", users),
        *found("I25", "Entries name connection {0} of another group", connections),
    ]


def _told(hits: list[sealing.Break]) -> list[Break]:
    return [
        Break("I19", f"Audit row {hit.number} (id {hit.row_id}): {hit.words}")
        for hit in hits
    ]
