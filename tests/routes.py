"""Every page of a group or business: what it needs to be opened, and who may open it.

`test_isolation.py` lists the routes from the resolver itself; one without a line here
fails it. A page's author adds a line:

    "runs:run": Route({Role.FINANCE, Role.ADMIN}, a_run),

`a_run(business)` makes rows in the business that is entered and returns the arguments of
the address, such as `(4,)`. The roles are those named in `@requires`; what owners and
group admins count as, and that auditors may read, is known here already. `posts=True`
says that the page only takes POST, `everywhere=True` that the arguments mean something in
every business, as a period does.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tenants.access import EVERY_ROLE
from tenants.accounts.models import Business, Role, RoleGrant
from tenants.jobs.services import enqueue
from tests import routes_of_plans_and_runs as money
from tests import routes_of_sources as crm
from tests import routes_of_statements as pay
from tests.people import a_group_member, a_member

Arguments = tuple[object, ...]


def no_arguments(business: Business) -> Arguments:
    """The page is about the whole place."""
    return ()


@dataclass(frozen=True)
class Route:
    """Who may open a page, and how to make what it shows."""

    roles: frozenset[Role] | set[Role]
    make: Callable[[Business], Arguments] = no_arguments
    posts: bool = False
    everywhere: bool = False


def a_job(business: Business) -> Arguments:
    return (enqueue(kind="nothing", title="Nothing", business=business).pk,)


def a_group_job(business: Business) -> Arguments:
    return (enqueue(kind="nothing", title="Nothing", group=business.group).pk,)


def a_role(business: Business) -> Arguments:
    member = a_member(business, "Dora Ending", Role.REP)
    return (RoleGrant.objects.get(member__user=member.user).pk,)


def a_group_role(business: Business) -> Arguments:
    member = a_group_member(business, "Emil Ending", Role.GROUP_ADMIN)
    return (RoleGrant.objects.get(member__user=member.user).pk,)


EVERYBODY = frozenset(EVERY_ROLE)
OWNERS = frozenset({Role.OWNER, Role.GROUP_ADMIN})
READERS_OF_THE_TRAIL = frozenset({Role.FINANCE, Role.ADMIN, Role.AUDITOR})

BUSINESS_ROUTES: dict[str, Route] = {
    "accounts:start": Route(EVERYBODY),
    "accounts:members": Route({Role.ADMIN}),
    "accounts:end_role": Route({Role.ADMIN}, a_role),
    "accounts:settings": Route({Role.ADMIN}),
    "accounts:setup": Route({Role.ADMIN}),
    "jobs:jobs": Route({Role.FINANCE, Role.ADMIN}),
    "jobs:job": Route({Role.FINANCE, Role.ADMIN}, a_job),
    "jobs:cancel": Route({Role.FINANCE, Role.ADMIN}, a_job, posts=True),
    "jobs:again": Route({Role.FINANCE, Role.ADMIN}, a_job, posts=True),
    "audit:audit": Route(READERS_OF_THE_TRAIL),
    "plans:plans": Route(money.READS),
    "plans:new": Route(money.ADMIN),
    "plans:plan": Route(money.READS, money.a_draft),
    "plans:draft_start": Route(money.ADMIN, money.a_draft, posts=True),
    "plans:draft": Route(money.ADMIN, money.a_draft),
    "plans:draft_check": Route(money.ADMIN, money.a_draft, posts=True),
    "plans:draft_formula": Route(money.ADMIN, money.a_draft, posts=True),
    "plans:draft_discard": Route(money.ADMIN, money.a_draft, posts=True),
    "plans:versions": Route(money.READS, money.two_versions),
    "plans:revert": Route(money.ADMIN, money.a_version, posts=True),
    "statements:parity": Route(money.READS),
    "statements:live": Route(money.ADMIN, money.a_draft),
    "statements:impact": Route(money.READS, money.a_draft),
    "statements:impact_file": Route(money.READS, money.a_preview),
    "statements:impact_statement": Route(money.READS, money.a_previewed_statement),
    "statements:impact_line": Route(money.READS, money.a_previewed_statement),
    "statements:publish": Route(money.ADMIN, money.a_draft),
    "statements:ghost_start": Route(money.ADMIN, money.a_draft, posts=True),
    "statements:ghost": Route(money.READS, money.a_ghost),
    "plans:version": Route(money.READS, money.a_version),
    "plans:version_file": Route(money.READS, money.a_version),
    "plans:functions": Route(money.READS),
    "plans:library": Route(money.READS),
    "plans:library_put_plan": Route(OWNERS, money.a_version, posts=True),
    "plans:library_put_table": Route(OWNERS, money.a_table, posts=True),
    "plans:library_take_plan": Route(money.ADMIN, money.a_shelved_plan, posts=True),
    "statements:library_take_table": Route(
        money.ADMIN, money.a_shelved_table, posts=True
    ),
    "statements:table_moves": Route(money.ADMIN, money.a_table, posts=True),
    "plans:assignments": Route(money.READS),
    "plans:assign": Route(money.DECIDES),
    "plans:assignments_upload": Route(money.DECIDES),
    "plans:assignment": Route(money.READS, money.an_assignment),
    "plans:assignment_change": Route(money.DECIDES, money.an_assignment, posts=True),
    "statements:quotas": Route(money.DECIDES),
    "statements:openings": Route(money.READS),
    "statements:openings_file": Route(money.READS),
    "statements:openings_upload": Route(money.DECIDES),
    "statements:opening_remove": Route(money.DECIDES, pay.an_opening, posts=True),
    "ledger:services": Route(crm.READS),
    "ledger:service_new": Route(crm.RUNS),
    "ledger:services_file": Route(crm.READS),
    "ledger:services_upload": Route(crm.RUNS),
    "ledger:service": Route(crm.READS, crm.a_service),
    "ledger:customers": Route(crm.READS),
    "ledger:customer_new": Route(crm.RUNS),
    "ledger:customers_file": Route(crm.READS),
    "ledger:customers_upload": Route(crm.RUNS),
    "ledger:customer": Route(crm.READS, crm.a_customer),
    "accounting:invoices": Route(crm.READS),
    "accounting:choose": Route(crm.RUNS, crm.a_reference, posts=True),
    "accounting:forget": Route(crm.RUNS, crm.a_reference, posts=True),
    "accounting:name_deals_by": Route(crm.RUNS, posts=True),
    "accounting:account": Route(pay.SEE_ALL_PAY, crm.a_customer),
    "connections:customer_matching": Route(crm.READS | {Role.MANAGER}),
    "connections:accept_alike": Route(crm.RUNS | {Role.MANAGER}, posts=True),
    "connections:settle_drift": Route(crm.RUNS | {Role.MANAGER}, posts=True),
    "connections:customer_sheet": Route(crm.READS | {Role.MANAGER}),
    "connections:customer_sheet_upload": Route(crm.RUNS | {Role.MANAGER}),
    "ledger:facts": Route(crm.READS),
    "ledger:sheet": Route(crm.READS, crm.a_sheet),
    "ledger:sheet_refused": Route(crm.READS, crm.a_sheet),
    "ledger:facts_file": Route(crm.READS, crm.leave_file, everywhere=True),
    "ledger:facts_upload": Route(crm.RUNS, crm.leave_file, everywhere=True),
    "ledger:rate_new": Route(crm.RUNS, posts=True),
    "ledger:rate_remove": Route(crm.RUNS, crm.a_rate, posts=True),
    "ledger:value_new": Route(crm.RUNS, crm.a_payee_for_values, posts=True),
    "ledger:leave_new": Route(crm.RUNS, crm.a_payee, posts=True),
    "ledger:leave_remove": Route(crm.RUNS, crm.a_leave, posts=True),
    "ledger:right_new": Route(crm.RUNS, crm.a_payee, posts=True),
    "ledger:right_remove": Route(crm.RUNS, crm.a_right, posts=True),
    "statements:move_payee": Route(crm.RUNS, crm.a_payee),
    "statements:assign_moves": Route(money.DECIDES, posts=True),
    "statements:assignment_moves": Route(
        money.DECIDES, money.an_assignment, posts=True
    ),
    "plans:tables": Route(money.READS),
    "plans:table_new": Route(money.ADMIN),
    "plans:table": Route(money.READS, money.a_table),
    "runs:runs": Route(money.READS),
    "runs:prepare": Route(money.FINANCE, posts=True),
    "runs:run": Route(money.READS, money.a_run),
    "runs:refreeze": Route(money.FINANCE, money.a_run, posts=True),
    "runs:approve": Route(money.DECIDES, money.a_run),
    "runs:sign": Route(money.DECIDES, money.a_run),
    "runs:recall": Route(money.DECIDES, money.a_run, posts=True),
    "runs:export": Route(money.FINANCE, money.a_run),
    "runs:file": Route(money.READS, money.a_file),
    "runs:paid": Route(money.FINANCE, money.a_run),
    "runs:payout": Route(money.READS, money.a_payout),
    "runs:hold": Route(money.DECIDES, money.a_payout, posts=True),
    "runs:reject": Route(money.DECIDES, money.a_payout, posts=True),
    "runs:undo": Route(money.DECIDES, money.a_payout, posts=True),
    "runs:returned": Route(money.FINANCE, money.a_payout, posts=True),
    "runs:arrived": Route(money.FINANCE, money.a_payout, posts=True),
    "statements:mine": Route(EVERYBODY),
    "statements:my_plan": Route(pay.PAID),
    "statements:team": Route(pay.LISTS),
    "statements:statements": Route(pay.LISTS),
    "statements:statement": Route(pay.SEE_ALL_PAY, pay.a_statement),
    "statements:line": Route(pay.SEE_ALL_PAY, pay.a_line_page),
    "statements:changes": Route(pay.SEE_ALL_PAY, pay.a_statement),
    "statements:missing": Route(pay.SEE_ALL_PAY, pay.a_statement),
    "statements:estimate": Route(pay.SEE_ALL_PAY, pay.a_statement),
    "statements:csv": Route(pay.SEE_ALL_PAY, pay.a_statement),
    "statements:acknowledge": Route(pay.SEE_ALL_PAY, pay.a_statement, posts=True),
    "statements:deals": Route(EVERYBODY),
    "statements:deal": Route(pay.SEE_ALL_PAY, pay.a_deal),
    "statements:period": Route(pay.SEE_ALL_PAY),
    "statements:adjustments": Route(pay.SEE_ALL_PAY),
    "statements:undo_adjustment": Route(pay.SEE_ALL_PAY, pay.an_adjustment, posts=True),
    "statements:decide_proposal": Route(pay.SEE_ALL_PAY, pay.a_proposal, posts=True),
    "statements:disputes": Route(EVERYBODY),
    "statements:dispute": Route(pay.SEE_ALL_PAY, pay.a_dispute),
    "statements:withdraw": Route(pay.SEE_ALL_PAY, pay.a_dispute, posts=True),
    "rollup:month": Route(money.READS, money.a_month, everywhere=True),
    "connections:connections": Route(crm.READS),
    "connections:new": Route(crm.WRITES),
    "connections:new_rest": Route(crm.WRITES),
    "connections:which_source_wins": Route(crm.WRITES),
    "connections:new_inbound": Route(crm.WRITES),
    "connections:webhook": Route(crm.READS, crm.an_inbound),
    "connections:webhook_secret": Route(crm.WRITES, crm.an_inbound, posts=True),
    "connections:delivery": Route(crm.READS, crm.a_delivery),
    "connections:replay": Route(crm.RUNS, crm.a_delivery, posts=True),
    "connections:schemas": Route(crm.WRITES, crm.an_inbound),
    "connections:upload": Route(crm.RUNS),
    "connections:upload_template": Route(crm.RUNS, crm.deals, everywhere=True),
    "connections:upload_preview": Route(crm.RUNS, crm.an_upload),
    "connections:upload_leave": Route(crm.RUNS, crm.an_upload, posts=True),
    "connections:upload_look": Route(crm.RUNS, crm.an_upload, posts=True),
    "connections:upload_people": Route(crm.RUNS, crm.an_upload, posts=True),
    "connections:upload_bad_rows": Route(crm.RUNS, crm.an_upload),
    "connections:connection": Route(crm.READS, crm.a_connection),
    "connections:objects": Route(crm.WRITES, crm.a_connection),
    "connections:map_revert": Route(crm.WRITES, crm.a_mapping, posts=True),
    "connections:map": Route(crm.WRITES, crm.a_connection),
    "connections:refused": Route(crm.READS, crm.a_connection),
    "writeback:writeback": Route(crm.READS, crm.a_connection),
    "writeback:values": Route(crm.READS, crm.a_write_back),
    "writeback:turn_off": Route(crm.WRITES, crm.a_write_back),
    "writeback:again": Route(crm.RUNS, crm.a_write_back, posts=True),
    "writeback:rewrite": Route(crm.WRITES, crm.a_write_back, posts=True),
    "connections:sync_run": Route(crm.READS, crm.a_sync),
    "connections:sync": Route(crm.RUNS, crm.a_connection, posts=True),
    "connections:pause": Route(crm.WRITES, crm.a_connection, posts=True),
    "connections:resume": Route(crm.WRITES, crm.a_connection, posts=True),
    "connections:key": Route(crm.WRITES, crm.a_connection),
    "connections:disconnect": Route(crm.WRITES, crm.a_connection),
    "connections:refused_everywhere": Route(crm.READS),
    "connections:retry": Route(crm.RUNS, posts=True),
    "connections:refused_record": Route(crm.READS, crm.a_refused_record),
    "connections:ignore": Route(crm.RUNS, crm.a_refused_record, posts=True),
    "connections:undo_ignore": Route(crm.RUNS, crm.a_refused_record, posts=True),
    "connections:people": Route(crm.READS),
    "connections:accept_matches": Route(crm.WRITES, posts=True),
    "connections:new_payees": Route(crm.WRITES, posts=True),
    "connections:match": Route(crm.WRITES, crm.a_user, posts=True),
    "connections:unmatch": Route(crm.WRITES, crm.a_user, posts=True),
    "ledger:payee_new": Route(crm.RUNS),
    "ledger:payees_file": Route(crm.RUNS),
    "ledger:payees_upload": Route(crm.RUNS),
    "ledger:payee": Route(crm.READS, crm.a_payee),
    "ledger:payee_edit": Route(crm.RUNS, crm.a_payee),
    "ledger:place": Route(crm.RUNS, crm.a_payee, posts=True),
    "ledger:merge": Route(crm.RUNS, crm.a_payee, posts=True),
    "ledger:undo_merge": Route(crm.RUNS, crm.a_payee, posts=True),
    "ledger:products": Route(crm.READS),
    "ledger:product_new": Route(crm.RUNS),
    "ledger:products_file": Route(crm.READS),
    "ledger:products_upload": Route(crm.RUNS),
    "ledger:product": Route(crm.READS, crm.a_product),
    "ledger:territories": Route(crm.READS),
    "ledger:territory_new": Route(crm.RUNS),
    "ledger:territories_file": Route(crm.READS),
    "ledger:territories_upload": Route(crm.RUNS),
    "ledger:territory": Route(crm.READS, crm.a_territory),
    "ledger:api_entries": Route(EVERYBODY),
    "ledger:api_entry": Route(pay.SEE_ALL_PAY, pay.a_deal),
    "api:jobs": Route({Role.FINANCE, Role.ADMIN}),
    "api:job": Route({Role.FINANCE, Role.ADMIN}, a_job),
}

GROUP_ROUTES: dict[str, Route] = {
    "rollup:overview": Route(OWNERS),
    "rollup:rates": Route(OWNERS),
    "accounts:group_people": Route(OWNERS),
    "accounts:group_end_role": Route(OWNERS, a_group_role),
    "accounts:group_new_business": Route(OWNERS),
    "jobs:group_jobs": Route(OWNERS),
    "jobs:group_job": Route(OWNERS, a_group_job),
    "jobs:group_cancel": Route(OWNERS, a_group_job, posts=True),
    "jobs:group_again": Route(OWNERS, a_group_job, posts=True),
    "audit:group_audit": Route(OWNERS),
    "plans:group_library": Route(OWNERS),
    "plans:group_library_plan": Route(OWNERS, money.a_shelved_plan),
    "plans:group_library_table": Route(OWNERS, money.a_shelved_table),
    "connections:group_connections": Route(OWNERS),
    "connections:group_new": Route(OWNERS),
    "connections:group_new_rest": Route(OWNERS),
    "connections:group_connection": Route(OWNERS, crm.a_shared_connection),
    "connections:group_routes": Route(OWNERS, crm.a_shared_connection),
    "connections:group_route_table": Route(OWNERS, crm.a_route_table),
    "connections:group_save_routes": Route(OWNERS, crm.a_route_table, posts=True),
    "connections:group_revert_routes": Route(OWNERS, crm.a_route_table, posts=True),
    "connections:group_sync_run": Route(OWNERS, crm.a_sync),
    "connections:group_objects": Route(OWNERS, crm.a_shared_connection),
    "connections:group_webhook": Route(OWNERS, crm.an_inbound),
    "connections:group_webhook_secret": Route(OWNERS, crm.an_inbound, posts=True),
    "connections:group_delivery": Route(OWNERS, crm.a_delivery),
    "connections:group_replay": Route(OWNERS, crm.a_delivery, posts=True),
    "connections:group_sync": Route(OWNERS, crm.a_shared_connection, posts=True),
    "connections:group_pause": Route(OWNERS, crm.a_shared_connection, posts=True),
    "connections:group_resume": Route(OWNERS, crm.a_shared_connection, posts=True),
    "connections:group_key": Route(OWNERS, crm.a_shared_connection),
    "connections:group_disconnect": Route(OWNERS, crm.a_shared_connection),
    "connections:api_connections": Route(OWNERS),
    "connections:api_connection": Route(OWNERS, crm.a_shared_connection),
    "connections:api_test": Route(OWNERS, crm.a_shared_connection, posts=True),
    "connections:api_secret": Route(OWNERS, crm.an_inbound, posts=True),
    "connections:api_sync": Route(OWNERS, crm.a_shared_connection, posts=True),
    "connections:api_syncs": Route(OWNERS, crm.a_shared_connection),
    "connections:api_mapping": Route(OWNERS, crm.a_shared_connection),
    "connections:api_fields": Route(OWNERS, crm.a_shared_connection),
    "connections:api_refused": Route(OWNERS, crm.a_shared_connection),
    "api:group_jobs": Route(OWNERS),
    "api:group_job": Route(OWNERS, a_group_job),
}
