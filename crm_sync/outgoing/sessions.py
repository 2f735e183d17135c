"""HTTP that connects only to addresses it has checked, and follows nothing."""

from __future__ import annotations

import http.client
import io
import re
import socket
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError

from crm_sync.outgoing.addresses import ForbiddenAddress, Reach, may_reach
from crm_sync.outgoing.names import places_of

CONNECT_SECONDS = 5
LARGEST_ANSWER = 20_000_000
_CHUNK = 65_536
# When the question that is being asked has to be answered in full.
_ENDS: ContextVar[float] = ContextVar("ends")


class NoAnswer(Exception):
    """The server did not answer in full. One sentence for every cause: what is behind
    an address is not told to whoever asks."""


class TooLarge(Exception):
    """The answer is larger than any page of records."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


# What an answer may be written in beside UTF-8, under the names that servers use.
_ENCODINGS = {
    "iso-8859-1": "cp1252",  # what is called so on the web is that
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
    "iso-8859-15": "iso-8859-15",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
_MARKS = (b"\xff\xfe", b"\xfe\xff")  # UTF-16 begins with one of these
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w-]{1,20})""", re.I)


def in_utf8(reply: Reply) -> bytes:
    """Return the body in UTF-8, whatever its header says that it is written in."""
    found = _CHARSET.search(reply.headers.get("content-type", "")[:200])
    encoding = _ENCODINGS.get(found[1].lower(), "") if found else ""
    if reply.body[:2] in _MARKS:
        encoding = "utf-16"
    try:
        reply.body.decode("utf-8")  # many say latin-1 and write this
    except UnicodeDecodeError:
        if encoding:
            return reply.body.decode(encoding, "replace").encode()
    return reply.body


def checked_session(reach: Reach) -> requests.Session:
    """Return a session that looks a name up once, checks every address that it has,
    and connects to the one that was checked; a later answer of the name server
    changes nothing."""
    session = requests.Session()
    # Neither a proxy nor a password of the machine's own has business here.
    session.trust_env = False
    session.mount("https://", _CheckingAdapter(reach))
    session.mount("http://", _CheckingAdapter(reach))
    session.headers["User-Agent"] = "commissions-saas"
    session.headers["Accept"] = "application/json"
    # An unpacked answer could be a thousand times larger than what was sent.
    session.headers["Accept-Encoding"] = "identity"
    return session


def ask(
    session: requests.Session,
    method: str,
    url: str,
    *,
    seconds: int,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Reply:
    """Ask once, within `seconds` in all."""
    asking = _ENDS.set(time.monotonic() + seconds)
    try:
        response = session.request(
            method,
            url,
            params=dict(params or {}),
            headers=dict(headers or {}),
            data=body,
            timeout=(min(CONNECT_SECONDS, seconds), seconds),
            allow_redirects=False,
            stream=True,
        )
        with response:
            received = _read(response)
    except (requests.RequestException, UnicodeError):
        raise NoAnswer("it did not answer in full") from None
    finally:
        _ENDS.reset(asking)
    lowered = {name.lower(): value for name, value in response.headers.items()}
    return Reply(response.status_code, lowered, received)


def _read(response: requests.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise TooLarge
    return bytes(body)


def _left() -> float:
    """Return the seconds that are left of those in which the answer has to be here."""
    left = _ENDS.get() - time.monotonic()
    if left <= 0:
        raise TimeoutError("it answered too slowly")
    return left


class _TimedReads(io.RawIOBase):
    """Reads a connection's socket, and waits no longer than the answer may take.

    A timeout of a socket is for one read: who sends a byte every second never meets it.
    """

    def __init__(self, raw: io.RawIOBase, connection: socket.socket) -> None:
        self._raw, self._socket = raw, connection

    def readable(self) -> bool:
        """It is read only."""
        return True

    def fileno(self) -> int:
        """Return the socket's number."""
        return self._raw.fileno()

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there, or wait for it as long as is left."""
        self._socket.settimeout(_left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let go of the socket."""
        if not self.closed:
            self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    """Reads its first line, its headers and its body in time."""

    def __init__(self, sock: socket.socket, *given: Any, **more: Any) -> None:
        super().__init__(sock, *given, **more)
        self.fp = io.BufferedReader(_TimedReads(self.fp.detach(), sock))


def _connected(connection: HTTPConnection, reach: Reach, encrypted: bool) -> Any:
    host = connection.host.strip("[]")
    try:
        found = places_of(host, connection.port, min(CONNECT_SECONDS, _left()))
    except TimeoutError:
        raise NewConnectionError(connection, "its name was not found in time") from None
    except (OSError, UnicodeError) as problem:
        failure = problem if isinstance(problem, socket.gaierror) else socket.gaierror()
        raise NameResolutionError(host, connection, failure) from None
    for *_, place in found:
        address = ip_address(str(place[0]))
        if not may_reach(address, reach, encrypted=encrypted):
            raise ForbiddenAddress
    timeout = connection.timeout
    for family, kind, protocol, _, place in found:
        made = socket.socket(family, kind, protocol)
        try:
            for option in connection.socket_options or ():
                made.setsockopt(*option)
            left = _left()
            if isinstance(timeout, int | float):
                left = min(timeout, left)
            made.settimeout(left)
            made.connect(place)
        except OSError:
            made.close()
            continue
        return made
    raise NewConnectionError(connection, "no address of the name answers")


class _CheckingAdapter(HTTPAdapter):
    """Gives its pools connections that check where they lead."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        super().__init__(pool_connections=2, pool_maxsize=2)

    def init_poolmanager(self, *given: Any, **more: Any) -> None:
        super().init_poolmanager(*given, **more)
        self.poolmanager.pool_classes_by_scheme = _pools(self._reach)


def _pools(reach: Reach) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        response_class = _TimedResponse

        def _new_conn(self) -> Any:
            return _connected(self, reach, encrypted=False)

    class Encrypted(HTTPSConnection):
        response_class = _TimedResponse

        def _new_conn(self) -> Any:
            return _connected(self, reach, encrypted=True)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    return {"http": PlainPool, "https": EncryptedPool}
