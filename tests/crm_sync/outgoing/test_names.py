"""A name that resolves slowly, or not at all, is no answer in time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from crm_sync.outgoing import names
from crm_sync.outgoing.addresses import ForbiddenAddress, Reach
from crm_sync.outgoing.sessions import NoAnswer, ask, checked_session

LOOK_UP = socket.getaddrinfo
NEVER = 120  # seconds; what is left in time is left long before


class NameServer:
    """Stands in for the network's own, which a test cannot make slow."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers = threading.Event()

    def look_up(self, host: str, port: int, **more: Any) -> Any:
        self.asked += 1
        self.answers.wait(NEVER)
        return LOOK_UP("127.0.0.1", port, **more)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    server = NameServer()
    monkeypatch.setattr(socket, "getaddrinfo", server.look_up)
    yield server
    server.answers.set()
    for thread in threading.enumerate():
        if thread.name.startswith("name of"):
            thread.join()


def asking(url: str, reach: Reach = Reach.LOOPBACK) -> float:
    began = time.monotonic()
    with pytest.raises(NoAnswer):
        ask(checked_session(reach), "GET", url, seconds=1)
    return time.monotonic() - began


def test_a_name_server_that_hangs_is_left_when_the_time_is_over(
    slow: NameServer,
) -> None:
    assert asking("http://crm.example/") < NEVER / 2
    assert slow.asked == 1


def test_only_so_many_names_may_hang_at_once(slow: NameServer) -> None:
    for number in range(names._MOST_HANGING):
        with pytest.raises(TimeoutError):
            names.places_of(f"{number}.example", 80, 0.001)

    assert asking("http://crm.example/") < NEVER / 2
    assert slow.asked == names._MOST_HANGING

    slow.answers.set()
    assert names.places_of("crm.example", 80, 60)


def test_a_name_that_comes_late_but_in_time_is_checked_as_any(slow: NameServer) -> None:
    threading.Timer(0.2, slow.answers.set).start()

    with pytest.raises(ForbiddenAddress):
        ask(checked_session(Reach.PUBLIC), "GET", "https://crm.example/", seconds=60)


def test_a_name_that_nobody_has_is_no_answer() -> None:
    assert asking("http://no-such-name.invalid/") < NEVER / 2
