"""The documents of the API are run: every example is sent, and answers as it says."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.test import override_settings

from crm_sync.providers.rest.presets import preset_names, preset_text
from crm_sync.providers.rest.reading import read_document
from tenants.accounts.models import Business, Role
from tenants.jobs.services import run_all_jobs, without_sending
from tests.crm_sync.rest.hubspots import HubSpot
from tests.crm_sync.rest.stand_in import running
from tests.people import a_group_member

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = re.compile(r"```sh\n(.*?)\n```\n\n```json\n(.*?)\n```", re.DOTALL)
PASSWORD = "seven green bottles"


@pytest.fixture
def portal() -> Iterator[str]:
    made = HubSpot()
    for number in ("1", "2", "3"):
        made.put(
            number,
            dealname=f"Deal {number}",
            amount="1999.90",
            deal_currency_code="USD",
            dealstage="closedwon",
            closedate="2026-11-05T10:00:00Z",
            hubspot_owner_id="70",
        )
    with running(made.answer) as server:
        yield server.url


def send(command: str, known: dict[str, str]) -> Any:
    """Send what curl would."""
    for name, value in known.items():
        command = command.replace(f"${name}", value)
    words = shlex.split(command)
    method, url, headers, body = "GET", "", {}, None
    rest = iter(words[1:])
    for word in rest:
        if word == "-X":
            method = next(rest)
        elif word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(rest)
        else:
            url = word
    return requests.request(method, url, headers=headers, data=body, timeout=120).json()


def check(said: Any, shown: Any, path: str = "") -> None:
    """What the document shows is in the answer, under the same names."""
    if isinstance(shown, dict):
        assert isinstance(said, dict), path
        for name, value in shown.items():
            assert name in said, f"{path}.{name}"
            check(said[name], value, f"{path}.{name}")
    elif isinstance(shown, list):
        assert isinstance(said, list), path
        assert len(said) >= len(shown), path
        for one, other in zip(said, shown, strict=False):
            check(one, other, path)
    elif isinstance(shown, bool) or (isinstance(shown, str) and "…" not in shown):
        assert said == shown, path


@pytest.mark.usefixtures("site")
def test_every_example_of_the_api_answers_as_the_document_says(
    businesses: dict[str, Business], site: str, portal: str
) -> None:
    olga = a_group_member(businesses["acme"], "Olga", Role.OWNER)
    olga.user.set_password(PASSWORD)
    olga.user.save(update_fields=["password"])
    known = {"HOST": site, "SOURCE": portal}
    examples = EXAMPLE.findall((DOCS / "api.md").read_text())
    assert len(examples) == 11

    with override_settings(ALLOW_PRIVATE_SOURCES=True), without_sending():
        for command, shown in examples:
            said = send(command, known)
            check(said, json.loads(shown), command.split()[-1][:60])
            if "token" in said:
                known["TOKEN"] = said["token"]
            if said.get("kind") == "rest":
                known.setdefault("ID", str(said["id"]))
            if said.get("kind") == "sync" and not said["ended"]:
                known["JOB"] = said["id"]
            run_all_jobs()


def test_the_credentials_of_every_known_source_are_documented() -> None:
    text = (DOCS / "api.md").read_text()
    for name in preset_names():
        row = re.search(rf"^\| `{name}` \| (.*) \|$", text, re.MULTILINE)
        assert row is not None, name
        said = {frozenset(re.findall(r"`(\w+)`", one)) for one in row[1].split(";")}
        auth = read_document(preset_text(name)).auth
        assert said == {frozenset(one.names.values()) for one in auth}, name


def test_the_document_of_the_documentation_is_right() -> None:
    found = re.search(
        r"```yaml\n(.*?)```", (DOCS / "rest-sources.md").read_text(), re.S
    )
    assert found is not None

    assert read_document(found[1]).name == "Widget CRM"
