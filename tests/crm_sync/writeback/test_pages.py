"""The pages of write-back: a look, then on; what is wrong; and who may do what."""

import re
from datetime import date

import pytest
from django.test import Client

from commissions.plans.models import Plan
from crm_sync.connections.models import Connection
from crm_sync.writeback import looking, services
from crm_sync.writeback.models import WriteBack
from tenants.access import Member
from tenants.accounts.models import Role
from tests.commissions.statements import world
from tests.crm_sync.clients import logged_in, page
from tests.crm_sync.writeback.stage import TEN_PERCENT, Stage
from tests.people import a_group_member, a_member

READER = """
plan: Reader
currency: USD
components:
  - {key: again, name: Again, amount: deal.amount * deal.commission}
"""


@pytest.fixture
def admin(priya: Member) -> Client:
    return logged_in(priya)


def home(stage: Stage) -> str:
    return f"/b/acme/connections/{stage.scene.connection.pk}/writeback/"


def asked(stage: Stage, **more: str) -> dict[str, str]:
    field = f"deal {stage.path}"
    given = {"what": "commission", "field": field, "payees": "all", "lines": "live"}
    return {**given, **more}


def test_a_look_comes_first_and_turning_on_sends_what_was_looked_at(
    stage: Stage, admin: Client
) -> None:
    deal = stage.pay()

    first = admin.post(home(stage), asked(stage)).content.decode()
    seen = re.search(r'name="seen" value="([^"]+)"', first)
    assert seen is not None
    none_yet = WriteBack.objects.count()
    answer = admin.post(home(stage), asked(stage, seen=seen[1]))
    queued = page(admin, answer["Location"])
    stage.write()

    assert "Nothing is sent yet." in first and "Would write 1 record:" in first
    assert none_yet == 0
    assert "It is being worked out what to write." in queued
    assert "Try again" not in queued
    assert answer.status_code == 302
    assert stage.in_close(deal) == TEN_PERCENT


def test_a_field_that_a_plan_reads_is_not_offered_and_the_page_says_why(
    stage: Stage, admin: Client
) -> None:
    stage.pay()
    offered = page(admin, home(stage))
    plan = Plan.objects.create(name="Reader", slug="reader")
    world.publish(plan, READER, date(2026, 7, 1))

    kept = page(admin, home(stage))

    assert f'value="deal {stage.path}"' in offered
    assert f'value="deal {stage.path}"' not in kept
    assert "Deal: Commission is read by Reader." in kept


def test_of_many_records_the_newest_are_looked_at_and_all_are_written(
    stage: Stage, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "LOOKED_AT", 2)
    deals = [stage.pay() for _ in range(3)]

    first = admin.post(home(stage), asked(stage)).content.decode()
    seen = re.search(r'name="seen" value="([^"]+)"', first)
    assert seen is not None
    admin.post(home(stage), asked(stage, seen=seen[1]))
    stage.write()

    assert "Of the newest 2 of 3 records it would write 2 records" in first
    assert "Turn on and write all of them" in first
    assert [stage.in_close(deal) for deal in deals] == [TEN_PERCENT] * 3


def test_the_page_says_who_sees_it_before_it_is_turned_on(
    stage: Stage, admin: Client
) -> None:
    assert "Everybody who can open these records in Close sees" in page(
        admin, home(stage)
    )


def test_figures_that_moved_are_shown_anew_and_nothing_is_turned_on(
    stage: Stage, admin: Client
) -> None:
    stage.pay()

    answer = admin.post(home(stage), asked(stage, seen="of yesterday"))

    assert answer.status_code == 422
    assert "The figures moved since you looked." in answer.content.decode()
    assert not WriteBack.objects.exists()


def test_a_commission_goes_onto_no_customer(stage: Stage, admin: Client) -> None:
    answer = admin.post(home(stage), asked(stage, field="deal custom.cf_none"))

    assert answer.status_code == 422


def test_what_is_wrong_stands_on_the_connections_page_and_in_the_list(
    stage: Stage, admin: Client
) -> None:
    for _ in range(3):
        stage.pay()
    row = stage.turn_on(lines="live")
    stage.scene.account.remove_custom_field(stage.field)
    stage.write()

    connection = page(admin, f"/b/acme/connections/{stage.scene.connection.pk}/")
    values = page(admin, f"{home(stage)}{row.pk}/")
    everything = page(admin, "/b/acme/connections/")
    group = logged_in(a_group_member(stage.scene.business, "Renata", Role.OWNER))
    of_group = page(group, "/g/northwind/connections/")

    assert "Close did not take the value (400)" in connection
    assert "Close did not take the value (400)" in everything
    assert "Close did not take the value (400)" in values
    assert "Acme: Close did not take the value (400)" in of_group
    assert "“Commission”: 0 written, 3 waiting" in connection


def test_a_refused_value_says_why_and_is_tried_again_when_asked(
    stage: Stage, admin: Client
) -> None:
    gone, _ = stage.pay(), stage.pay()
    row = stage.turn_on(lines="live")
    stage.scene.account.delete(gone)
    stage.write()

    refused = page(admin, f"{home(stage)}{row.pk}/?state=refused")
    answer = admin.post(f"{home(stage)}{row.pk}/again/")

    assert "Close has this record no more (404)." in refused
    assert answer.status_code == 302
    assert row.values.filter(state="waiting").count() == 1


def test_stopping_asks_what_becomes_of_what_was_written(
    stage: Stage, admin: Client
) -> None:
    deal = stage.pay()
    row = stage.turn_on(lines="live")
    stage.write()

    asks = page(admin, f"{home(stage)}{row.pk}/off/")
    admin.post(f"{home(stage)}{row.pk}/off/", {"leave": "clear"})
    stage.write()

    assert "Take it out again" in asks
    assert stage.in_close(deal) is None


def test_finance_looks_and_retries_and_may_turn_nothing_on_or_off(
    stage: Stage, alice: Member
) -> None:
    finance = logged_in(alice)
    row = stage.turn_on()

    answers = [
        finance.get(home(stage)).status_code,
        finance.post(home(stage), asked(stage)).status_code,
        finance.get(f"{home(stage)}{row.pk}/").status_code,
        finance.post(f"{home(stage)}{row.pk}/again/").status_code,
        finance.post(f"{home(stage)}{row.pk}/off/", {"leave": "leave"}).status_code,
    ]

    assert answers == [200, 403, 200, 302, 403]


def test_a_rep_and_a_stranger_find_nothing(
    stage: Stage, bob: Member, charlie: Member
) -> None:
    row = stage.turn_on()

    for url in (home(stage), f"{home(stage)}{row.pk}/", f"{home(stage)}{row.pk}/off/"):
        assert logged_in(bob).get(url).status_code == 403
        assert logged_in(charlie).get(url).status_code == 404


def test_a_connection_that_takes_nothing_says_so(stage: Stage, admin: Client) -> None:
    Connection.objects.update(kind="webhook")

    assert "takes no values from us" in page(admin, home(stage))


def test_what_is_off_is_not_there(stage: Stage, admin: Client) -> None:
    row = stage.turn_on()
    services.turn_off(row=row, clear=False, by=stage.by)

    assert admin.get(f"{home(stage)}{row.pk}/").status_code == 404


def test_an_auditor_reads_and_changes_nothing(stage: Stage, acme: object) -> None:
    auditor = logged_in(a_member(acme, "Ada", Role.AUDITOR))  # type: ignore[arg-type]

    assert auditor.get(home(stage)).status_code == 200
    assert auditor.post(home(stage), asked(stage)).status_code == 403
