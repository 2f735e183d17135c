"""A record that cannot be kept is refused by itself; all others are read."""

import json
from typing import Any

import pytest
from django.db import transaction

from crm_sync.connections.applying import apply_page
from crm_sync.connections.models import Delivery, Endpoint
from crm_sync.connections.opening import open_connection
from crm_sync.connections.readers import reader_of
from crm_sync.contract import RefusedRow
from crm_sync.ledger.models import Entry, RefusedRecord
from tenants.jobs.models import Job
from tenants.jobs.services import run_all_jobs
from tests.crm_sync.connections.office import Office
from tests.crm_sync.connections.scene import later
from tests.crm_sync.connections.test_webhooks import box, hand_in, live, signed

__all__ = ["box", "live"]
pytestmark = pytest.mark.usefixtures("at_start")


def too_deep() -> dict[str, Any]:
    """A value that no record may hold: it is nested forty times."""
    value: dict[str, Any] = {}
    for _ in range(40):
        value = {"in": value}
    return value


@pytest.mark.parametrize("kind", ["deal", "lead", "contact", "call", "task", "policy"])
def test_a_record_edited_into_what_cannot_be_kept_holds_up_no_other(
    office: Office, kind: str
) -> None:
    office.sync()
    other = "contact" if kind == "lead" else "lead"
    with later(16):
        office.account.edit(office.ids[kind], {"form": too_deep()})
        office.account.edit(office.ids[other], {"name": "Whitcomb & Sons"})
        job = office.sync()

    assert job.state == Job.State.DONE, job.problem
    assert Entry.objects.get(external_id=office.ids[other]).name == "Whitcomb & Sons"
    refused = RefusedRecord.objects.get(external_id=office.ids[kind])
    assert (refused.object, refused.reason) == (kind, "The record is too large.")


def test_what_a_page_and_an_event_both_refuse_waits_once(office: Office) -> None:
    office.sync()
    reader = reader_of(office.connection, open_connection(office.connection))
    row = RefusedRow("task", "The record is too large.", external_id="task_1")

    with transaction.atomic():
        apply_page(reader=reader, records=[], refused=[row, row])

    assert RefusedRecord.objects.get().external_id == "task_1"


def test_what_a_webhook_names_and_cannot_be_kept_is_refused_alone(live: Any) -> None:
    other = live.deal("Ashgrove")
    live.sync()
    with later(3):
        live.account.edit(live.whitcomb, {"form": too_deep()})
        live.account.edit(other, {"value": 4_125_000})
        for deal in (live.whitcomb, other):
            event = {"id": f"ev_{deal}", "object_type": "opportunity"}
            event |= {"action": "updated", "object_id": deal}
            event |= {"date_updated": "2026-11-24T16:02:30"}
            body = json.dumps({"event": event}).encode()
            assert hand_in(signed(Endpoint.objects.get(), body)) == 202
        run_all_jobs()

    assert str(Entry.objects.get(external_id=other).amount) == "41250.0000"
    assert RefusedRecord.objects.get().external_id == live.whitcomb
    results = dict(Delivery.objects.values_list("external_id", "result"))
    assert results[live.whitcomb] == "Refused: The record is too large."
