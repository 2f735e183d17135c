"""What deals pay is written into the CRM: what is locked, once, and never read back."""

from decimal import Decimal

import pytest

from crm_sync.connections import services as connections
from crm_sync.connections.models import Connection
from crm_sync.writeback import services
from crm_sync.writeback.errors import FieldInUse, FiguresMoved, WriteBackError
from crm_sync.writeback.looking import look
from crm_sync.writeback.models import WriteBack, WrittenValue
from crm_sync.writeback.running import writer_of
from crm_sync.writeback.selectors import fields_for, values_of
from tenants.audit.models import AuditRow
from tenants.jobs.models import Job
from tenants.jobs.services import run_now
from tenants.schema import current_business
from tests.crm_sync.connections.scene import later
from tests.crm_sync.writeback.stage import (
    TEN_PERCENT,
    Stage,
    entry_of,
    history,
    value_of,
)


def test_nothing_is_written_until_somebody_turns_it_on(stage: Stage) -> None:
    stage.pay()
    stage.lock()

    assert not WriteBack.objects.exists()
    assert not Job.objects.filter(kind="write_back").exists()
    assert stage.writes() == []


def test_what_is_locked_is_written_and_what_may_still_change_is_not(
    stage: Stage,
) -> None:
    deal = stage.pay()
    stage.turn_on()
    stage.write()
    before = stage.in_close(deal)

    stage.lock()
    stage.write()

    assert before is None
    assert stage.in_close(deal) == TEN_PERCENT
    assert value_of(deal).state == WrittenValue.State.WRITTEN


def test_estimates_are_written_where_that_was_chosen_and_follow_every_change(
    stage: Stage,
) -> None:
    deal = stage.pay()
    stage.turn_on(lines="live")
    stage.write()
    first = stage.in_close(deal)

    with later(5):
        stage.scene.account.edit(deal, {"value": 4_000_000})
        stage.read()
        services.try_again(row=WriteBack.objects.get(), by=stage.by)
        stage.write()

    assert (first, stage.in_close(deal)) == (TEN_PERCENT, Decimal("4000.00"))


def test_only_what_changed_is_sent(stage: Stage) -> None:
    one, other = stage.pay(), stage.pay(100_000)
    stage.turn_on(lines="live")
    stage.write()
    sent = len(stage.writes())

    with later(5):
        stage.scene.account.edit(one, {"value": 4_000_000})
        stage.read()
        services.try_again(row=WriteBack.objects.get(), by=stage.by)
        stage.write()

    assert sent == 2
    assert stage.writes()[2:] == [f"PUT opportunity/{one}/"]
    assert stage.in_close(other) == Decimal("100.00")


def test_the_owners_part_alone_is_written_where_that_was_chosen(stage: Stage) -> None:
    deal = stage.pay(
        1_000_000, custom={stage.split: stage.scene.theo, stage.part: Decimal(40)}
    )
    stage.turn_on(lines="live", payees="owner")
    stage.write()

    assert stage.in_close(deal) == Decimal("600.00")


def test_a_text_field_gets_the_currency_too(stage: Stage) -> None:
    stage.field = stage.scene.account.add_custom_field("Commission in words")
    connections.test_connection(connection=stage.scene.connection)
    deal = stage.pay()
    stage.turn_on(lines="live")
    stage.write()

    assert stage.in_close(deal) == "USD 4375.00"


def test_what_we_wrote_is_no_change_when_it_comes_back(stage: Stage) -> None:
    deal = stage.pay()
    stage.turn_on(lines="live")
    stage.write()
    before = history()
    jobs = Job.objects.count()

    with later(5):
        stage.read()

    assert history() == before
    assert value_of(deal).shown == "4375.00"
    assert Job.objects.exclude(kind="sync").count() == jobs - 1


def test_what_people_change_beside_it_is_still_a_change(stage: Stage) -> None:
    deal = stage.pay()
    stage.turn_on(lines="live")
    stage.write()

    with later(5):
        stage.scene.account.edit(deal, {"value": 5_000_000})
        stage.read()

    assert entry_of(deal).amount == 50000


def test_the_field_fills_no_name_of_formulas_any_more(stage: Stage) -> None:
    deal = stage.pay(custom={stage.field: Decimal(7)})
    revision = entry_of(deal).revisions.get(closed=None)
    stage.turn_on(lines="live")
    job = Job.objects.get(kind="read_stored_again")

    run_now(job)

    assert revision.values["commission"] == "7"
    assert "commission" not in entry_of(deal).revisions.get(closed=None).values


def test_a_field_that_a_plan_reads_is_refused(stage: Stage) -> None:
    stage.pay()

    with pytest.raises(FieldInUse) as refused:
        stage.intended(plans={"deal.commission": ["Seller"]})  # type: ignore[arg-type]

    assert str(refused.value).startswith("“Commission” is read by Seller.")


def test_a_field_that_says_what_a_deal_is_is_refused_and_not_offered(
    stage: Stage,
) -> None:
    product = f"custom.{stage.scene.product}"
    connection = stage.scene.connection

    with pytest.raises(FieldInUse):
        stage.intended(path=product)

    offered = fields_for(connection, current_business(), writer_of(connection), {})
    assert f"deal {product}" not in dict(offered.fields)
    assert dict(offered.fields)[f"deal {stage.path}"] == "Deal: Commission"


def test_a_field_of_days_or_choices_is_refused_and_not_offered(stage: Stage) -> None:
    account = stage.scene.account
    made = [
        account.add_custom_field("Installed on", "date"),
        account.add_custom_field("Tier", "choices", choices=["A", "B"]),
    ]
    stage.pay()
    connection = stage.scene.connection

    for field in made:
        with pytest.raises(WriteBackError, match="neither numbers nor text"):
            stage.intended(path=f"custom.{field}")
    offered = fields_for(connection, current_business(), writer_of(connection), {})
    assert not {f"deal custom.{one}" for one in made} & set(dict(offered.fields))


@pytest.mark.parametrize("field", ["split", "part"])
def test_a_field_that_says_who_is_paid_is_refused_and_not_offered(
    stage: Stage, field: str
) -> None:
    stage.pay()
    path = f"custom.{getattr(stage, field)}"
    connection = stage.scene.connection

    with pytest.raises(FieldInUse):
        stage.intended(path=path)

    offered = fields_for(connection, current_business(), writer_of(connection), {})
    assert f"deal {path}" not in dict(offered.fields)
    assert f"deal {stage.path}" in dict(offered.fields)


def test_a_deal_that_is_deleted_is_forgotten_though_no_statement_moves(
    stage: Stage,
) -> None:
    deal = stage.pay()
    row = stage.turn_on()
    stage.lock()
    stage.write()

    with later(5):
        stage.scene.account.delete(deal)
        stage.scene.sync()
        services.try_again(row=row, by=stage.by)
        stage.write()

    assert not WrittenValue.objects.exists()


def test_a_look_says_what_would_be_written_and_sends_nothing(stage: Stage) -> None:
    stage.pay(100_000)
    stage.pay(200_000, custom={stage.field: Decimal("200.0")})
    stage.pay(300_000, custom={stage.field: Decimal(5)})

    found = look(stage.intended(lines="live"))

    assert (found.records, found.blank, found.same, found.other) == (3, 1, 1, 1)
    assert [(one.shown, one.wanted) for one in found.examples] == [("5", "300.00")]
    assert stage.writes() == []


def test_it_is_not_turned_on_when_the_figures_moved_since_the_look(
    stage: Stage,
) -> None:
    row = stage.intended(lines="live")
    seen = look(row).digest
    stage.pay()

    with pytest.raises(FiguresMoved):
        services.turn_on(intended=row, seen=seen, by=stage.by)

    assert not WriteBack.objects.exists()


def test_one_field_is_written_by_one_write_back(stage: Stage) -> None:
    stage.turn_on()

    with pytest.raises(WriteBackError):
        stage.turn_on(lines="live")

    assert WriteBack.objects.count() == 1


def test_turning_off_leaves_what_was_written(stage: Stage) -> None:
    deal = stage.pay()
    row = stage.turn_on(lines="live")
    stage.write()

    services.turn_off(row=row, clear=False, by=stage.by)

    row.refresh_from_db()
    assert row.state == WriteBack.State.OFF
    assert stage.in_close(deal) == TEN_PERCENT


def test_turning_off_empties_the_fields_where_that_is_wanted(stage: Stage) -> None:
    deal = stage.pay()
    row = stage.turn_on(lines="live")
    stage.write()

    services.turn_off(row=row, clear=True, by=stage.by)
    stage.write()

    row.refresh_from_db()
    assert row.state == WriteBack.State.OFF
    assert stage.in_close(deal) is None
    assert not WrittenValue.objects.exists()


def test_a_deal_that_pays_nothing_any_more_has_its_field_emptied(stage: Stage) -> None:
    deal = stage.pay()
    stage.turn_on(lines="live")
    stage.write()

    with later(5):
        stage.scene.account.edit(deal, {"status_id": stage.scene.open})
        stage.read()
        services.try_again(row=WriteBack.objects.get(), by=stage.by)
        stage.write()

    assert stage.in_close(deal) is None


def test_what_a_person_changed_in_the_crm_stays_until_it_is_written_again(
    stage: Stage,
) -> None:
    deal = stage.pay()
    row = stage.turn_on(lines="live")
    stage.write()
    with later(5):
        stage.scene.account.edit(deal, {stage.path: Decimal(1)})
        stage.read()
        services.try_again(row=row, by=stage.by)
        stage.write()
        stood = stage.in_close(deal)
        found = [one.shown for one in values_of(row, "changed")]

        services.write_again(row=row, by=stage.by)
        stage.write()

    assert (stood, found) == (Decimal(1), ["1"])
    assert stage.in_close(deal) == TEN_PERCENT


def test_each_step_is_in_the_trail(stage: Stage) -> None:
    row = stage.turn_on()
    services.try_again(row=row, by=stage.by)
    services.turn_off(row=row, clear=False, by=stage.by)

    actions = AuditRow.objects.filter(action__startswith="writeback.")
    assert list(actions.order_by("pk").values_list("action", flat=True)) == [
        "writeback.turned_on",
        "writeback.tried_again",
        "writeback.turned_off",
    ]


def test_nothing_is_sent_while_the_connection_is_paused(stage: Stage) -> None:
    deal = stage.pay()
    stage.turn_on(lines="live")
    Connection.objects.update(state=Connection.State.PAUSED)

    stage.write()

    assert stage.in_close(deal) is None
    assert value_of(deal).state == WrittenValue.State.WAITING
