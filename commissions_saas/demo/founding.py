"""The first day of the demo: the group, its businesses, people, plans and sources."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from commissions.plans import assigning
from commissions.plans import services as plans
from commissions.plans.models import Plan
from commissions.plans.yaml_form import plan_from_yaml
from commissions_saas.demo.story.facts import Firm, Person
from commissions_saas.demo.story.people import LOGINS, OWNER, Login
from commissions_saas.lib import clock
from crm_sync.connections.sealing import seal
from crm_sync.ledger import placements
from crm_sync.ledger import services as ledger
from crm_sync.ledger.models import Payee, Territory
from payouts.runs.models import BankDetails
from tenants.access import Member, member_of, member_of_group
from tenants.accounts import services as accounts
from tenants.accounts.models import Business, Group, Role, User
from tenants.jobs.services import run_all_jobs
from tenants.schema import current_business, in_business

PLANS = Path(__file__).parent / "plans"
BEGIN = date(2026, 6, 1)


@dataclass(slots=True)
class House:
    """The group with its users and businesses."""

    group: Group
    users: dict[str, User]
    businesses: dict[str, Business] = field(default_factory=dict)

    def member(self, key: str, business: str) -> Member:
        """Return a person as a member of a business today."""
        place = self.businesses[business]
        day = clock.today(place.time_zone)
        found = member_of(user=self.users[key], business=place, day=day)
        if found is None:
            raise LookupError(f"{key} is nobody at {business}.")
        return found

    def owner(self) -> Member:
        """Return the owner as a member of the group."""
        day = clock.today("UTC")
        found = member_of_group(user=self.users[OWNER], group=self.group, day=day)
        if found is None:
            raise LookupError("The group has no owner.")
        return found


def found_group() -> House:
    """Make the people who can log in, and the group with its first owner."""
    users = {login.key: make_user(login) for login in LOGINS}
    group = accounts.create_group(
        name="Hale Family Holdings", slug="hale", owner=users[OWNER]
    )
    return House(group, users)


def make_user(login: Login) -> User:
    """Make one person."""
    return accounts.create_user(email=login.email, name=login.name)


def found_business(house: House, firm: Firm) -> Business:
    """Make a business and give its people their roles."""
    owner = house.users[OWNER]
    business = accounts.create_business(
        group=house.group,
        name=firm.name,
        slug=firm.slug,
        currency=firm.currency,
        time_zone=firm.zone,
        pay_calendar=firm.calendar,
        by=owner,
    )
    run_all_jobs()
    business.refresh_from_db()
    house.businesses[firm.slug] = business
    for login in LOGINS:
        if firm.slug in login.roles:
            row = accounts.add_member(
                user=house.users[login.key], business=business, by=owner
            )
            accounts.grant_role(
                member=row,
                role=Role(login.roles[firm.slug]),
                starts_on=BEGIN,
                by=owner,
            )
    return business


def found_payees(house: House, firm: Firm) -> dict[str, Payee]:
    """Make products, territories and payees, and place them."""
    with in_business(house.businesses[firm.slug]):
        for name in firm.products:
            ledger.create_product(name=name)
        territories = {
            name: ledger.create_territory(name=name) for name in firm.territories
        }
        payees = {
            person.name: _payee(house, person, number)
            for number, person in enumerate(firm.people, 1)
        }
        for person in firm.people:
            _place(person, payees, territories)
    return payees


def _payee(house: House, person: Person, number: int) -> Payee:
    user = house.users[person.login] if person.login else None
    payee = ledger.create_payee(
        name=person.name,
        email=person.email,
        employee_number=f"E{number:03}",
        title=person.title,
        user_id=user.pk if user else None,
    )
    if person.leaves_on:
        Payee.objects.filter(pk=payee.pk).update(leaves_on=person.leaves_on)
    return payee


def _place(
    person: Person, payees: Mapping[str, Payee], territories: Mapping[str, Territory]
) -> None:
    if person.territory or person.manager:
        placements.place_payee(
            payee=payees[person.name],
            manager=payees.get(person.manager),
            territory=territories.get(person.territory),
            starts_on=BEGIN,
        )


def found_plan(
    text: str, *, starts_on: date, written_by: Member, published_by: Member
) -> Plan:
    """Write a plan from its file and put it in force; a second person publishes."""
    draft = plans.create_plan(document=plan_from_yaml(text), by=written_by)
    plans.publish_version(draft=draft, starts_on=starts_on, by=published_by)
    return draft.plan


def new_version(
    plan: Plan, text: str, *, starts_on: date, written_by: Member, published_by: Member
) -> None:
    """Publish another version of a plan."""
    draft = draft_version(plan, text, written_by=written_by)
    plans.publish_version(draft=draft, starts_on=starts_on, by=published_by)


def draft_version(plan: Plan, text: str, *, written_by: Member) -> Any:
    """Write the next version of a plan as a draft."""
    draft = plans.start_draft(plan=plan, by=written_by)
    return plans.save_draft(
        draft=draft,
        document=plan_from_yaml(text),
        seen_edition=draft.edition,
        by=written_by,
    )


def set_tables(text: str, by: Member) -> None:
    """Make the rate tables that a plan file brings along tables of the business."""
    tables: dict[str, Any] = dict(plan_from_yaml(text).raw).get("tables") or {}  # type: ignore[assignment]
    for key, raw in tables.items():
        assigning.set_table(
            key=key,
            name=key.replace("_", " ").capitalize(),
            kind=raw.get("kind", "tiers"),
            starts_on=BEGIN,
            rows=raw["rows"],
            by=by,
        )


def assign_people(
    firm: Firm, payees: Mapping[str, Payee], of: Mapping[str, Plan], by: Member
) -> None:
    """Put everybody on their plans from the first day."""
    for person in firm.people:
        for name in person.plans:
            wants = assigning.variables_of(of[name])
            assigning.assign(
                payee=payees[person.name],
                plan=of[name],
                starts_on=BEGIN,
                ends_on=person.leaves_on,
                values={k: person.values[k] for k in wants if k in person.values},
                by=by,
            )


def put_on_plan(payee: Payee, plan: Plan, *, starts_on: date, by: Member) -> None:
    """Put one payee on a plan that asks for no values."""
    assigning.assign(
        payee=payee, plan=plan, starts_on=starts_on, ends_on=None, values={}, by=by
    )


def note_bank_details(payees: Mapping[str, Payee]) -> None:
    """Give everybody an invented account."""
    for number, payee in enumerate(payees.values(), 1):
        BankDetails.objects.create(payee=payee, **_account(payee, f"{number:04}"))


def change_bank_details(name: str) -> None:
    """Give one payee another account, now."""
    payee = Payee.objects.get(name=name)
    BankDetails.objects.filter(payee=payee).update(**_account(payee, "9931"))


def _account(payee: Payee, end: str) -> dict[str, Any]:
    number = f"00000000{end}"
    return {
        "holder": payee.name,
        "sealed": seal(number, group_id=current_business().group_id),
        "hint": end,
        "changed_at": clock.now(),
    }


def plan_text(name: str) -> str:
    """Return a plan file."""
    return (PLANS / f"{name}.yaml").read_text()
