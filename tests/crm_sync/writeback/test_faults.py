"""Writing survives its worker, its source and its key; a value is never lost or old."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from crm_sync.connections import services as connections
from crm_sync.writeback import services
from crm_sync.writeback.models import WriteBack, WrittenValue
from crm_sync.writeback.running import ask_where_it_was_missed, writer_of
from crm_sync.writeback.sending import due, send
from tenants.jobs.errors import LostLease
from tenants.jobs.lease import Lease
from tenants.jobs.models import Job
from tenants.jobs.services import claim
from tests.crm_sync.connections.scene import later
from tests.crm_sync.writeback.stage import TEN_PERCENT, Stage, value_of

State = WrittenValue.State


@pytest.fixture
def on(stage: Stage) -> Iterator[WriteBack]:
    yield stage.turn_on(lines="live")


def job_now() -> Job:
    return Job.objects.get(kind="write_back", state=Job.State.QUEUED)


def taken_up() -> Lease:
    """The hold of a worker that has just taken the run up."""
    job = claim(job_now().pk, whatever_its_time=True)
    assert job is not None
    return Lease(job, None, is_kept=False)


def wait_no_longer(row: WriteBack) -> None:
    row.values.update(next_try_at=None, claimed_until=None)


class Dying:
    """A source that takes the value, and then the worker is killed."""

    def __init__(self, source: object) -> None:
        self.source = source

    def write(self, *given: object, **more: object) -> None:
        self.source.write(*given, **more)  # type: ignore[attr-defined]
        raise SystemExit("killed")


def test_a_worker_that_dies_after_sending_leaves_the_value_to_be_sent_again(
    stage: Stage, on: WriteBack
) -> None:
    deal = stage.pay()
    stage.write()
    services.try_again(row=on, by=stage.by)
    stage.scene.account.edit(deal, {stage.path: None})
    value = value_of(deal)
    WrittenValue.objects.update(state=State.WAITING, written=None)
    lease = taken_up()

    with pytest.raises(SystemExit):
        send(lease, on, Dying(writer_of(stage.scene.connection)))  # type: ignore[arg-type]

    value.refresh_from_db()
    assert (value.state, value.written, value.tries) == (State.WAITING, None, 1)
    assert list(due(on)) == []  # its claim stands until no request can be under way
    wait_no_longer(on)
    send(lease, on, writer_of(stage.scene.connection))
    value.refresh_from_db()
    assert value.state == State.WRITTEN
    assert stage.in_close(deal) == TEN_PERCENT


def test_what_was_begun_is_taken_out_again_even_if_it_was_never_marked(
    stage: Stage, on: WriteBack
) -> None:
    deal = stage.pay()
    stage.write()
    WrittenValue.objects.update(state=State.WAITING, written=None, tries=1)

    services.turn_off(row=on, clear=True, by=stage.by)
    stage.write()

    assert stage.in_close(deal) is None


def test_two_workers_send_each_value_once(stage: Stage, on: WriteBack) -> None:
    deal = stage.pay()
    stage.write()
    WrittenValue.objects.update(state=State.WAITING, written=None)
    value = value_of(deal)
    services.try_again(row=on, by=stage.by)
    before, lease = len(stage.writes()), taken_up()
    source = writer_of(stage.scene.connection)

    class Meanwhile:
        """While the first sends, the second looks what there is to do."""

        def write(self, *given: object, **more: object) -> None:
            second = send(lease, on, source)
            assert second.written == 0
            source.write(*given, **more)  # type: ignore[arg-type]

    send(lease, on, Meanwhile())  # type: ignore[arg-type]

    value.refresh_from_db()
    assert value.state == State.WRITTEN
    assert len(stage.writes()) == before + 1


def test_a_worker_that_lost_its_job_marks_nothing(stage: Stage, on: WriteBack) -> None:
    stage.pay()
    stage.write()
    WrittenValue.objects.update(state=State.WAITING, written=None)
    services.try_again(row=on, by=stage.by)
    lease = taken_up()
    source = writer_of(stage.scene.connection)

    class Slow:
        def write(self, *given: object, **more: object) -> None:
            source.write(*given, **more)  # type: ignore[arg-type]
            Job.objects.filter(pk=lease.job.pk).update(attempt=99)

    with pytest.raises(LostLease):
        send(lease, on, Slow())  # type: ignore[arg-type]

    assert WrittenValue.objects.get().state == State.WAITING


def test_a_value_that_changes_while_it_is_sent_is_sent_anew(
    stage: Stage, on: WriteBack
) -> None:
    deal = stage.pay()
    stage.write()
    WrittenValue.objects.update(state=State.WAITING, written=None)
    services.try_again(row=on, by=stage.by)
    lease = taken_up()
    source = writer_of(stage.scene.connection)

    class Changing:
        def write(self, *given: object, **more: object) -> None:
            source.write(*given, **more)  # type: ignore[arg-type]
            WrittenValue.objects.filter(wanted="4375.00").update(wanted="1.00")

    send(lease, on, Changing())  # type: ignore[arg-type]

    assert stage.in_close(deal) == Decimal("1.00")
    assert value_of(deal).written == "1.00"


@pytest.mark.parametrize("fault", ["error", "limit", "lost"])
def test_a_source_that_is_away_is_asked_again_by_itself(
    stage: Stage, on: WriteBack, fault: str
) -> None:
    deal = stage.pay()
    stage.scene.source.server.faults.write_script = [fault]

    job = stage.write()
    value = value_of(deal)
    first = (job.state, value.state, value.hint)
    wait_no_longer(on)
    stage.write()

    assert first == (Job.State.QUEUED, State.WAITING, "It is tried again by itself.")
    assert stage.in_close(deal) == TEN_PERCENT
    assert value_of(deal).problem == ""


def test_a_deal_that_fails_again_and_again_holds_up_no_other(
    stage: Stage, on: WriteBack
) -> None:
    failing = stage.pay()
    stage.scene.source.server.faults.write_script = ["error"]
    stage.write()
    other = stage.pay(100_000)
    wait_no_longer(on)
    services.try_again(row=on, by=stage.by)
    stage.scene.source.server.faults.write_script = ["", "error"]

    stage.write()

    assert stage.in_close(other) == Decimal("100.00")
    assert value_of(failing).tries == 2


def test_a_key_that_may_only_read_stops_the_run_and_says_so_once(
    stage: Stage, on: WriteBack
) -> None:
    for _ in range(5):
        stage.pay()
    viewer = stage.scene.account.add_user(
        name="Vera", email="vera@acme.example", role="viewer"
    )
    key = stage.scene.account.add_key(viewer)
    connections.replace_key(connection=stage.scene.connection, secret=key, by=stage.by)

    stage.write()

    on.refresh_from_db()
    assert on.problem == "Close does not allow this key to change opportunities (403)."
    assert len(stage.writes()) == 3
    assert set(on.values.values_list("state", flat=True)) == {State.WAITING}


def test_a_new_key_is_tried_at_once_and_the_refused_one_only_later(
    stage: Stage, on: WriteBack
) -> None:
    test_a_key_that_may_only_read_stops_the_run_and_says_so_once(stage, on)
    while_resting = ask_where_it_was_missed()
    connections.replace_key(
        connection=stage.scene.connection, secret=stage.scene.source.key, by=stage.by
    )

    asked = ask_where_it_was_missed()
    stage.write()

    on.refresh_from_db()
    assert (while_resting, asked, on.problem) == (0, 1, "")
    assert set(on.values.values_list("state", flat=True)) == {State.WRITTEN}


def test_a_refused_key_stops_at_its_first_refusal(stage: Stage, on: WriteBack) -> None:
    stage.pay(), stage.pay()
    stage.scene.account.revoke_key(stage.scene.source.key)
    asked = stage.scene.source.server.requests
    asked.clear()

    stage.write()

    on.refresh_from_db()
    assert on.problem == "Close refused the key (401)."
    # Whose key it is, is looked at before anything is written with it.
    assert asked == ["GET me/"]


def test_a_field_that_was_deleted_at_the_source_is_said_and_nothing_hammered(
    stage: Stage, on: WriteBack
) -> None:
    for _ in range(5):
        stage.pay()
    stage.scene.account.remove_custom_field(stage.field)

    stage.write()

    on.refresh_from_db()
    assert on.problem.startswith("Close did not take the value (400)")
    assert "deleted in Close" in on.hint
    assert len(stage.writes()) == 3


def test_a_deal_that_is_gone_is_refused_alone(stage: Stage, on: WriteBack) -> None:
    gone, there = stage.pay(), stage.pay()
    stage.scene.account.delete(gone)

    stage.write()

    assert value_of(gone).state == State.REFUSED
    assert "no more (404)" in value_of(gone).problem
    assert stage.in_close(there) == TEN_PERCENT


def test_a_deal_that_is_deleted_is_wanted_no_more(stage: Stage, on: WriteBack) -> None:
    deal = stage.pay()
    stage.write()

    with later(5):
        stage.scene.account.delete(deal)
        stage.read()
        services.try_again(row=on, by=stage.by)
        stage.write()

    assert not WrittenValue.objects.exists()


def test_disconnecting_ends_it_and_leaves_what_was_written(
    stage: Stage, on: WriteBack
) -> None:
    deal = stage.pay()
    stage.write()
    connections.disconnect(
        connection=stage.scene.connection, reason="another CRM", by=stage.by
    )

    ask_where_it_was_missed()
    stage.write()

    on.refresh_from_db()
    assert on.state == WriteBack.State.OFF
    assert stage.in_close(deal) == TEN_PERCENT


def test_a_run_that_nobody_asked_for_is_found_by_beat(
    stage: Stage, on: WriteBack
) -> None:
    deal = stage.pay()
    Job.objects.filter(kind="write_back").delete()

    assert ask_where_it_was_missed() == 1
    stage.write()

    assert stage.in_close(deal) == TEN_PERCENT
    assert ask_where_it_was_missed() == 0


def test_an_amount_in_several_currencies_is_not_added_up_and_not_sent(
    stage: Stage, on: WriteBack
) -> None:
    from commissions.statements.models import Line

    deal = stage.pay()
    line = Line.objects.get(component="commission")
    line.pk, line.currency, line.role = None, "EUR", "overlay"
    line.save(force_insert=True)

    stage.write()

    value = value_of(deal)
    assert value.state == State.UNKNOWN
    assert "several currencies" in value.problem
    assert stage.writes() == []
