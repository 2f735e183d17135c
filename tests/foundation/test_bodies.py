"""A body arrives whole though nobody says how long it is."""

import io
from collections.abc import Iterable
from typing import Any

from commissions_saas.lib import bodies
from commissions_saas.lib.bodies import read_up_to, with_length


def asked(body: bytes, **environ: Any) -> tuple[bytes, str]:
    found: list[tuple[bytes, str]] = []

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH", "")
        found.append((environ["wsgi.input"].read(int(length or 0)), length))
        return []

    with_length(application)({"wsgi.input": io.BytesIO(body), **environ}, None)
    return found[0]


def test_a_body_in_chunks_has_a_length_once_it_is_here() -> None:
    chunked = {"HTTP_TRANSFER_ENCODING": "Chunked", "wsgi.input_terminated": True}

    assert asked(b"{}", **chunked) == (b"{}", "2")
    # Who has not taken the chunks apart would wait for more, for ever.
    assert asked(b"{}", HTTP_TRANSFER_ENCODING="chunked") == (b"", "")
    assert asked(b"{}", CONTENT_LENGTH="1") == (b"{", "1")


def test_what_is_far_too_much_is_counted_and_not_kept() -> None:
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}

    kept, length = asked(b"x" * (bodies.MOST_KEPT + 100_000), **chunked)

    assert len(kept) <= bodies.MOST_KEPT < int(length)


def test_what_follows_a_body_that_is_too_large_is_read_and_thrown_away() -> None:
    small, large = io.BytesIO(b"1234"), io.BytesIO(b"x" * 200_000)

    assert read_up_to(small, 4) == b"1234"
    assert len(read_up_to(large, 4)) == 5
    assert large.read() == b""
