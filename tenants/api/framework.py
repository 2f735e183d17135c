"""How the REST framework works here: who asks, what is read, how often."""

from __future__ import annotations

import json
from typing import Any

from redis.exceptions import RedisError
from rest_framework.authentication import SessionAuthentication
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from tenants.api.errors import BadRequest

_DEEPEST = 32


class TokenOrSession(SessionAuthentication):
    """A token's user; else whoever is logged in, with the proof against forgery."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        token = getattr(request._request, "api_token", None)
        if token is not None:
            return token.user, token
        return super().authenticate(request)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class JsonParser(BaseParser):
    """JSON of at most 10 MB; a broken number stays the text that was sent."""

    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Any = None
    ) -> dict[str, Any]:
        # The body's own property keeps to the limit; reading the stream would not.
        body: bytes = parser_context["request"]._request.body if parser_context else b""
        try:
            read = json.loads(
                body.decode("utf-8"),
                parse_float=str,
                parse_constant=_refuse,
                object_pairs_hook=_once,
            )
        except (ValueError, RecursionError) as fault:
            reason = str(fault) if isinstance(fault, _Refused) else "It is not JSON."
            hint = 'Send JSON in UTF-8, such as {"name": "value"}, each name once.'
            raise BadRequest(f"The body cannot be read: {reason}", hint) from None
        if not isinstance(read, dict):
            raise BadRequest("The body is not an object.", 'Send {"name": "value"}.')
        if _depth(read) > _DEEPEST or "\\u0000" in body.decode("utf-8"):
            raise BadRequest(
                "The body is nested too deeply or holds a zero byte.",
                f"Nest it {_DEEPEST} deep at most, and leave out \\u0000.",
            )
        return read


class PerUser(SimpleRateThrottle):
    """So many requests a minute for each user; without the cache there is no limit."""

    scope = "user"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        if not request.user or not request.user.is_authenticated:
            return None
        return f"api-{request.user.pk}"

    def allow_request(self, request: Request, view: Any) -> bool:
        try:
            return bool(super().allow_request(request, view))
        except RedisError:
            return True


class _Refused(ValueError):
    """A sentence for whoever sent it."""


def _refuse(constant: str) -> None:
    raise _Refused(f"{constant} is not a number.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("A name is there twice.")
    return found


def _depth(value: Any) -> int:
    deepest = 0
    layer = [value]
    while layer and deepest <= _DEEPEST:
        deepest += 1
        below: list[Any] = []
        for one in layer:
            if isinstance(one, dict):
                below += one.values()
            elif isinstance(one, list):
                below += one
        layer = below
    return deepest
