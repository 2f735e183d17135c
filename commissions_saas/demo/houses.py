"""Each business of the demo as it is founded: its books, plans, sources and people."""

from collections.abc import Callable
from datetime import date
from typing import Any

from commissions_saas.demo import founding
from commissions_saas.demo.book import Book
from commissions_saas.demo.replay import Replay, mapping_document, require_done
from commissions_saas.demo.story import (
    brightwater,
    cobalt,
    lantern,
    ridgeline,
    ridgeline_people,
)
from commissions_saas.demo.story.facts import Firm
from commissions_saas.demo.story.people import OWNER
from commissions_saas.demo.story.plans import paying_for_care
from crm_sync.connections import matching, routing, upload_columns
from crm_sync.connections import services as connections
from crm_sync.connections.models import Connection
from crm_sync.ledger import dated
from crm_sync.ledger.models import Payee
from tenants.accounts.models import Business
from tenants.jobs.services import run_all_jobs
from tenants.schema import in_business

SHARED_FIELDS = {
    "Business": "choices",
    "Product": "choices",
    "Territory": "choices",
    "Dealer fee": "number",
    "Customer paid": "yesno",
    "Installed": "yesno",
    "Split with": "user",
    "Split percent": "number",
}
COMMON: dict[str, dict[str, Any]] = {
    "product": {"label": "Product", "type": "text", "required": True},
    "territory": {"label": "Territory", "type": "text"},
    "customer_paid": {"label": "Customer paid", "type": "yesno"},
    "split_with": {"label": "Split with", "type": "text"},
    "split_percent": {"label": "Split percent", "type": "percent"},
}


def found_brightwater(replay: Replay) -> None:
    """The business of the hero: three versions of one plan, everybody on it."""
    house, firm = replay.house, brightwater.firm()
    business = founding.found_business(house, firm)
    payees = founding.found_payees(house, firm)
    book = shared_book(replay)
    for person in firm.people:
        book.add_person(person.name, person.email)
    book.add_person(brightwater.KENJI, "k.ito@brightwater.example")
    book.take(firm.items)
    connection = replay.connect(book, name="Hale", objects=("deal",))
    priya, luis = (house.member(key, firm.slug) for key in ("priya", "luis"))
    connections.test_connection(connection=connection)
    _map(
        connection,
        business,
        mapping_document(
            book, {**COMMON, "dealer_fee": {"label": "Dealer fee", "type": "money"}}
        ),
    )
    text = founding.plan_text(brightwater.PLAN)
    with in_business(business):
        founding.set_tables(text, by=luis)
        plan = founding.found_plan(
            paying_for_care(text, 30),
            starts_on=founding.BEGIN,
            written_by=luis,
            published_by=priya,
        )
        for amount, day in ((35, date(2026, 6, 16)), (40, date(2026, 7, 1))):
            founding.new_version(
                plan,
                paying_for_care(text, amount),
                starts_on=day,
                written_by=luis,
                published_by=priya,
            )
        founding.assign_people(firm, payees, {brightwater.PLAN: plan}, by=luis)
        replay.plans[brightwater.PLAN] = plan
    _route(replay, {brightwater.BUSINESS: firm.slug})
    matching.accept_exact_matches(connection=connection, business=business)
    require_done(run_all_jobs())


def make_a_field_to_write_into(replay: Replay) -> None:
    """What deals pay may be written back: into this field, once somebody turns it on."""
    replay.books[0].account.add_custom_field("Commission", "number")
    connections.test_connection(connection=replay.connections[0])


def found_ridgeline(replay: Replay) -> None:
    """The neighbour in the same Close: two plans, a gate, and teams with managers."""
    house, firm = replay.house, ridgeline.firm()
    business = founding.found_business(house, firm)
    payees = founding.found_payees(house, firm)
    book, connection = replay.books[0], replay.connections[0]
    for person in firm.people:
        book.add_person(person.name, person.email)
    book.take(firm.items)
    connections.test_connection(connection=connection)
    installed = {"installed": {"label": "Installed", "type": "yesno"}}
    _map(connection, business, mapping_document(book, {**COMMON, **installed}))
    _plans(replay, firm, payees, (ridgeline_people.SELLING, ridgeline_people.MANAGING))
    _route(replay, {brightwater.BUSINESS: "brightwater", ridgeline.BUSINESS: firm.slug})
    matching.accept_exact_matches(connection=connection, business=business)
    require_done(run_all_jobs())


def found_cobalt(replay: Replay) -> None:
    """The software house, with a Close of its own that brings meetings as well."""
    house, firm = replay.house, cobalt.firm()
    business = founding.found_business(house, firm)
    payees = founding.found_payees(house, firm)
    book = Book(
        replay.store,
        name=firm.name,
        currency=firm.currency,
        fields={"Product": "choices", "Territory": "choices"},
    )
    book.add_person("Cora Whitfield", "cora.whitfield@hale.example", is_admin=True)
    for person in firm.people:
        book.add_person(person.name, person.email)
    book.take(firm.items)
    objects = ("deal", "meeting")
    connection = replay.connect(
        book, name="Cobalt Desk", business=firm.slug, objects=objects
    )
    connections.test_connection(connection=connection)
    custom = {key: COMMON[key] for key in ("product", "territory")}
    _map(connection, business, mapping_document(book, custom))
    _plans(replay, firm, payees, (cobalt.SELLING, cobalt.MEETING))
    matching.accept_exact_matches(connection=connection, business=business)
    require_done(run_all_jobs())


def found_lantern(replay: Replay) -> None:
    """The brokers: no CRM, one file of policies each month."""
    house, firm = replay.house, lantern.firm()
    business = founding.found_business(house, firm)
    payees = founding.found_payees(house, firm)
    connections.save_mapping(
        connection=upload_columns.file_connection(business, None),
        object_="deal",
        document=lantern.MAPPING,
    )
    _plans(replay, firm, payees, (lantern.PLAN,))
    with in_business(business):
        dated.set_rate(
            currency=lantern.IN_EUROS.currency,
            into=firm.currency,
            rate=lantern.EUROS_ARE,
            starts_on=lantern.IN_EUROS.day,
            source=lantern.EUROS_FROM,
            by=house.member("cora", firm.slug),
        )
    require_done(run_all_jobs())


def _plans(
    replay: Replay, firm: Firm, payees: dict[str, Payee], names: tuple[str, ...]
) -> None:
    """Put a business's plans in force and its people on them."""
    house = replay.house
    cora, owner = house.member("cora", firm.slug), house.member(OWNER, firm.slug)
    with in_business(house.businesses[firm.slug]):
        made = {}
        for name in names:
            text = founding.plan_text(name)
            founding.set_tables(text, by=cora)
            made[name] = founding.found_plan(
                text,
                starts_on=founding.BEGIN,
                written_by=cora,
                published_by=owner,
            )
        founding.assign_people(firm, payees, made, by=cora)
        founding.note_bank_details(payees)


def shared_book(replay: Replay) -> Book:
    """Return the Close organisation that two of the businesses share."""
    book = Book(
        replay.store,
        name="Hale Family Holdings",
        currency="USD",
        fields=SHARED_FIELDS,
    )
    book.add_person("Renata Hale", "renata.hale@hale.example", is_admin=True)
    book.add_person(brightwater.PRIYA, "priya.nair@brightwater.example", is_admin=True)
    return book


def _route(replay: Replay, routes: dict[str, str]) -> None:
    """Say which value of the field Business leads to which business."""
    book, house = replay.books[0], replay.house
    routing.save_routes(
        connection=replay.connections[0],
        path=f"custom.{book.fields['Business']}",
        routes={value: house.businesses[slug].pk for value, slug in routes.items()},
        by=house.owner(),
    )


def _map(
    connection: Connection,
    business: Business,
    document: dict[str, Any],
    object_: str = "deal",
) -> None:
    connections.save_mapping(
        connection=connection, object_=object_, document=document, business=business
    )


ALL: tuple[Callable[[Replay], None], ...] = (
    found_brightwater,
    found_ridgeline,
    found_cobalt,
    found_lantern,
)
