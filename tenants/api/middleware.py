"""A request of a program is that of the token's user; on pages a token means nothing."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from tenants.access import SAFE_METHODS
from tenants.api.problems import answer, is_api
from tenants.api.tokens import known_token

SCHEMES = ("bearer", "token")


class TokenMiddleware:
    """Knows the user by the token; a wrong one is not taken for no token at all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        if is_api(request):
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() in SCHEMES:
                row = known_token(token.strip())
                if row is None:
                    return answer(
                        401,
                        "This token is not valid.",
                        "It may have expired or been revoked: get a new one from"
                        " /api/authenticate.",
                    )
                if row.reads_only and request.method not in SAFE_METHODS:
                    return answer(
                        403,
                        "This token may only read.",
                        "Make one that may write, on your page of API tokens.",
                    )
                request.user = row.user
                request.api_token = row
        return self.get_response(request)
