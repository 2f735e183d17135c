"""A source's clocks may be wrong, and its records may go by another than its answers."""

from datetime import timedelta
from email.utils import format_datetime

import pytest

from commissions_saas.demo.close_server import server
from crm_sync.ledger.models import Entry
from tests.crm_sync.connections.office import Office
from tests.crm_sync.connections.scene import later

pytestmark = pytest.mark.usefixtures("at_start")
NAMED_BY = {"call": "note", "task": "text"}


@pytest.mark.parametrize(
    ("at_first", "hours"), [(-3, -3), (3, 3), (0, -2), (0, 2), (3, -3), (-3, 3)]
)
def test_records_dated_by_another_clock_than_the_answers_are_read(
    office: Office, monkeypatch: pytest.MonkeyPatch, at_first: int, hours: int
) -> None:
    store, account, ids = office.source.server.store, office.account, office.ids
    monkeypatch.setattr(
        server._Handler,
        "date_time_string",
        lambda *_: format_datetime(store.now() - store.skew, usegmt=True),
    )
    edited = ("lead", "contact", "call", "task", "policy")
    store.skew = timedelta(hours=at_first)
    with later(240):
        for kind in (*edited, "deal"):
            account.edit(ids[kind], {NAMED_BY.get(kind, "name"): "No. 0"})
        office.sync()
    store.skew = timedelta(hours=hours)
    for number, gone in ((1, "note"), (2, "sms")):
        with later(240 + 20 * number):
            for kind in edited:
                account.edit(ids[kind], {NAMED_BY.get(kind, "name"): f"No. {number}"})
            account.edit(ids["deal"], {"value": number})
            account.delete(ids[gone])
            office.sync()

        rows = Entry.objects.filter(deleted=False)
        here = dict(rows.values_list("external_id", "name"))
        assert [here[ids[kind]] for kind in edited] == [f"No. {number}"] * 5
        deal = rows.get(external_id=ids["deal"])
        assert (deal.name, str(deal.amount)) == (f"No. {number}", f"0.0{number}00")
        assert ids[gone] not in here


def test_a_customer_renamed_after_the_clock_was_put_back_is_on_its_deals(
    office: Office,
) -> None:
    office.source.server.store.skew = timedelta(hours=2)
    with later(15):
        office.account.add_opportunity(
            lead=office.account.add_lead("Ashgrove"),
            user=office.theo,
            status=office.source.active,
            value=100,
        )
        office.sync()
    office.source.server.store.skew = timedelta(0)
    with later(16):
        office.account.edit(office.ids["lead"], {"name": "Delgado & daughters"})
    with later(17):
        office.sync()

    name = Entry.objects.get(external_id=office.ids["deal"]).name
    assert name == "Delgado & daughters"


def test_events_that_were_told_are_not_read_through_for_ever(office: Office) -> None:
    with later(16):
        office.sync()
    with later(32):
        office.account.edit(office.ids["lead"], {"name": "Delgado & daughters"})
        office.sync()
    with later(48):
        office.account.edit(office.ids["note"], {"note": "Roof is steep"})
        office.sync()
    office.source.server.requests.clear()
    with later(64):
        office.sync()

    deals = f"opportunity/?lead_id={office.ids['lead']}"
    assert not [one for one in office.source.server.requests if deals in one]
