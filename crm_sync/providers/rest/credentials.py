"""The secrets of a source: read once, put where the document says, and never shown."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from crm_sync.contract import ConfigurationProblem
from crm_sync.providers.rest.document import Auth

_HIDDEN = "•••"
_SINGLE = ("bearer", "api_key")


class Credentials:
    """Named secrets; `str` of it says nothing."""

    def __init__(self, secret: str) -> None:
        self._values = _read(secret)
        self._derived: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._values)

    def fits(self, auth: Auth, *, by_name: bool) -> bool:
        """Tell whether all that this way of asking needs is there, under its names or
        by being the only one that is there."""
        names = auth.names.values()
        if by_name:
            return all(self._values.get(name) for name in names)
        return all(self.get(name, auth) for name in names)

    def get(self, name: str, auth: Auth) -> str:
        """Return a credential; where one is needed and one is there, it is that one."""
        if name in self._values:
            return self._values[name]
        given = [
            value for key, value in self._values.items() if not key.startswith("_")
        ]
        if auth.kind in _SINGLE and len(given) == 1:
            return given[0]
        return ""

    def put(self, **values: str) -> str:
        """Change credentials and return all as the text that is kept."""
        self._values |= values
        return json.dumps(self._values)

    def take(self, other: Credentials) -> None:
        """Take others in the place of these, and go on hiding these as well."""
        self._derived |= {*self._values.values(), *other._derived}
        self._values = dict(other._values)

    def remembered(self, name: str) -> str:
        """Return what was put before, such as an access token."""
        return self._values.get(name, "")

    def derive(self, text: str) -> str:
        """Return a text that is made of secrets and is as secret as they."""
        self._derived.add(text)
        return text

    def hide(self, text: str) -> str:
        """Return a text without any secret that a server may have put into it."""
        for secret in sorted({*self._values.values(), *self._derived}, key=len)[::-1]:
            if len(secret) >= 4:
                text = text.replace(secret, _HIDDEN)
        return text


def headers_and_params(
    auth: Auth, credentials: Credentials
) -> tuple[dict[str, str], dict[str, str]]:
    """Return what to send so that the source knows who asks."""
    if auth.kind == "none":
        return {}, {}
    if auth.kind == "basic":
        user = credentials.get(auth.names["username"], auth)
        password = auth.names.get("password")
        pair = f"{user}:{credentials.get(password, auth) if password else ''}"
        encoded = credentials.derive(base64.b64encode(pair.encode()).decode())
        return {"Authorization": f"Basic {encoded}"}, {}
    if auth.kind == "bearer":
        token = credentials.get(auth.names["token"], auth)
        sent = _behind(auth.prefix or "Bearer", token)
        return {"Authorization": _sendable(sent, auth.names["token"])}, {}
    if auth.kind == "api_key":
        value = credentials.get(auth.names["key"], auth)
        if auth.header:
            sent = _behind(auth.prefix, value)
            return {auth.header: _sendable(sent, auth.names["key"])}, {}
        return {}, {auth.query: value}
    token = credentials.remembered("_access_token")
    return ({"Authorization": f"Bearer {token}"} if token else {}), {}


def _behind(prefix: str, secret: str) -> str:
    """`Token abc`, but `Token token=abc`."""
    between = "" if not prefix or prefix.endswith(("=", ":", '"')) else " "
    return f"{prefix}{between}{secret}"


def _sendable(text: str, name: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    raise ConfigurationProblem(
        f"The credential “{name}” has a sign in it that no header can carry.",
        hint="Copy it once more from the source, without line breaks.",
        status=401,
    )


def _read(secret: str) -> dict[str, str]:
    if not secret.strip():
        return {}
    if not secret.lstrip().startswith("{"):
        return {"token": secret.strip()}
    try:
        found = json.loads(secret)
    except ValueError:
        raise ConfigurationProblem("The credentials cannot be read.") from None
    if not isinstance(found, Mapping):
        raise ConfigurationProblem("The credentials are no names and texts.")
    return {str(name): str(value).strip() for name, value in found.items()}
