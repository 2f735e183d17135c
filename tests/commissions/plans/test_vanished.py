"""A field that the source has deleted is told with the plans that read it."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django.test import Client

from commissions.plans import services
from commissions.plans.yaml_form import plan_from_yaml
from commissions_saas.lib import clock
from crm_sync.connections.services import test_connection as look_at
from tenants.accounts.models import Business, Role
from tests.crm_sync.connections.scene import START, Scene
from tests.crm_sync.providers.close_source import close_source
from tests.people import a_member

PLAN = """
plan: Net of fees
currency: USD
components:
  - {key: deals, name: Deals, amount: (deal.amount - deal.dealer_fee) * 6%}
examples:
  - name: Six percent of what is left
    period: 2026-11
    deals: [{id: one, won_on: 2026-11-04, amount: 100, dealer_fee: 50}]
    expect: {total: 3.00}
"""


@pytest.fixture
def scene(acme: Business, tmp_path: Path) -> Iterator[Scene]:
    with close_source(tmp_path / "close.db") as source, clock.at(START):
        yield Scene(source, acme, shared=False)


def test_a_vanished_field_says_which_plans_it_breaks(
    acme: Business, scene: Scene, client: Client
) -> None:
    fee = scene.account.add_custom_field("Dealer fee", "number")
    scene.payees()
    scene.deal(custom={fee: 1380})
    scene.sync()
    acme.solo_mode = True
    ada = a_member(acme, "Ada", Role.ADMIN)
    draft = services.create_plan(document=plan_from_yaml(PLAN), by=ada)
    services.publish_version(draft=draft, starts_on=date(2026, 11, 1), by=ada)
    client.force_login(ada.user)
    url = f"/b/acme/connections/{scene.connection.pk}/"
    before = client.get(f"{url}map/").content.decode()

    scene.account.store.run("DELETE FROM object WHERE id = ?", [fee])
    look_at(connection=scene.connection)

    assert "used by Net of fees" in before
    page = client.get(url).content.decode()
    assert "“Dealer fee” was deleted in the source." in page
    assert "It breaks Net of fees" in page
    mapping = client.get(f"{url}map/").content.decode()
    assert "It breaks Net of fees" in mapping
    assert "<code>deal.dealer_fee</code>" in mapping
