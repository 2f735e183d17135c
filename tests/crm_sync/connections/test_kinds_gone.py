"""A kind of their own that is gone, or hidden from the key, holds up nothing else."""

import pytest

from crm_sync.connections.models import SyncRun
from crm_sync.ledger.models import Entry
from tenants.jobs.models import Job
from tests.crm_sync.connections.office import Office
from tests.crm_sync.connections.scene import later

pytestmark = pytest.mark.usefixtures("at_start")


def said(office: Office) -> str:
    """What the connection and the log of the last run say was not read."""
    run = SyncRun.objects.filter(connection=office.connection).latest("id")
    (warning,) = office.connection.warnings
    assert warning in [line["words"] for line in run.log]
    return str(warning)


@pytest.mark.parametrize("kind", ["policy", "site_visit"])
def test_a_type_that_was_deleted_there_is_left_out_alone(
    office: Office, kind: str
) -> None:
    office.sync()
    store = office.source.server.store
    store.delete({"policy": office.policy, "site_visit": office.visit}[kind])

    with later(16):
        office.account.edit(office.ids["deal"], {"value": 31_337})
        job = office.sync()

    assert job.state == Job.State.DONE, job.problem
    assert str(Entry.objects.get(external_id=office.ids["deal"]).amount) == "313.3700"
    assert not Entry.objects.get(external_id=office.ids[kind]).deleted
    assert f"Close has no type “{kind}” any more" in said(office)
    assert kind in office.connection.options["offered"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [("custom_object_type", "policy"), ("custom_activity", "site_visit")],
)
def test_types_that_the_key_may_not_read_are_left_out_with_the_reason(
    office: Office, path: str, kind: str
) -> None:
    office.sync()
    office.source.server.faults.change({"forbidden": path})
    with later(16):
        office.account.edit(office.ids["deal"], {"value": 31_337})
        job = office.sync()
        words = said(office)
    office.source.server.faults.change({"forbidden": ""})
    with later(32):
        office.sync()

    assert job.state == Job.State.DONE, job.problem
    assert str(Entry.objects.get(external_id=office.ids["deal"]).amount) == "313.3700"
    assert not Entry.objects.get(external_id=office.ids[kind]).deleted
    assert "does not allow this key to read this (403)" in words
    assert "delete" not in words
    assert office.connection.warnings == []
