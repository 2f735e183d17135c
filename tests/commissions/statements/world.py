"""Builders for statements: deals as a source sends them, plans as files hold them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from commissions.plans.models import Assignment, Plan, PlanVersion
from commissions.plans.yaml_form import plan_from_yaml
from commissions.statements import services
from commissions.statements.models import Line, PayPeriod, Statement
from commissions.statements.recalculate import Summary, recalculate
from commissions_saas.lib import clock
from crm_sync.ledger import services as ledger
from crm_sync.ledger.catalogue import save_fields
from crm_sync.ledger.changes import next_change
from crm_sync.ledger.facts import FieldFact
from crm_sync.ledger.models import Entry, Payee
from crm_sync.ledger.reading import Incoming
from crm_sync.ledger.recording import Origin, record
from tenants.access import Member, member_of
from tenants.accounts.models import Business
from tenants.accounts.models import Member as MemberRow

PLANS = Path(__file__).parent / "plans"
SYSTEM, CARE, AIR = "System replacement", "Maintenance plan", "Air quality"
CLOSE = Origin(connection_id=1, source="Close")
MAPPED = frozenset(
    [
        "name",
        "amount",
        "won_on",
        "status_type",
        "owner",
        "product",
        "dealer_fee",
        "customer_paid",
    ]
)


def a_payee(name: str, user: str, user_id: int | None = None) -> Payee:
    payee = ledger.create_payee(name=name, user_id=user_id)
    ledger.match_payee(payee=payee, connection_id=1, external_id=user)
    return payee


def a_plan(file: str, starts_on: date, replacing: tuple[str, str] = ("", "")) -> Plan:
    """Publish a plan file as a version in force from a day."""
    save_fields(
        [
            FieldFact("deal", "dealer_fee", "Dealer fee", "money"),
            FieldFact("deal", "customer_paid", "Customer paid", "yesno"),
            FieldFact("deal", "owner_percent", "Owner's share", "percent"),
        ]
    )
    text = (PLANS / f"{file}.yaml").read_text()
    plan, _ = Plan.objects.get_or_create(name=file, slug=file)
    publish(plan, text.replace(*replacing) if replacing[0] else text, starts_on)
    return plan


@transaction.atomic
def publish(plan: Plan, text: str, starts_on: date) -> PlanVersion:
    document = plan_from_yaml(text)
    number = plan.versions.count() + 1
    return PlanVersion.objects.create(
        plan=plan,
        number=number,
        state=PlanVersion.State.PUBLISHED,
        document=document.raw,
        sha256=document.hash,
        starts_on=starts_on,
        opened=next_change(kind="plan", words=f"{plan.name} v{number} published"),
        edited_at=clock.now(),
    )


def plan_text(file: str) -> str:
    return (PLANS / f"{file}.yaml").read_text()


@transaction.atomic
def assign(
    payee: Payee,
    plan: Plan,
    starts_on: date,
    ends_on: date | None = None,
    **values: str,
) -> Assignment:
    number = next_change(
        kind="assignment",
        words=f"{payee.name} is on {plan.name}",
        payee_id=payee.pk,
    )
    return Assignment.objects.create(
        payee=payee,
        plan=plan,
        starts_on=starts_on,
        ends_on=ends_on,
        values=values,
        opened=number,
    )


def a_deal(
    id_: str, day: date | None, amount: str, product: str, **values: Any
) -> Incoming:
    """A deal as its source sends it; `version` rises with the clock."""
    version = values.pop("version", clock.now().isoformat())
    given: dict[str, Any] = {
        "name": id_.replace("_", " ").capitalize(),
        "amount": Decimal(amount),
        "currency": "USD",
        "won_on": day,
        "status": "Won",
        "status_type": "won",
        "owner": "user_maya",
        "product": product,
        "customer_paid": True,
    } | values
    return Incoming(
        object="deal",
        external_id=id_,
        version=version,
        values={key: value for key, value in given.items() if value is not None},
        payload={"id": id_, "version": version},
        mapped=MAPPED,
        required=frozenset({"product"}),
        changed_by="Priya Nair",
    )


def sync(*deals: Incoming) -> None:
    """Bring deals into the ledger, each with a change number of its own."""
    outcome = record(records=deals, origin=CLOSE)
    assert not outcome.refused, "a deal of the test was refused"


def entry(id_: str) -> Entry:
    return Entry.objects.get(external_id=id_)


def novembers_deals() -> list[Incoming]:
    """Maya's eleven deals, as they stood on 23 November."""
    plans = [
        a_deal(f"plan_{day}", date(2026, 11, day), "240", CARE)
        for day in (5, 11, 16, 20)
    ]
    return [
        a_deal(
            "delgado", date(2026, 11, 4), "18400", SYSTEM, dealer_fee=Decimal("1380")
        ),
        a_deal("whitcomb", date(2026, 11, 9), "43750", SYSTEM, name="Whitcomb Dental"),
        a_deal(
            "pruitt",
            date(2026, 11, 13),
            "14980",
            SYSTEM,
            dealer_fee=Decimal("1123.50"),
            customer_paid=False,
        ),
        a_deal(
            "sandoval",
            date(2026, 11, 19),
            "21600",
            SYSTEM,
            name="Sandoval residence",
            split_with="user_theo",
            split_percent=Decimal("0.5"),
        ),
        *plans,
        a_deal("ibarra", date(2026, 11, 12), "2450", AIR),
        a_deal("kessler", date(2026, 11, 23), "890", AIR),
    ]


def whitcomb_is_corrected() -> Incoming:
    return a_deal(
        "whitcomb", date(2026, 11, 9), "41250", SYSTEM, name="Whitcomb Dental"
    )


def kesslers_plan_is_won() -> Incoming:
    return a_deal(
        "kessler_plan", date(2026, 11, 24), "240", CARE, name="Kessler maintenance"
    )


def lost(
    id_: str, day: date, lost_on: date, amount: str, product: str, **values: Any
) -> Incoming:
    values |= {"status": "Lost", "status_type": "lost", "lost_on": lost_on}
    return a_deal(id_, day, amount, product, **values)


def adjust(payee: Payee, period: PayPeriod, amount: str, by: Member) -> None:
    services.add_adjustment(
        payee=payee,
        period=period,
        amount=amount,
        currency="USD",
        reason="Agreed",
        by=by,
    )


def catch_up() -> Summary:
    """Recalculate until no change is left: a late change may post an adjustment."""
    summary = recalculate()
    again = recalculate()
    while again.statements:
        summary, again = again, recalculate()
    return summary


def statement(payee: Payee, slug: str) -> Statement:
    return Statement.objects.get(payee=payee, period__slug=slug)


def live(row: Statement) -> list[Line]:
    return list(
        Line.objects.filter(
            payee_id=row.payee_id, period_id=row.period_id, closed_run__isnull=True
        ).order_by("component", "earned_on", "entry_id", "adjustment_id")
    )


def acting(row: MemberRow, business: Business, on: date = date(2026, 11, 24)) -> Member:
    """The member as the middleware would hand them to a view."""
    found = member_of(user=row.user, business=business, day=on)
    assert found is not None
    return found


def moment(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def written() -> tuple[int, int]:
    """How many lines and causes there are, to see that nothing was written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM statements_cause")
        causes = cursor.fetchone()[0]
    return Line.objects.count(), causes
