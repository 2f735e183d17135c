"""A program chooses what is read of a source by the names that the source offers."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import override_settings

from crm_sync.connections.models import Connection
from tenants.accounts.models import Business, Role
from tests.api.caller import caller
from tests.crm_sync.providers.close_source import close_source
from tests.people import a_group_member

URL = "/g/northwind/api/v1/connections/"


@pytest.mark.parametrize("objects", [["deals"], ["deal", "home_visit"]])
def test_an_object_that_the_source_does_not_offer_is_refused_by_name(
    acme: Business, tmp_path: Path, objects: list[str]
) -> None:
    program = caller(a_group_member(acme, "Olga", Role.OWNER))
    sent = {"kind": "close", "credentials": "", "objects": objects}
    with (
        override_settings(ALLOW_PRIVATE_SOURCES=True),
        close_source(tmp_path / "close.db") as close,
    ):
        close.account.add_activity_type("Site visit")
        sent |= {"base_url": close.server.url, "credentials": close.key}
        status, said = program.post(URL, sent)
        made = program.post(URL, sent | {"objects": ["deal", "site_visit"]})

    assert status == 400
    assert said["detail"] == f"The source offers no “{objects[-1]}”."
    assert "deal, lead, contact" in said["hint"] and "site_visit" in said["hint"]
    assert made[0] == 201, made
    assert Connection.objects.get().options["objects"] == ["deal", "site_visit"]
