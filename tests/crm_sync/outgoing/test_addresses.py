"""No call leaves for a place that is not a source's."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import pytest

from crm_sync.contract import ConfigurationProblem
from crm_sync.outgoing.addresses import (
    ForbiddenAddress,
    Reach,
    checked_base,
    may_reach,
    same_origin,
)
from crm_sync.outgoing.sessions import NoAnswer, TooLarge, ask, checked_session

INSIDE = [
    "0.0.0.0",
    "10.0.0.5",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.9.9.9",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.168.1.1",
    "192.88.99.1",
    "198.18.0.1",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::1",
    "fc00::1",
    "fd00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "100::1",
]
SPELLINGS = [
    "127.1",
    "127.0.1",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "0xa9fea9fe",
    "2852039166",
    "10.1",
    "0",
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_may_not_be_reached(address: str) -> None:
    assert not may_reach(ip_address(address), Reach.PUBLIC, encrypted=True)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8"])
def test_a_public_address_may_be_reached_with_encryption_only(address: str) -> None:
    assert may_reach(ip_address(address), Reach.PUBLIC, encrypted=True)
    assert not may_reach(ip_address(address), Reach.PRIVATE, encrypted=False)


def test_the_operator_opens_the_loopback_or_private_networks_and_no_metadata() -> None:
    reached = {
        reach: [
            address
            for address in INSIDE
            if may_reach(ip_address(address), reach, encrypted=False)
        ]
        for reach in Reach
    }

    assert reached[Reach.PUBLIC] == []
    assert reached[Reach.LOOPBACK] == [
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "::ffff:127.0.0.1",
    ]
    assert set(reached[Reach.PRIVATE]) - set(reached[Reach.LOOPBACK]) == {
        *("10.0.0.5", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("::ffff:10.0.0.1", "fc00::1", "fd00::1"),
    }


@pytest.mark.parametrize("host", [*INSIDE, *SPELLINGS])
def test_an_address_inside_is_refused_as_it_is_written(host: str) -> None:
    written = f"[{host}]" if ":" in host else host

    with pytest.raises(ConfigurationProblem):
        checked_base(f"https://{written}/v1/", reach=Reach.PUBLIC)


@pytest.mark.parametrize(
    "text",
    [
        "http://api.example.com/",
        "ftp://api.example.com/",
        "https://user:word@api.example.com/",
        "https://api.example.com@127.0.0.1/",
        "https://api.example.com:22/",
        "https://api.example.com/?a=b",
        "https://api.example.com/#there",
        "https://a b/",
        "https:///v1/",
        "https://①②⑦.⓪.⓪.①/",
        "https://127.0.0.1\\@api.example.com/",
        "https://[::1",
        "//api.example.com/",
        "javascript:alert(1)",
        "https://api.example.com/\x00",
    ],
)
def test_an_unsafe_address_is_refused_before_anything_is_asked(text: str) -> None:
    with pytest.raises(ConfigurationProblem):
        checked_base(text, reach=Reach.PUBLIC)


def test_a_link_to_another_port_or_scheme_leaves_the_origin() -> None:
    base = "https://api.example.com/v1/"

    assert same_origin(base, "https://API.example.com:443/v2/deals?page=2")
    assert not same_origin(base, "https://api.example.com:8443/v1/")
    assert not same_origin(base, "http://api.example.com/v1/")
    assert not same_origin(base, "https://api.example.com.evil.example/v1/")
    assert not same_origin(base, "https://api.example.com@evil.example/v1/")


@contextmanager
def server(answer: bytes, status: int = 200, **headers: str) -> Iterator[list[str]]:
    """A server on the loopback; the list holds its address, then what it was asked."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    asked.append(f"http://127.0.0.1:{made.server_address[1]}/")
    try:
        yield asked
    finally:
        made.shutdown()
        made.server_close()
        thread.join()


def get(url: str, reach: Reach = Reach.LOOPBACK) -> bytes:
    return ask(checked_session(reach), "GET", url, seconds=60).body


def test_a_server_on_the_loopback_is_reached_only_when_that_is_allowed() -> None:
    with server(b"{}") as asked:
        with pytest.raises(ForbiddenAddress):
            get(asked[0], Reach.PUBLIC)
        assert asked[1:] == []

        assert get(asked[0]) == b"{}"


def test_a_name_that_has_one_address_inside_is_refused_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with server(b"{}") as asked:
        port = int(asked[0].rsplit(":", 1)[1].strip("/"))
        stream = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        both = [(*stream, ("8.8.8.8", port)), (*stream, ("127.0.0.1", port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: both)

        with pytest.raises(ForbiddenAddress):
            get(f"https://rebinding.example:{port}/", Reach.PUBLIC)
        assert asked[1:] == []


def test_a_name_is_looked_up_once_and_the_checked_address_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name server that says something else the second time is never asked again."""
    with server(b"{}") as asked:
        port = int(asked[0].rsplit(":", 1)[1].strip("/"))
        answers = [["127.0.0.1"], ["10.0.0.1"]]
        looked_up: list[str] = []

        def resolve(host: str, *given: object, **more: object) -> list[object]:
            looked_up.append(host)
            stream = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
            return [(*stream, (text, port)) for text in answers[len(looked_up) - 1]]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)

        assert get(f"http://source.example:{port}/") == b"{}"
        assert looked_up == ["source.example"]


def test_a_redirect_is_not_followed() -> None:
    with server(b"", 302, Location="http://127.0.0.1:1/") as asked:
        reply = ask(checked_session(Reach.LOOPBACK), "GET", asked[0], seconds=60)

    assert reply.status == 302
    assert len(asked) == 2


def test_an_answer_without_end_is_cut_off() -> None:
    with server(b"x" * 20_000_001) as asked, pytest.raises(TooLarge):
        get(asked[0])


def test_a_proxy_of_the_machine_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    with server(b"{}") as asked:
        assert get(asked[0]) == b"{}"


def test_a_closed_port_and_an_unknown_name_are_told_alike() -> None:
    said = set()
    for url in ("http://127.0.0.1:9/", "http://no-such-name.invalid/"):
        with pytest.raises(NoAnswer) as problem:
            get(url)
        said.add(str(problem.value))

    assert said == {"it did not answer in full"}
