"""A server that sends a byte now and then holds nobody longer than agreed."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

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


@pytest.mark.parametrize(
    ("begins", "drop"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"X-Drop: a\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"a"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (BODY, b"a"),
        (CHUNKS, b"1\r\na\r\n"),
    ],
    ids=["first line", "headers", "one header", "continue", "body", "chunks"],
)
def test_a_dripping_server_is_left_when_the_time_is_over(
    begins: bytes, drop: bytes
) -> None:
    with dripping(begins, drop) as url:
        began = time.monotonic()
        with pytest.raises(NoAnswer) as problem:
            ask(checked_session(Reach.LOOPBACK), "GET", url, seconds=1)

    assert time.monotonic() - began < NEVER / 2
    assert str(problem.value) == "it did not answer in full"


def test_a_slow_answer_that_comes_in_time_is_read_whole() -> None:
    begins = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    with dripping(begins, b"a", pause=0.05) as url:
        reply = ask(checked_session(Reach.LOOPBACK), "GET", url, seconds=60)

    assert reply.body == b"aaaaa"


def test_the_time_of_a_question_is_its_own() -> None:
    """A connection that is kept starts anew with each question."""
    session = checked_session(Reach.LOOPBACK)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"
    with dripping(b"", answer, pause=0.8, is_asked=True) as url:
        bodies = [ask(session, "GET", url, seconds=3).body for _ in range(4)]
        session.close()

    assert bodies == [b"a"] * 4
