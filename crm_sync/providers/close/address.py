"""Which addresses may be asked at all."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from crm_sync.outgoing.addresses import Reach, checked_base

DEFAULT_ADDRESS = "https://api.close.com/api/v1/"
_API = "/api/v1/"


def checked_address(text: str, *, reach: Reach) -> str:
    """Return the base address with a slash at its end; refuse what is unsafe.

    Names are resolved and checked again at each connection, by the session.
    """
    base = checked_base(
        text.strip() or DEFAULT_ADDRESS, reach=reach, example=DEFAULT_ADDRESS
    )
    has_path = urlsplit(base).path.strip("/")
    return base if has_path else base.rstrip("/") + _API


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
