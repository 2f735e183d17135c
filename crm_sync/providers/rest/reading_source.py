"""Reads what a document says of the source as a whole: who asks, how often, and again."""

from __future__ import annotations

import re
from decimal import Decimal

from crm_sync.providers.rest import patterns
from crm_sync.providers.rest.document import Auth, Rate, Retry
from crm_sync.providers.rest.paths import cleaned
from crm_sync.providers.rest.shape import Shape

_AUTH = {
    "none": (),
    "basic": ("username", "password"),
    "bearer": ("token",),
    "api_key": ("key",),
    "oauth2_refresh": ("client_id", "client_secret", "refresh_token"),
    "oauth2_client": ("client_id", "client_secret"),
}
_RETRY = ("network", "truncated_json")
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
# What HTTP itself says; another server would be asked, or half of a request.
_OWN = ("host", "content-length", "transfer-encoding", "connection", "upgrade")
_SECRET = re.compile(r"authorization|cookie|token|secret|api-?key|password", re.I)


def read_headers(source: Shape) -> dict[str, str]:
    """Return what is sent with each request."""
    headers = source.table("headers")
    for name, value in headers.items():
        if _SECRET.search(name):
            source.wrong(
                f"headers.{name}",
                "A secret has no place in the document. Declare it under auth and send"
                " its value with the credentials.",
            )
        elif not HEADER.fullmatch(name) or name.lower() in _OWN:
            source.wrong(f"headers.{name}", "This header cannot be set here.")
        elif not re.fullmatch(r"[\x20-\x7e]*", value):
            source.wrong(
                f"headers.{name}", "Write its value in plain letters, on one line."
            )
    return headers


def read_organisation(whose: Shape | None) -> tuple[str, str]:
    """Return where the organisation says its name."""
    if whose is None:
        return "", ""
    found = whose.text("path", needed=True), cleaned(whose.text("name", needed=True))
    whose.done()
    return found


def read_auths(source: Shape) -> tuple[Auth, ...]:
    """Return the ways of asking, the first that fits wins."""
    given = source.anything("auth")
    if given in (None, ""):
        return (Auth(),)
    rows = given if isinstance(given, list) else [given]
    return tuple(
        _auth(source.shaped(f"auth.{number}" if len(rows) > 1 else "auth", row))
        for number, row in enumerate(rows)
    )


def _auth(shape: Shape) -> Auth:
    kind = shape.one_of("kind", _AUTH, "none")
    names = {name: shape.text(name, name) for name in _AUTH[kind]}
    if kind == "api_key":
        names = {"key": shape.text("key", "api_key")}
    header, query = shape.text("header"), shape.text("query")
    if kind == "basic" and shape.data.get("password", names["password"]) in ("", None):
        del names["password"]  # many take a key as the name of the user, and no more
    for name, secret in names.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", secret):
            shape.wrong(
                name,
                "Write the name of a credential here, such as api_key; its value is"
                " sent with the credentials.",
            )
    if kind == "api_key" and bool(header) == bool(query):
        shape.wrong("header", "Name the header or the query parameter of the key.")
    if header and not HEADER.fullmatch(header):
        shape.wrong("header", f"“{header}” is no name of a header.")
    token_url = shape.text("token_url", needed=kind.startswith("oauth2"))
    auth = Auth(
        kind=kind,
        names=names,
        header=header,
        query=query,
        prefix=shape.text("prefix"),
        token_url=token_url,
        scope=shape.text("scope"),
    )
    shape.done()
    return auth


def read_rate(source: Shape) -> Rate:
    """Return how the source says that it is asked too often."""
    shape = source.inner("rate")
    if shape is None:
        return Rate()
    usual = Rate()
    per_second = shape.text("max_per_second")
    when = []
    given = shape.anything("when") or []
    if not isinstance(given, list):
        shape.wrong("when", "This is a list such as [{status: 403, contains: LIMIT}].")
        given = []
    for number, row in enumerate(given):
        one = shape.shaped(f"when.{number}", row)
        when.append((one.whole("status", 429, 100, 599), one.text("contains")))
        one.done()
    rate = Rate(
        header=shape.text("header", usual.header).lower(),
        pattern=shape.checked("pattern", patterns.pattern, "", patterns.SAYS),
        retry_after=shape.one_of(
            "retry_after", ("seconds", "date", "epoch"), "seconds"
        ),
        default_wait=shape.number("default_wait", usual.default_wait, "0", "3600"),
        max_wait=shape.number("max_wait", usual.max_wait, "1", "3600"),
        max_per_second=shape.number("max_per_second", Decimal(10), "0.01", "1000")
        if per_second
        else None,
        when=tuple(when),
    )
    shape.done()
    return rate


def read_retry(source: Shape) -> Retry:
    """Return what may be asked again."""
    shape = source.inner("retry")
    usual = Retry()
    if shape is None:
        return usual
    if "on" not in shape.data:
        # Some programs that read YAML take the word `on` for yes.
        for word in {"true", "True"} & set(shape.data):
            shape.taken.add(word)
            shape.data = {**shape.data, "on": shape.data[word]}
    on = shape.texts("on")
    for one in on:
        if one not in _RETRY and not re.fullmatch(r"[45]\d\d", one):
            shape.wrong("on", f"“{one}” is no status, nor network or truncated_json.")
    shape.one_of("jitter", ("full", "none"), "full")
    retry = Retry(
        on=frozenset(on) or usual.on,
        tries=shape.whole("tries", usual.tries, 1, 20),
        base=shape.number("base", usual.base, "0", "60"),
        cap=shape.number("cap", usual.cap, "0", "900"),
        restart_on=shape.texts("restart_on"),
    )
    shape.done()
    return retry


def read_statuses(shape: Shape, key: str, usual: frozenset[int]) -> frozenset[int]:
    """Return a list of statuses."""
    found = shape.texts(key)
    if any(not re.fullmatch(r"[45]\d\d", one) for one in found):
        shape.wrong(key, "This is a list of statuses such as 401.")
        return usual
    return frozenset(int(one) for one in found) or usual
