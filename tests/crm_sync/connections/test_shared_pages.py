"""The pages of one source that feeds several businesses."""

import re
from pathlib import Path

import pytest
from django.test import Client

from crm_sync.connections.models import Route
from crm_sync.ledger.models import Entry
from tenants.accounts.models import Business, Role
from tenants.jobs.models import Job
from tenants.jobs.services import run_now
from tests.crm_sync.clients import logged_in, page
from tests.crm_sync.connections.scene import (
    Scene,
    names_in,
)
from tests.crm_sync.providers.close_source import close_source
from tests.people import a_group_member

pytestmark = pytest.mark.usefixtures("at_start")


def test_owners_route_a_shared_source(acme: Business, tmp_path: Path) -> None:
    owner = logged_in(a_group_member(acme, "Renata Hale", Role.OWNER))
    with close_source(tmp_path / "close.db") as source:
        shared = Scene(source, acme, shared=True)
        shared.payees()
        shared.deal("Lost one", custom={shared.field: "Ridgeline"})
        shared.sync()
        url = f"/g/northwind/connections/{shared.connection.pk}/"
        waiting = page(owner, url)
        form = page(owner, f"{url}routes/")
        tried = owner.post(
            f"{url}routes/",
            {
                "path": f"custom.{shared.field}",
                "value": ["Ridgeline", ""],
                "business": [acme.pk, ""],
            },
        )
        assert not Route.objects.exists(), "nothing is saved before it was looked at"
        owner.post(f"{tried['Location']}save/")
        for job in Job.objects.filter(kind="read_stored_again"):
            run_now(job)
        routed = page(owner, url)

    assert "No route yet." in waiting
    assert "Which business" in waiting and "Nowhere" in form
    assert Route.objects.get().value == "Ridgeline"
    assert "Ridgeline" in routed
    assert Entry.objects.get().name == "Lost one"


def test_an_admin_of_a_business_cannot_change_the_groups_source(
    acme: Business, tmp_path: Path, admin: Client
) -> None:
    with close_source(tmp_path / "close.db") as source:
        shared = Scene(source, acme, shared=True)
        url = f"/b/acme/connections/{shared.connection.pk}/"
        assert admin.get(url).status_code == 404, "nothing is routed here yet"
        Route.objects.create(
            connection=shared.connection,
            path=f"custom.{shared.field}",
            value="Acme",
            business_id=acme.pk,
        )

        assert "feeds several businesses" in page(admin, url)
        assert admin.get(f"{url}key/").status_code == 404
        assert admin.post(f"{url}pause/").status_code == 404


def test_one_account_feeds_two_businesses_and_the_group_sees_how_many(
    shared: Scene, acme: Business, twin: Business
) -> None:
    owner = logged_in(a_group_member(acme, "Renata Hale", Role.OWNER))
    for name, value in (("A", "Acme"), ("B", "Acme"), ("C", "Twin"), ("D", "None")):
        shared.deal(name, custom={shared.field: value})
    shared.sync()

    text = page(owner, f"/g/northwind/connections/{shared.connection.pk}/")
    table = text[text.index("<caption") : text.index("</table>")]

    assert [names_in(acme), names_in(twin)] == [{"A": True, "B": True}, {"C": True}]
    cells = re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", table.partition("<tbody>")[2])
    assert cells[:6] == ["Acme", "Acme", "2", "Twin", "Twin", "1"]
    assert cells[6] == "anything else" and cells[-1] == "1"
