"""A mapping is tried with its money, saved as a version, and taken back."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from commissions.plans.models import Plan
from commissions.statements.models import Line
from crm_sync.connections import mapping_trial, services
from crm_sync.connections.errors import BadMapping
from crm_sync.connections.models import Mapping, SourceField
from crm_sync.ledger.models import Change, Entry, Payee
from tenants.accounts.models import Business, Role
from tenants.jobs.models import Job
from tenants.jobs.services import run_all_jobs, run_now, without_sending
from tests.commissions.statements import world
from tests.crm_sync.clients import logged_in
from tests.crm_sync.connections.scene import Scene, later
from tests.crm_sync.providers.close_source import close_source
from tests.people import a_member

pytestmark = pytest.mark.usefixtures("at_start")

A_TENTH = """
plan: A tenth
currency: USD
components:
  - key: tenth
    name: A tenth
    amount: deal.amount * deal.share * 10%
    says: Pay 10 % of the sold price.
examples:
  - name: A deal
    period: 2026-11
    deals:
      - {id: a, won_on: 2026-11-05, amount: 100}
    expect: {total: 10.00}
"""


@pytest.fixture
def scene(acme: Business, tmp_path: Path) -> Iterator[Scene]:
    """Two deals of Maya, who has a tenth of each, and a second amount on both."""
    with close_source(tmp_path / "close.db") as source, without_sending():
        made = Scene(source, acme, shared=False)
        made.payees()
        made.net = made.account.add_custom_field("Net price", "number")  # type: ignore[attr-defined]
        plan = Plan.objects.create(name="A tenth", slug="a-tenth")
        world.publish(plan, A_TENTH, date(2026, 11, 1))
        maya = Payee.objects.get(name="Maya Okafor")
        world.assign(maya, plan, date(2026, 11, 1))
        made.deal("One", value=100_000, custom={made.net: 900})  # type: ignore[attr-defined]
        made.deal("Two", value=200_000, custom={made.net: 1700})  # type: ignore[attr-defined]
        made.sync()
        run_all_jobs()
        yield made


def by_net_price(scene: Scene) -> dict[str, dict[str, object]]:
    document = dict(Mapping.objects.get(version=1).document)
    path = f"custom.{scene.net}"  # type: ignore[attr-defined]
    return document | {"amount": {"source": path, "type": "money"}}


def paid() -> list[str]:
    rows = Line.objects.filter(closed_run__isnull=True).order_by("amount")
    return [f"{row.amount:.2f}" for row in rows]


def test_a_dry_run_says_what_moves_and_leaves_everything_as_it_is(
    scene: Scene,
) -> None:
    before = (paid(), Change.objects.count(), Mapping.objects.count())

    trial = mapping_trial.try_mapping(
        connection=scene.connection,
        business=scene.business,
        object_="deal",
        document=by_net_price(scene),
    )

    assert (trial.records, trial.outcome.changed, trial.refused) == (2, 2, 0)
    assert (trial.moved.lines, trial.moved.statements) == (2, 1)
    assert {k: f"{v:.2f}" for k, v in trial.moved.net.items()} == {"USD": "-40.00"}
    assert (paid(), Change.objects.count(), Mapping.objects.count()) == before
    assert before[0] == ["100.00", "200.00"]


def test_what_a_dry_run_says_is_what_saving_does(scene: Scene) -> None:
    services.save_mapping(
        connection=scene.connection,
        object_="deal",
        document=by_net_price(scene),
        business=scene.business,
    )
    run_all_jobs()

    assert paid() == ["90.00", "170.00"]


def test_a_mapping_that_cannot_be_saved_cannot_be_tried(scene: Scene) -> None:
    with pytest.raises(BadMapping):
        mapping_trial.try_mapping(
            connection=scene.connection,
            business=scene.business,
            object_="deal",
            document={"Amount!": {"source": "value", "type": "money"}},
        )


def test_an_earlier_version_is_taken_back_from_the_page(scene: Scene) -> None:
    client = admin(scene)
    first = Mapping.objects.get(version=1)
    services.save_mapping(
        connection=scene.connection,
        object_="deal",
        document=by_net_price(scene),
        business=scene.business,
    )
    run_all_jobs()
    url = f"/b/acme/connections/{scene.connection.pk}/map/"

    text = client.get(url).content.decode()
    answer = client.post(f"{url}{first.pk}/revert/")
    run_all_jobs()

    assert "in force" in text and "Go back to it" in text
    assert answer.status_code == 302
    newest = Mapping.objects.order_by("-pk")[0]
    assert newest.version == 2
    assert newest.document["amount"]["source"] == "value"
    assert paid() == ["100.00", "200.00"]


def test_a_field_that_becomes_another_type_names_the_plans_until_it_was_seen(
    scene: Scene,
) -> None:
    client = admin(scene)
    scene.account.retype_custom_field(scene.product, "number")
    with later(16):
        scene.sync()
    page = f"/b/acme/connections/{scene.connection.pk}/"

    told = client.get(page).content.decode()
    services.save_mapping(
        connection=scene.connection,
        object_="deal",
        document=Mapping.objects.get(version=1).document,
        business=scene.business,
    )
    after = client.get(page).content.decode()

    assert "“Product” changed from text to number in the source." in told
    assert "changed from text" not in after


def test_counts_here_and_there_are_on_the_page(scene: Scene) -> None:
    client = admin(scene)
    page = f"/b/acme/connections/{scene.connection.pk}/"

    assert "2 in the source" in client.get(page).content.decode()
    scene.deal("Refused", custom={scene.product: None})
    with later(25 * 60):
        scene.sync()
    text = client.get(page).content.decode()
    assert "3 in the source" in text
    assert "1 are not here" in text


def test_the_mapping_page_costs_as_much_however_many_fields_there_are(
    scene: Scene,
) -> None:
    client = admin(scene)
    url = f"/b/acme/connections/{scene.connection.pk}/map/"
    client.get(url)
    few = queries(client, url)
    for number in range(15):
        scene.account.add_custom_field(f"Field {number}", "number")
    with later(16):
        scene.sync()
    client.get(url)

    assert SourceField.objects.filter(object="deal").count() > 30
    assert queries(client, url) <= few
    assert few <= 20


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(database) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


def admin(scene: Scene) -> Client:
    client = Client()
    client.force_login(a_member(scene.business, "Alice Admin", Role.ADMIN).user)
    return client


def test_a_sync_that_is_asked_for_twice_is_one_job(scene: Scene) -> None:
    client = admin(scene)
    url = f"/b/acme/connections/{scene.connection.pk}/sync/"

    with CaptureQueriesContext(database) as caught:
        client.post(url)
    client.post(url)

    assert Job.objects.filter(kind="sync", state="queued").count() == 1
    assert len(caught) <= 20, [one["sql"][:100] for one in caught]
    run_now(Job.objects.get(kind="sync", state="queued"))
    assert Entry.objects.count() == 2


def test_a_row_that_cannot_be_read_is_told_and_one_that_is_not_sent_stays(
    scene: Scene,
) -> None:
    client = logged_in(a_member(scene.business, "Priya Nair", Role.ADMIN))
    url = f"/b/acme/connections/{scene.connection.pk}/map/"
    before = Mapping.objects.latest("version").document

    wrong = client.post(url, {"amount-type": "colour", "amount-source": "value"})
    saved = client.post(url, {"name-type": "text", "name-source": "lead_name"})

    assert wrong.status_code == 422
    assert "Select a valid choice. colour is not one" in wrong.content.decode()
    assert saved.status_code == 302
    after = Mapping.objects.latest("pk").document
    assert after["amount"] == before["amount"]
    assert set(after) == set(before)
