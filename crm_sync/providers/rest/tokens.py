"""Access tokens of OAuth 2: asked for when there is none, or when one is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from crm_sync.contract import ConfigurationProblem
from crm_sync.outgoing.json_text import NotJson, read_json
from crm_sync.outgoing.sessions import Reply
from crm_sync.providers.rest.credentials import Credentials
from crm_sync.providers.rest.document import Auth

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
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = send(auth.token_url, headers, urlencode(form).encode())
    try:
        doc = read_json(reply.body)
    except NotJson:
        doc = {}
    token = doc.get("access_token") if isinstance(doc, dict) else None
    if reply.status != 200 or not isinstance(token, str) or not token:
        raise ConfigurationProblem(
            f"{source} gives no new access token ({reply.status}).",
            hint="Connect it again, and replace the credentials.",
            status=401,
        )
    values = {"_access_token": token}
    # Some sources take a refresh token once, and give the next one with the answer.
    if is_refresh and isinstance(doc.get("refresh_token"), str):
        values[auth.names["refresh_token"]] = doc["refresh_token"]
    return credentials.put(**values)
