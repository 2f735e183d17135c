"""Every kind of record that Close has comes under its name, and each edit of it."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.mail.backends.locmem import EmailBackend

from commissions.plans.models import Plan
from commissions.statements.models import Line
from crm_sync.connections import telling
from crm_sync.connections.models import Connection, SourceUser
from crm_sync.ledger.models import Change, Entry, Field, Payee, Revision
from tenants.accounts.models import Role, RoleGrant
from tenants.jobs.models import Job
from tenants.jobs.services import run_all_jobs, run_now
from tenants.rollup.models import PayeeIdentity
from tests.commissions.statements import world
from tests.crm_sync.connections.office import NOON, Office
from tests.crm_sync.connections.scene import (
    START,
    later,
    tick,
)
from tests.people import a_member

pytestmark = pytest.mark.usefixtures("at_start")


def values_of(external_id: str) -> dict[str, str]:
    revision = Revision.objects.get(entry__external_id=external_id, closed=None)
    return dict(revision.values)


def test_every_kind_is_read_and_credited_to_its_person_on_its_day(
    office: Office,
) -> None:
    job = office.sync()

    assert job.state == Job.State.DONE, job.problem
    rows = Entry.objects.filter(external_id__in=office.ids.values())
    found = {row.object: row for row in rows.select_related("owner")}
    assert {kind: found[kind].external_id for kind in office.ids} == office.ids
    for kind in ("deal", "meeting", "call", "email", "sms", "note", "task"):
        entry = found[kind]
        assert entry.counts, kind
        assert entry.occurred_on == date(2026, 11, 12), kind
        assert entry.owner is not None and entry.owner.name == "Theo Brandt", kind
    assert found["site_visit"].owner == found["call"].owner
    assert office.connection.warnings == []


def test_kinds_that_people_made_up_come_with_their_fields_by_themselves(
    office: Office,
) -> None:
    office.sync()

    assert "site_visit" in office.connection.options["objects"]
    assert office.connection.options["offered"]["policy"] == "Policys"
    keys = set(Field.objects.values_list("object", "key", "type"))
    assert ("site_visit", "miles", "number") in keys
    assert ("policy", "premium", "money") in keys or (
        "policy",
        "premium",
        "number",
    ) in keys
    assert ("lead", "tier", "text") in keys
    assert ("call", "duration", "number") in keys
    assert values_of(office.ids["site_visit"])["miles"] == "12"
    assert values_of(office.ids["policy"])["premium"] == "950"
    assert values_of(office.ids["lead"])["tier"] == "Gold"
    assert values_of(office.ids["contact"])["email"] == "ann@lee.example"


def test_a_kind_keeps_its_name_when_it_is_renamed_there(office: Office) -> None:
    office.sync()
    store = office.source.server.store
    doc = store.doc(office.visit)
    store.replace(doc | {"name": "Home visit"}, updated="2026-11-24T00:00:00.000000")

    with later(16):
        office.sync()

    assert "site_visit" in office.connection.options["objects"]
    assert "home_visit" not in office.connection.options["objects"]


def test_edits_and_deletes_of_every_kind_are_followed(office: Office) -> None:
    office.sync()
    edits: dict[str, dict[str, Any]] = {
        "call": {"duration": 99},
        "email": {"subject": "Better offer"},
        "sms": {"text": "Bye"},
        "note": {"note": "Roof is steep"},
        "task": {"text": "Call again"},
        "contact": {"name": "Ann Smith"},
        "lead": {"name": "Whitcomb & Sons"},
        "site_visit": {f"custom.{office.miles}": 44},
        "policy": {"name": "P-2"},
        "meeting": {"title": "Second demo"},
    }
    with later(16):
        for kind, change in edits.items():
            office.account.edit(office.ids[kind], change, by=office.theo)
        office.sync()

    names = {row.object: row.name for row in Entry.objects.all()}
    assert names["email"] == "Better offer"
    assert names["lead"] == "Whitcomb & Sons"
    assert names["contact"] == "Ann Smith"
    assert names["policy"] == "P-2"
    assert names["task"] == "Call again"
    assert names["meeting"] == "Second demo"
    assert values_of(office.ids["call"])["duration"] == "99"
    assert values_of(office.ids["site_visit"])["miles"] == "44"
    assert Change.objects.filter(source="edited in Close by Theo Brandt").count() >= 8

    with later(32):
        for kind in office.ids:
            if kind != "lead":
                office.account.delete(office.ids[kind])
        office.account.delete(office.ids["lead"])
        office.sync()
    assert not Entry.objects.filter(
        deleted=False, external_id__in=office.ids.values()
    ).exists()


def test_what_is_entered_today_and_dated_long_ago_is_found(office: Office) -> None:
    office.sync()
    with later(16):
        before: dict[str, Any] = {"lead": office.ids["lead"], "user": office.theo}
        before |= {"created_at": NOON - timedelta(days=90), "entered_at": tick()}
        call = office.account.add_record("call", duration=5, **before)
        visit = office.account.add_record(
            "custom", custom_activity_type_id=office.visit, **before
        )
        new = office.account.add_record("call", lead=office.ids["lead"])
        office.source.server.requests.clear()
        office.sync()

    rows = Entry.objects.filter(external_id__in=(call, visit, new))
    assert sorted(rows.values_list("object", flat=True)) == [
        "call",
        "call",
        "site_visit",
    ]
    # What the list has shown is not asked for once more.
    asked = office.source.server.requests
    assert f"GET activity/call/{call}/" in asked
    assert f"GET activity/call/{new}/" not in asked


def test_a_merge_of_leads_moves_all_kinds(office: Office) -> None:
    office.sync()
    with later(16):
        other = office.account.add_lead("Abbott Bakery")
        office.account.merge_leads(office.ids["lead"], other)
        office.sync()

    for kind in ("deal", "call", "note", "task", "contact", "policy"):
        assert values_of(office.ids[kind])["customer"] == other, kind
    assert Entry.objects.get(external_id=office.ids["lead"]).deleted


def test_a_renamed_status_is_read_on_every_deal(office: Office) -> None:
    office.sync()
    office.account.rename_status(office.source.won, "Closed and signed")
    with later(16):
        office.sync()

    assert Entry.objects.get(object="deal").status == "Closed and signed"


def test_a_kind_that_the_plan_does_not_include_is_left_out_and_said(
    office: Office,
) -> None:
    api = office.source.server.api
    api._lists.pop("activity/sms")

    job = office.sync()

    assert job.state == Job.State.DONE, job.problem
    assert [one for one in office.connection.warnings if "sms" in one]
    assert Entry.objects.filter(object="call").exists()


def test_people_come_with_role_and_groups_and_who_left_is_a_leaver(
    office: Office,
) -> None:
    office.account.add_group("Austin", [office.theo])
    gone = office.account.add_user(
        name="Ines Caro", email="ines@acme.example", active=False
    )
    office.account.add_record(
        "call", lead=office.ids["lead"], user=gone, created_at=NOON, duration=1
    )
    office.sync()

    theo = SourceUser.objects.get(external_id=office.theo)
    assert (theo.role, theo.groups) == ("user", ["Austin"])
    ines = Payee.objects.get(name="Ines Caro")
    assert ines.leaves_on == START.date()
    assert Payee.objects.get(name="Theo Brandt").leaves_on is None


def test_connections_before_keep_what_they_read(office: Office) -> None:
    row = Connection.objects.get(pk=office.connection.pk)
    row.options = {**row.options, "objects": ["deal"]}
    row.save(update_fields=["options"])
    office.connection.refresh_from_db()

    office.sync()

    assert office.connection.options["objects"] == ["deal"]
    assert set(Entry.objects.values_list("object", flat=True)) == {"deal"}


def test_a_large_first_load_is_told_by_mail(
    office: Office, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "LARGE", 5)
    alice = a_member(office.business, "Alice Admin", Role.ADMIN)

    office.sync()
    run_all_jobs()
    with later(16):
        office.sync()
        run_all_jobs()

    [mail] = mailoutbox
    assert mail.to == [alice.user.email]
    assert mail.subject.startswith("Close was read: ")
    assert f"/b/acme/connections/{office.connection.pk}/" in mail.body


def test_the_mail_is_sent_once_though_its_worker_dies_and_its_server_was_away(
    office: Office, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "LARGE", 5)
    a_member(office.business, "Alice Admin", Role.ADMIN)
    office.sync()
    told = Job.objects.filter(kind="load_ended")

    with monkeypatch.context() as away:
        away.setattr(EmailBackend, "send_messages", _away)
        run_now(told.get())
    waits = told.get().state
    run_now(told.get())
    # The worker died before it could say that it was done.
    told.update(state=Job.State.QUEUED)
    run_now(told.get())

    assert waits == Job.State.QUEUED
    assert told.get().state == Job.State.DONE
    assert len(mailoutbox) == 1


def _away(*_: object) -> int:
    raise ConnectionRefusedError("nobody listens")


def test_people_become_members_where_that_is_asked_for(
    office: Office, mailoutbox: list[Any]
) -> None:
    alice = a_member(office.business, "Alice Admin", Role.ADMIN)
    Connection.objects.filter(pk=office.connection.pk).update(
        created_by_id=alice.user.pk,
        options=office.connection.options | {"members": "with rights"},
    )
    office.connection.refresh_from_db()

    office.sync()

    theo = Payee.objects.get(name="Theo Brandt")
    maya = Payee.objects.get(name="Maya Okafor")
    roles: dict[int | None, str] = {
        row.member.user_id: row.role
        for row in RoleGrant.objects.filter(member__business=office.business)
    }
    assert roles[theo.user_id] == Role.REP
    assert roles[maya.user_id] == Role.ADMIN
    known = PayeeIdentity.objects.get(business_id=office.business.pk, payee_id=theo.pk)
    assert known.user_id == theo.user_id
    with later(16):
        office.sync()
    grants = RoleGrant.objects.filter(member__user_id=theo.user_id or 0)
    assert grants.count() == 1


CALLS = """
plan: Calls and visits
currency: USD
components:
  - key: calls
    name: Calls
    object: call
    when: call.duration >= 60
    amount: 5 * call.share
    says: Pay 5 for each call of a minute or more.
  - key: visits
    name: Site visits
    object: site_visit
    amount: site_visit.miles * 2
    says: Pay 2 for each mile of a visit.
examples:
  - name: A call
    period: 2026-11
    entries:
      - {object: call, id: a, occurred_on: 2026-11-05, duration: 61}
    expect: {total: 5.00}
"""


def test_calls_and_visits_count_in_a_plan(office: Office) -> None:
    office.account.add_record(
        "custom",
        lead=office.ids["lead"],
        user=office.theo,
        created_at=NOON,
        custom_activity_type_id=office.visit,
        status="draft",
        custom={office.miles: 99},
    )
    office.sync()
    theo = Payee.objects.get(name="Theo Brandt")
    plan = Plan.objects.create(name="Calls", slug="calls")
    world.publish(plan, CALLS, date(2026, 11, 1))
    world.assign(theo, plan, date(2026, 11, 1))

    run_all_jobs()

    lines = Line.objects.filter(payee_id=theo.pk, closed_run__isnull=True)
    found = {(row.component, f"{row.amount:.2f}", str(row.earned_on)) for row in lines}
    assert found == {
        ("calls", "5.00", "2026-11-12"),
        ("visits", "24.00", "2026-11-12"),
    }
