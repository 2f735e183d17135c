"""A program that has a token and speaks JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.test import Client

from tenants.access import Member
from tenants.api.tokens import give_token


@dataclass
class Caller:
    """Sends JSON with a token; an answer is a status and what the body says."""

    token: str
    scheme: str = "Bearer"

    def get(self, url: str, **query: str) -> tuple[int, Any]:
        return self._ask("get", url, query)

    def post(self, url: str, data: Any = None) -> tuple[int, Any]:
        return self._ask("post", url, data if data is not None else {})

    def put(self, url: str, data: Any) -> tuple[int, Any]:
        return self._ask("put", url, data)

    def patch(self, url: str, data: Any) -> tuple[int, Any]:
        return self._ask("patch", url, data)

    def delete(self, url: str) -> tuple[int, Any]:
        return self._ask("delete", url, None)

    def _ask(self, method: str, url: str, data: Any) -> tuple[int, Any]:
        client = Client(raise_request_exception=True)
        headers = {"Authorization": f"{self.scheme} {self.token}"}
        more = {} if method == "get" else {"content_type": "application/json"}
        answer = getattr(client, method)(url, data or None, headers=headers, **more)
        return answer.status_code, answer.json() if answer.content else None


def caller(member: Member) -> Caller:
    """Give a member a token."""
    return Caller(give_token(user=member.user)[0])
