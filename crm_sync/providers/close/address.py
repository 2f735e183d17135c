"""Which addresses may be asked at all."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from crm_sync.contract import ConfigurationProblem

DEFAULT_ADDRESS = "https://api.close.com/api/v1/"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PORTS = (None, 443)
_API = "/api/v1/"


def checked_address(text: str, *, allow_loopback: bool) -> str:
    """Return the base address with a slash at its end; refuse what is unsafe.

    Names are resolved and checked again at each connection, by the session.
    """
    try:
        url = urlsplit(text.strip() or DEFAULT_ADDRESS)
        port = url.port
    except ValueError:
        raise _refused("This is not a web address.") from None
    local = allow_loopback and url.hostname in _LOOPBACK
    if url.scheme != "https" and not (local and url.scheme == "http"):
        raise _refused("The address of a source begins with https://.")
    if not url.hostname or not re.fullmatch(r"[A-Za-z0-9.:_-]+", url.hostname):
        raise _refused("The address names no server.")
    if url.username is not None or url.query or url.fragment:
        raise _refused("The address may have no name, password, ? or # in it.")
    if port not in _PORTS and not local:
        raise _refused("Only the usual port of https can be used.")
    path = url.path if url.path.strip("/") else _API
    return f"{url.scheme}://{url.netloc}{path.rstrip('/')}/"


def app_address(base: str, given: str) -> str:
    """Return where people use the source: pages of the same server, or Close's own."""
    if given:
        url: SplitResult = urlsplit(given)
        if url.scheme in ("http", "https") and url.hostname:
            return f"{url.scheme}://{url.netloc}"
    url = urlsplit(base)
    if url.hostname == "api.close.com":
        return "https://app.close.com"
    return f"{url.scheme}://{url.netloc}"


def _refused(message: str) -> ConfigurationProblem:
    return ConfigurationProblem(
        message, hint=f"The address of Close itself is {DEFAULT_ADDRESS}"
    )
