"""What people do in the months of the replay, beside reading sources and paying."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from commissions.statements.disputes import decide_dispute, open_dispute
from commissions.statements.models import Line, PayPeriod
from commissions_saas.demo import founding
from commissions_saas.demo.replay import Replay, Went, require_done
from commissions_saas.demo.story import (
    brightwater,
    cobalt,
    lantern,
    lantern_books,
    ridgeline,
    ridgeline_people,
)
from commissions_saas.demo.story.plans import paying_for_care
from crm_sync.connections import services as connections
from crm_sync.connections import uploads
from crm_sync.ledger.models import Payee
from crm_sync.ledger.services import create_customer
from payouts.runs.models import Payout
from payouts.runs.services.pay import mark_returned
from tenants.jobs.models import Job
from tenants.jobs.services import run_all_jobs, run_now
from tenants.rollup.services import enter_rate
from tenants.schema import in_business


def draft_version_four(replay: Replay) -> None:
    """Luis drafts 60 instead of 40 for a maintenance plan; Priya can publish it."""
    house = replay.house
    with in_business(house.businesses[brightwater.SLUG]):
        founding.draft_version(
            replay.plans[brightwater.PLAN],
            paying_for_care(founding.plan_text(brightwater.PLAN), 60),
            written_by=house.member("luis", brightwater.SLUG),
        )


def change_bank_details(replay: Replay) -> None:
    """Ines gives another account, two days before the run."""
    business = replay.house.businesses[ridgeline.SLUG]
    with in_business(business):
        founding.change_bank_details(ridgeline_people.INES)


def upload_policies(first: date) -> Callable[[Replay], None]:
    """Amir sends a month's file of policies."""

    def take(replay: Replay) -> None:
        business = replay.house.businesses[lantern.SLUG]
        amir = replay.house.member("amir", lantern.SLUG)
        name, content = lantern.files()[first]
        upload, preview = uploads.look_at_file(
            business=business, object_="deal", name=name, content=content, by=amir
        )
        if preview.refused:
            raise Went(f"{name}: {preview.refused[0]}")
        uploads.commit_upload(upload=upload, business=business, by=amir)
        require_done(run_all_jobs())

    return take


def keep_books(replay: Replay) -> None:
    """Amir sends what accounting has: invoices and payments of Lantern's policies."""
    business = replay.house.businesses[lantern.SLUG]
    amir = replay.house.member("amir", lantern.SLUG)
    with in_business(business):
        for name in lantern_books.customers():
            create_customer(name=name, by=amir)
    for object_, (name, content) in (
        ("invoice", lantern_books.invoice_file()),
        ("payment", lantern_books.payment_file()),
    ):
        upload, preview = uploads.look_at_file(
            business=business, object_=object_, name=name, content=content, by=amir
        )
        if preview.refused:
            raise Went(f"{name}: {preview.refused[0]}")
        uploads.commit_upload(upload=upload, business=business, by=amir)
        require_done(run_all_jobs())


def return_noahs_payment(replay: Replay) -> None:
    """The bank sends Noah's money back."""
    with in_business(replay.house.businesses[lantern.SLUG]):
        payout = Payout.objects.get(
            payee__name=lantern.NOAH, run__period__slug="2026-10"
        )
        amir = replay.house.member("amir", lantern.SLUG)
        mark_returned(payout=payout, reason="Account closed", by=amir)


def settle_disputes(replay: Replay) -> None:
    """Two questions about October are answered: one was right, one was not."""
    house = replay.house
    with in_business(house.businesses[brightwater.SLUG]):
        amir = house.member("amir", brightwater.SLUG)
        maya = house.member("maya", brightwater.SLUG)
        theo = house.member("theo", brightwater.SLUG)
        fee = open_dispute(
            line=_line(brightwater.THEO, "2026-10", "air_quality"),
            reason="amount",
            claimed=None,
            note="The second filter of this customer is missing.",
            by=theo,
        )
        decide_dispute(
            dispute=fee,
            amount=fee.computed + Decimal("24.50"),
            answer="You are right: the second filter was sold for 245.00.",
            by=amir,
        )
        rate = open_dispute(
            line=_line(brightwater.MAYA, "2026-10", "system_replacement"),
            reason="rate",
            claimed=None,
            note="I thought that this deal was above the tier.",
            by=maya,
        )
        decide_dispute(
            dispute=rate,
            amount=None,
            answer="Your volume in October stayed below 80,000.00, so 6 % is right.",
            by=amir,
        )
    require_done(run_all_jobs())


def dispute_the_split(replay: Replay) -> None:
    """Theo claims 60 % of a deal that he shares with Maya half and half."""
    house = replay.house
    with in_business(house.businesses[brightwater.SLUG]):
        line = _line(brightwater.THEO, "2026-11", "system_replacement", role="split")
        open_dispute(
            line=line,
            reason="split",
            claimed=Decimal("777.60"),
            note="We agreed on 60 %: I found the customer and did the survey.",
            by=house.member("theo", brightwater.SLUG),
        )


def _line(payee: str, slug: str, component: str, role: str = "owner") -> Line:
    period = PayPeriod.objects.get(slug=slug)
    own = Line.objects.filter(
        payee_id=Payee.objects.get(name=payee).pk,
        period_id=period.pk,
        component=component,
        role=role,
        closed_run__isnull=True,
    )
    return own.order_by("pk")[:1].get()


def enter_rates(replay: Replay) -> None:
    """Renata enters by which rates the group adds up dollars of Canada, and euros."""
    rates = [("CAD", month, text) for month, text in enumerate(lantern.RATES, 6)]
    for currency, month, text in (*rates, ("EUR", 11, lantern.MONTHS_EURO)):
        enter_rate(
            group_id=replay.house.group.pk,
            month=date(2026, month, 1),
            currency=currency,
            into="USD",
            text=text,
            source="demo rates, invented",
            by=replay.house.owner(),
        )


def lose_cobalts_key(replay: Replay) -> None:
    """Somebody deletes the key in Close; the next reading is refused."""
    connection = next(one for one in replay.connections if one.name == cobalt.NAME)
    replay.connections.remove(connection)
    replay.store.run(
        "UPDATE api_key SET revoked = 1 WHERE key = ?", [replay.keys[connection.pk]]
    )
    job = run_now(connections.start_sync(connection=connection))
    if job.state != Job.State.FAILED:
        raise Went(f"The key of {connection.name} still works.")
