"""A connection reads one organisation: what a key of another opens stays outside."""

import pytest

from commissions_saas.demo.close_server.account import Account
from crm_sync.connections import services
from crm_sync.connections.models import Connection
from crm_sync.contract import ConfigurationProblem
from crm_sync.ledger.models import Entry
from tenants.jobs.models import Job
from tests.crm_sync.connections.scene import Scene, later

pytestmark = pytest.mark.usefixtures("at_start")


def another(scene: Scene) -> str:
    """Put another organisation with a deal into the same Close; return a key of it."""
    account = Account.create(scene.source.server.store, name="Globex Corporation")
    user = account.add_user(name="Hank", email="hank@globex.example", role="admin")
    won = account.add_status("Won", "won")
    lead = account.add_lead("Theirs")
    account.add_opportunity(lead=lead, user=user, status=won, value=999)
    return account.add_key(user)


def test_another_organisation_is_neither_read_nor_taken_for_deletes(
    scene: Scene,
) -> None:
    deal = scene.deal()
    scene.sync()
    theirs = another(scene)
    services.replace_key(connection=scene.connection, secret=theirs, by=None)
    asked = scene.source.server.requests
    asked.clear()

    with later(24 * 60 + 20):
        job = scene.sync()

    assert job.state == Job.State.FAILED
    assert asked == ["GET me/"]
    assert Entry.objects.get(deleted=False).external_id == deal
    assert scene.connection.state == Connection.State.REFUSED
    problem, hint = scene.connection.problem, scene.connection.problem_hint
    assert "“Globex Corporation”" in problem and "“Hale Family Holdings”" in problem
    assert "Replace the key by one of “Hale Family Holdings”" in hint
    with pytest.raises(ConfigurationProblem, match="another organisation"):
        services.try_key(connection=scene.connection, secret=theirs)


def test_a_new_key_of_the_same_organisation_goes_on(scene: Scene) -> None:
    deal = scene.deal()
    scene.sync()
    account = scene.account
    account.revoke_key(scene.source.key)
    key = account.add_key(scene.source.admin, "api_of_the_same_organisation")
    services.replace_key(connection=scene.connection, secret=key, by=None)

    with later(20):
        account.edit(deal, {"value": 100})
        job = scene.sync()

    assert job.state == Job.State.DONE, job.problem
    assert Entry.objects.get(external_id=deal).amount == 1
