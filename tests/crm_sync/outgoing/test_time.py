"""A server that sends a byte now and then holds nobody longer than agreed."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from crm_sync.outgoing import sessions
from crm_sync.outgoing.addresses import Reach
from crm_sync.outgoing.sessions import NoAnswer, ask, checked_session

BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n"
NEVER = 120  # seconds; what is left in time is left long before
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@contextmanager
def dripping(
    begins: bytes, drop: bytes, pause: float = 0.2, *, is_asked: bool = False
) -> Iterator[str]:
    """A server that sends a beginning, then a drop after each pause, as if for ever.

    Where it `is_asked`, each drop is the answer to a question of its own.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(9999)
            connection.sendall(begins)
            ends = time.monotonic() + NEVER
            while time.monotonic() < ends and not done.wait(pause):
                try:
                    connection.sendall(drop)
                    if is_asked:
                        connection.recv(9999)
                except OSError:
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        done.set()
        listener.close()
        thread.join()


DRIPS = {
    "first line": (b"", b"H"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-Drop: a\r\n"),
    "one header": (b"HTTP/1.1 200 OK\r\nX-Long: ", b"a"),
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": (BODY, b"a"),
    "chunks": (CHUNKS, b"1\r\na\r\n"),
}


def test_a_dripping_server_is_left_when_the_time_is_over() -> None:
    """All of them at once, since each takes its second."""

    def left(begins: bytes, drop: bytes) -> str:
        with dripping(begins, drop) as url:
            try:
                ask(checked_session(Reach.LOOPBACK), "GET", url, seconds=1)
            except NoAnswer as problem:
                return str(problem)
        return "it was read to its end"

    began = time.monotonic()
    with ThreadPoolExecutor(len(DRIPS)) as pool:
        asked = {name: pool.submit(left, *drip) for name, drip in DRIPS.items()}
        said = {name: one.result() for name, one in asked.items()}

    assert said == dict.fromkeys(DRIPS, "it did not answer in full")
    assert time.monotonic() - began < NEVER / 2


def test_a_slow_answer_that_comes_in_time_is_read_whole() -> None:
    begins = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    with dripping(begins, b"a", pause=0.05) as url:
        reply = ask(checked_session(Reach.LOOPBACK), "GET", url, seconds=60)

    assert reply.body == b"aaaaa"


def test_the_time_of_a_question_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that is kept starts anew with each question."""
    passed = [0.0]
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + passed[0])
    monkeypatch.setattr(sessions, "time", clock)
    session = checked_session(Reach.LOOPBACK)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"
    bodies = []
    with dripping(b"", answer, pause=0.01, is_asked=True) as url:
        for _ in range(4):
            bodies.append(ask(session, "GET", url, seconds=60).body)
            passed[0] += 50  # as if the answer had taken so long
        session.close()

    assert bodies == [b"a"] * 4
