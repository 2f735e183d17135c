"""Access tokens of OAuth 2: asked for when there is none, or when one is refused."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from urllib.parse import quote_plus, urlencode

from crm_sync.contract import ConfigurationProblem
from crm_sync.outgoing.json_text import NotJson, read_json
from crm_sync.outgoing.sessions import Reply
from crm_sync.providers.rest.credentials import Credentials
from crm_sync.providers.rest.document import Auth

_CLIENT = ("client_id", "client_secret")

Send = Callable[[str, Mapping[str, str], bytes], Reply]


def is_oauth(auth: Auth) -> bool:
    """Tell whether this way of asking needs an access token first."""
    return auth.kind in ("oauth2_refresh", "oauth2_client")


def ask_for_token(
    auth: Auth, credentials: Credentials, send: Send, *, source: str
) -> str:
    """Get an access token, and return the credentials as they are kept from now on."""
    form = {name: credentials.get(kept, auth) for name, kept in auth.names.items()}
    is_refresh = auth.kind == "oauth2_refresh"
    form["grant_type"] = "refresh_token" if is_refresh else "client_credentials"
    if auth.scope:
        form["scope"] = auth.scope
    reply = _asked(auth.token_url, form, send)
    if _knows_no_client(reply):
        # All must know the client by its header; in the form it is known by most.
        reply = _asked(auth.token_url, form, send, credentials)
    try:
        doc = read_json(reply.body)
    except NotJson:
        doc = {}
    token = doc.get("access_token") if isinstance(doc, dict) else None
    if reply.status != 200 or not isinstance(token, str) or not token:
        said = credentials.hide(_said(doc))
        raise ConfigurationProblem(
            f"{source} gives no new access token ({reply.status}){said}.",
            hint="Connect it again, and replace the credentials.",
            status=401,
        )
    values = {"_access_token": token}
    # Some sources take a refresh token once, and give the next one with the answer.
    if is_refresh and isinstance(doc.get("refresh_token"), str):
        values[auth.names["refresh_token"]] = doc["refresh_token"]
    return credentials.put(**values)


def _said(doc: object) -> str:
    """Return why there is none, as far as the source says it."""
    if not isinstance(doc, dict):
        return ""
    told = (doc.get(name) for name in ("error_description", "error", "message"))
    text = next((one for one in told if isinstance(one, str) and one.strip()), "")
    return f": {' '.join(text.split())[:200].rstrip('.')}" if text else ""


def _asked(
    url: str,
    form: Mapping[str, str],
    send: Send,
    credentials: Credentials | None = None,
) -> Reply:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if credentials is not None:
        rest = dict(form)
        pair = ":".join(quote_plus(rest.pop(name)) for name in _CLIENT)
        encoded = credentials.derive(base64.b64encode(pair.encode()).decode())
        headers["Authorization"] = f"Basic {encoded}"
        form = rest
    return send(url, headers, urlencode(form).encode())


def _knows_no_client(reply: Reply) -> bool:
    if reply.status == 401:
        return True
    return reply.status == 400 and b"invalid_client" in reply.body[:20_000]
