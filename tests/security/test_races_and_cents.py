"""Two at once take effect once; and no cent is made or lost by dividing."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from commissions.plans.models import PlanVersion
from commissions.plans.services import create_plan, publish_version
from commissions.plans.yaml_form import plan_from_yaml
from commissions.statements import services as statements
from commissions.statements.exports import _row
from commissions.statements.models import (
    Adjustment,
    Line,
    PayPeriod,
    Proposal,
    Statement,
)
from commissions.statements.periods import row_of
from commissions_saas.demo.processes import wait_until
from commissions_saas.lib import clock
from commissions_saas.lib.money import places, round_money, split
from commissions_saas.lib.periods import parse_period
from crm_sync.ledger.models import Payee
from crm_sync.ledger.placements import place_payee
from crm_sync.ledger.services import create_payee
from payouts.runs.models import PayoutRun
from payouts.runs.services import prepare
from tenants.access import Member
from tenants.accounts.models import Business, Group, Role, RoleGrant, User
from tenants.accounts.models import Member as MemberRow
from tenants.accounts.services import grant_role
from tenants.jobs.models import Job
from tenants.jobs.services import claim, enqueue, without_sending
from tenants.schema import in_business
from tests.commissions.statements import world
from tests.databases import Copy
from tests.payouts.conftest import NOVEMBER_2
from tests.people import a_member, a_user
from tests.security.duties import PLAN
from tests.spine.killing import held

Act = Callable[[], Any]


def at_once(business: Business | None, *acts: Act) -> list[Any]:
    """Do all of them at the same moment; return results or what was raised."""
    barrier = threading.Barrier(len(acts))
    found: list[Any] = [None] * len(acts)

    def do(number: int, act: Act) -> None:
        try:
            barrier.wait(timeout=120)
            with clock.at(NOVEMBER_2):
                if business is None:
                    found[number] = act()
                else:
                    with in_business(business):
                        found[number] = act()
        except Exception as problem:
            found[number] = problem
        finally:
            connection.close()

    threads = [
        threading.Thread(target=do, args=(number, act))
        for number, act in enumerate(acts)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=180)
    assert not any(thread.is_alive() for thread in threads), "a deadlock"
    return found


def won(found: list[Any]) -> list[Any]:
    return [each for each in found if not isinstance(each, Exception)]


def told(found: list[Any]) -> list[str]:
    """The losers' exceptions: each must be a sentence of ours, not the database's."""
    return [type(each).__module__ for each in found if isinstance(each, Exception)]


def test_races_take_effect_once(
    fresh_db: Copy, acme: Business, globex: Business
) -> None:
    """One database for all of them, since a copy takes longer than they do."""
    with clock.at(NOVEMBER_2), without_sending():
        two_publishes(acme)
        two_grants_of_a_role(acme)
        two_claims_of_a_job(acme)
        two_placements_above_each_other(acme)
        two_decisions_and_a_freeze(acme)


def two_publishes(acme: Business) -> None:
    ada, eve, zoe = (a_member(acme, name, Role.ADMIN) for name in ("Ada", "Eve", "Zoe"))
    draft = create_plan(document=plan_from_yaml(PLAN), by=ada)

    def publish(by: Member) -> Act:
        return lambda: publish_version(
            draft=PlanVersion.objects.select_related("plan").get(pk=draft.pk),
            starts_on=clock.now().date(),
            by=by,
        )

    found = at_once(acme, publish(eve), publish(zoe))

    assert len(won(found)) == 1, found
    assert told(found) == ["commissions.plans.errors"]


def two_grants_of_a_role(acme: Business) -> None:
    ada = User.objects.get(name="Ada")
    nina = MemberRow.objects.create(
        user=a_user("Nina"), group_id=acme.group_id, business=acme
    )

    def grant() -> RoleGrant:
        return grant_role(member=nina, role=Role.FINANCE, by=ada)

    found = at_once(None, grant, grant, grant)

    assert len(won(found)) == 1, found
    assert set(told(found)) == {"tenants.accounts.errors"}
    assert RoleGrant.objects.filter(member=nina).count() == 1


def two_claims_of_a_job(acme: Business) -> None:
    with transaction.atomic():
        job = enqueue(kind="nothing", title="Nothing", business=acme)

    found = at_once(None, *(lambda: claim(job.pk) for _ in range(4)))

    assert [each for each in found if isinstance(each, Job)], found
    assert sum(isinstance(each, Job) for each in found) == 1
    assert Job.objects.get(pk=job.pk).attempt == 1


def two_placements_above_each_other(acme: Business) -> None:
    bob, cleo = create_payee(name="Bob"), create_payee(name="Cleo")
    day = clock.now().date()

    def place(payee: Payee, manager: Payee) -> Act:
        return lambda: place_payee(
            payee=payee, manager=manager, territory=None, starts_on=day
        )

    found = at_once(acme, place(bob, cleo), place(cleo, bob))

    assert len(won(found)) == 1, found
    assert told(found) == ["crm_sync.ledger.errors"]


def two_take_an_adjustment_back(
    acme: Business, maya: Payee, by: tuple[Member, Member]
) -> None:
    november = row_of(parse_period("2026-11"))
    added = statements.add_adjustment(
        payee=maya,
        period=november,
        amount="100",
        currency="USD",
        reason="Referral",
        by=by[0],
    )

    def undo(member: Member) -> Act:
        return lambda: statements.undo_adjustment(
            adjustment=Adjustment.objects.get(pk=added.pk), reason="Twice", by=member
        )

    found = at_once(acme, *(undo(member) for member in by))

    assert len(won(found)) == 1, found
    assert told(found) == ["commissions.statements.errors"]
    assert Adjustment.objects.filter(undoes=added).count() == 1


def two_decisions_and_a_freeze(acme: Business) -> None:
    from crm_sync.connections.models import Connection

    Connection.objects.create(pk=1, group_id=acme.group_id, kind="close", name="Close")
    maya = world.a_payee("Maya Okafor", "user_maya")
    plan = world.a_plan("technician", starts_on=clock.now().date().replace(month=7))
    world.assign(maya, plan, clock.now().date().replace(month=7))
    day = NOVEMBER_2.date().replace(month=10, day=5)
    world.sync(world.a_deal("care", day, "240", world.CARE))
    world.catch_up()
    period = PayPeriod.objects.get(slug="2026-10")
    alice, helen = (a_member(acme, name, Role.FINANCE) for name in ("Alice", "Helen"))

    found = at_once(
        acme,
        lambda: prepare.prepare_run(period=period, by=alice),
        lambda: prepare.prepare_run(period=period, by=helen),
        lambda: world.catch_up(),
    )
    assert PayoutRun.objects.exclude(state="void").count() == 1, found
    assert sum(isinstance(each, PayoutRun) for each in found) == 1
    assert told(found) == ["payouts.runs.errors"]

    row = Statement.objects.get(payee=maya, period=period)
    assert row.total == sum(
        Line.objects.filter(
            payee_id=maya.pk, period_id=period.pk, closed_run__isnull=True
        ).values_list("amount", flat=True)
    )
    two_take_an_adjustment_back(acme, maya, (alice, helen))
    proposal = a_proposal(maya, row)

    def decide(by: Member, accept: bool) -> Act:
        return lambda: statements.decide_proposal(
            proposal=Proposal.objects.get(pk=proposal.pk), accept=accept, by=by
        )

    found = at_once(
        acme, decide(alice, True), decide(helen, True), decide(helen, False)
    )
    assert len(won(found)) == 1, found
    assert set(told(found)) == {"commissions.statements.errors"}
    booked = Adjustment.objects.filter(kind=Adjustment.Kind.LATE_CHANGE)
    assert booked.count() <= 1


def a_proposal(maya: Payee, row: Statement) -> Proposal:
    line = Line.objects.filter(payee_id=maya.pk, closed_run__isnull=True)[0]
    return Proposal.objects.create(
        payee_id=maya.pk,
        period_id=row.period_id,
        component=line.component,
        component_name=line.component_name,
        entry_id=line.entry_id,
        frozen=line.amount,
        current=line.amount + 1,
        amount=1,
        currency="USD",
        change_number=1,
        words="Care: more",
        made_at=clock.now(),
    )


def test_two_sign_ups_with_one_address_make_one_person(fresh_db: Copy) -> None:
    from django.test import Client

    body = {
        "email": "twin@people.example",
        "password1": "a password of a twin",
        "business_name": "Twins",
        "currency": "USD",
        "time_zone": "UTC",
    }

    def sign_up() -> int:
        client = Client(raise_request_exception=False)
        return client.post("/account/signup/", body).status_code

    lock = "LOCK TABLE accounts_user IN SHARE MODE"  # it may be read, not written
    with without_sending(), ThreadPoolExecutor(1) as beside:
        with held(fresh_db, lock) as waiting:
            pressed = beside.submit(at_once, None, sign_up, sign_up)
            assert wait_until(lambda: waiting() == 2, 120)  # both have looked
        found = pressed.result()

    assert User.objects.filter(email=body["email"]).count() == 1
    assert Group.objects.filter(name="Twins").count() == 1
    assert found == [302, 302]  # the second press is sent to log in


def test_50_000_random_splits_add_up_and_drift_nowhere() -> None:
    chance = random.Random(20261124)
    kept = {"first": Decimal(0), "last": Decimal(0)}
    for _ in range(50_000):
        currency = chance.choice(["USD", "JPY", "KWD"])
        unit = Decimal(1).scaleb(-places(currency))
        amount = Decimal(chance.randint(-99_999, 99_999)) * unit
        shares = [Decimal(chance.randint(1, 999)) for _ in range(chance.randint(1, 5))]
        parts = split(amount, shares, currency)
        assert sum(parts) == amount
        exact = [amount * share / sum(shares) for share in shares]
        for part, fair in zip(parts, exact, strict=True):
            assert abs(part - fair) < unit
            assert part == round_money(part, currency)
        kept["first"] += (parts[0] - exact[0]) / unit
        kept["last"] += (parts[-1] - exact[-1]) / unit
    # Half a unit at most in each: by chance about 100 units in all, by bias thousands.
    assert abs(kept["first"]) < 1000
    assert abs(kept["last"]) < 1000


@pytest.mark.parametrize(
    ("text", "currency", "up", "even"),
    [
        ("0.005", "USD", "0.01", "0.00"),
        ("0.015", "USD", "0.02", "0.02"),
        ("-0.005", "USD", "-0.01", "0.00"),
        ("-0.004", "USD", "0.00", "0.00"),
        ("2.5", "JPY", "3", "2"),
        ("-0.5", "JPY", "-1", "0"),
        ("0.0005", "KWD", "0.001", "0.000"),
        ("1.0025", "KWD", "1.003", "1.002"),
        ("0.0049999999999999999999", "USD", "0.00", "0.00"),
    ],
)
def test_halves_are_rounded_as_is_said_and_no_zero_is_negative(
    text: str, currency: str, up: str, even: str
) -> None:
    amount = Decimal(text)

    assert str(round_money(amount, currency)) == up
    assert str(round_money(amount, currency, "half_even")) == even


def test_a_file_has_every_place_of_its_currency(
    october: PayPeriod, alice: Member, theo: Payee
) -> None:
    statements.add_adjustment(
        payee=theo,
        period=october,
        amount="-1.235",
        currency="KWD",
        reason="Thousandths of a dinar",
        by=alice,
    )
    with clock.at(NOVEMBER_2):
        world.catch_up()
    line = Line.objects.get(adjustment_id__gt=0, closed_run__isnull=True)
    line.currency = "KWD"

    assert "-1.235" in list(_row(line, None, None, None, "Earned"))
    line.currency, line.amount = "JPY", Decimal(1200)
    assert "1200" in list(_row(line, None, None, None, "Earned"))
