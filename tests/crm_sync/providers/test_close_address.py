"""No connection leads into our own network."""

import pytest

from crm_sync.contract import (
    ConfigurationProblem,
    ConnectionSettings,
    TryAgainLater,
)
from crm_sync.outgoing.addresses import Reach
from crm_sync.providers import open_provider
from crm_sync.providers.close.address import app_address, checked_address
from tests.crm_sync.providers.close_source import Source


def ask(address: str, **options: object) -> None:
    """Try to read from an address."""
    given = {"tries": 1, "timeout": 2, **options}
    open_provider("close", ConnectionSettings(address, "api_key", given)).probe()


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/api/v1/",
        "https://127.1/api/v1/",
        "https://2130706433/api/v1/",
        "https://0x7f000001/",
        "https://0.0.0.0/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://localhost/",
        "https://10.0.0.5/",
        "https://192.168.1.1/",
        "https://172.16.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
    ],
)
def test_private_addresses_are_refused_and_never_reached(address: str) -> None:
    with pytest.raises(ConfigurationProblem) as problem:
        ask(address)

    assert problem.value.status is None


@pytest.mark.parametrize(
    "address",
    [
        "http://api.close.com/api/v1/",
        "ftp://api.close.com/",
        "file:///etc/passwd",
        "https://user:password@api.close.com/",
        "https://api.close.com:8080/",
        "https://api.close.com:99999/",
        "https://api.close.com/?a=b",
        "https://api.close.com/#there",
        "https://a b/",
        "https:///api/v1/",
        "javascript:alert(1)",
        "gopher://api.close.com",
    ],
)
def test_unsafe_addresses_are_refused_before_anything_is_asked(address: str) -> None:
    with pytest.raises(ConfigurationProblem):
        checked_address(address, reach=Reach.PUBLIC)


def test_the_loopback_is_reached_only_when_that_is_allowed(close: Source) -> None:
    with pytest.raises(ConfigurationProblem):
        ask(close.server.url)
    with pytest.raises(ConfigurationProblem):
        ask(close.server.url, allow_loopback="yes")

    assert close.server.requests == []


def test_allowing_the_loopback_allows_no_other_private_address() -> None:
    with pytest.raises(ConfigurationProblem):
        ask("https://10.0.0.5/", allow_loopback=True)
    with pytest.raises(ConfigurationProblem):
        ask("http://10.0.0.5/", allow_loopback=True)


def test_a_proxy_of_the_machine_is_not_used(
    close: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert close.provider().probe().organisation == "Hale Family Holdings"


def test_a_closed_port_and_a_silent_one_are_told_alike(close: Source) -> None:
    close.server.faults.change({"script": ["stall"], "stall_milliseconds": 1500})
    said = []
    for address in ("http://127.0.0.1:9/", close.server.url):
        with pytest.raises(TryAgainLater) as problem:
            settings = {"allow_loopback": True, "tries": 1, "timeout": 1}
            key = close.key
            open_provider("close", ConnectionSettings(address, key, settings)).probe()
        said.append(str(problem.value))

    assert said[0] == said[1]


def test_an_address_without_a_path_is_that_of_the_interface() -> None:
    assert checked_address("", reach=Reach.PUBLIC) == "https://api.close.com/api/v1/"
    assert (
        checked_address("https://api.close.com", reach=Reach.PUBLIC)
        == "https://api.close.com/api/v1/"
    )


def test_a_link_leads_to_where_people_use_close() -> None:
    assert app_address("https://api.close.com/api/v1/", "") == "https://app.close.com"
    assert app_address("http://127.0.0.1:8/api/v1/", "") == "http://127.0.0.1:8"
    assert app_address("http://127.0.0.1:8/", "javascript:x") == "http://127.0.0.1:8"
