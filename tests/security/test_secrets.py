"""Keys stay in their envelope: not in logs, audit, jobs or pages; sources are outside."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from commissions_saas import logs
from crm_sync.connections import services
from crm_sync.connections.models import Connection
from crm_sync.contract import (
    ConfigurationProblem,
    ConnectionSettings,
    TryAgainLater,
)
from crm_sync.providers.close.transport import Transport
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tests.people import a_member

Browser = Callable[[Member], Client]
CANARY = "api_CANARY4f1e77d0b2"


@contextmanager
def log_of(form: str) -> Iterator[io.StringIO]:
    """What is written into the log meanwhile, as the product writes it."""
    written = io.StringIO()
    settings = logs.configuration(form, "INFO")["formatters"]["structured"]
    handler = logging.StreamHandler(written)
    factory = settings.pop("()")
    handler.setFormatter(factory(**settings))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield written
    finally:
        root.removeHandler(handler)


def logged(form: str) -> str:
    """What the log holds of a fault while a key is a local variable."""
    with log_of(form) as written:
        try:
            fail_with(CANARY)
        except ZeroDivisionError:
            logging.getLogger("tests.security.faults").exception("it_failed")
    return written.getvalue()


CODE = "Zm9yZ2VkLWNhbmFyeQ-4f1e77d0b2"


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize(
    "path", [f"/hooks/{CODE}/", f"/account/password/reset/key/{CODE}/"]
)
@pytest.mark.usefixtures("acme")
def test_an_address_that_is_a_secret_itself_is_in_no_log(form: str, path: str) -> None:
    with log_of(form) as written:
        Client().post(f"{path}?a=1", "{", "application/json")
        logging.getLogger("tests.security").warning("Broken pipe from %s", path)

    text = written.getvalue()
    assert "request_finished" in text
    assert "Broken pipe" in text
    assert CODE not in text
    assert path.replace(CODE, "Zm9y(hidden)") + "?a=1" in text


def fail_with(secret: str) -> float:
    body = {"secret": secret}
    return len(body) / 0


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_fault_is_logged_without_the_values_of_variables(form: str) -> None:
    text = logged(form)

    assert "ZeroDivisionError" in text
    assert "fail_with" in text
    assert CANARY not in text


def everything_stored() -> str:
    """Every row of the tables in which a key could come to lie in clear."""
    found = []
    with connection.cursor() as cursor:
        for table in (
            "public.connections_connection",
            "public.audit_auditrow",
            "public.jobs_job",
            "public.connections_syncrun",
        ):
            cursor.execute(f"SELECT row_to_json(t)::text FROM {table} t")
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


def test_a_key_is_in_no_table_page_or_log_in_clear(
    acme: Business, log_in: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    ada = a_member(acme, "Ada", Role.ADMIN)
    assert acme.group is not None
    made = services.create_connection(
        group=acme.group,
        business=acme,
        kind="close",
        name="Close",
        secret=CANARY,
        base_url="https://127.0.0.1/",
        by=ada,
    )
    client = log_in(ada)
    here = f"/b/acme/connections/{made.pk}/"
    pages = [
        client.get(here),
        client.get("/b/acme/connections/"),
        client.get(f"{here}key/"),
        client.post(f"{here}key/", {"secret": CANARY}),
        client.post(f"{here}sync/"),
        client.get("/b/acme/audit/?as=csv"),
        client.get("/b/acme/jobs/"),
        client.post(
            "/b/acme/connections/new/",
            {"name": "N", "secret": CANARY, "objects": ["deal"], "base_url": "x"},
        ),
    ]

    for page in pages:
        content = page.getvalue() if page.streaming else page.content
        assert page.status_code < 500
        assert CANARY.encode() not in content
    assert str(made.pk) in everything_stored()
    assert CANARY not in everything_stored()
    assert CANARY not in caplog.text


INSIDE = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "localhost",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "2852039166",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[ff02::1]",
    "[2001:db8::1]",
]
FORBIDDEN = [
    "http://api.close.com/api/v1/",
    "https://api.close.com:8443/api/v1/",
    "https://api.close.com:22/",
    "https://user:word@api.close.com/",
    "https://api.close.com@127.0.0.1/",
    "https://api.close.com/?x=1",
    "https://api.close.com/#x",
    "ftp://api.close.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "https://",
    "https://①②⑦.⓪.⓪.①/",
    "https://127.0.0.1\\@api.close.com/",
    "https://[::1",
    "//127.0.0.1/",
    "javascript:alert(1)",
]
OPTIONS: dict[str, Any] = {"tries": 1, "timeout": 1, "longest_wait": 0}


@pytest.mark.parametrize("host", INSIDE)
def test_an_address_inside_is_never_asked(host: str) -> None:
    settings = ConnectionSettings(f"https://{host}/", CANARY, OPTIONS)

    with pytest.raises((ConfigurationProblem, TryAgainLater)) as caught:
        Transport(settings).get("me/")

    assert isinstance(caught.value, ConfigurationProblem), caught.value
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("address", FORBIDDEN)
def test_an_address_of_another_kind_is_never_asked(address: str) -> None:
    with pytest.raises(ConfigurationProblem):
        Transport(ConnectionSettings(address, CANARY, OPTIONS)).get("me/")


def test_loopback_is_allowed_by_settings_and_by_nobody_else(
    acme: Business, log_in: Browser
) -> None:
    body = {
        "name": "Close",
        "secret": CANARY,
        "objects": ["deal"],
        "base_url": "http://127.0.0.1:1/api/v1/",
        "allow_loopback": "on",
        "options": json.dumps({"allow_loopback": True}),
    }

    answer = log_in(a_member(acme, "Ada", Role.ADMIN)).post(
        "/b/acme/connections/new/", body
    )

    assert answer.status_code == 422
    assert not Connection.objects.exists()
