"""A program that sends records to Acme."""

import json
from pathlib import Path
from typing import Any

from django.test import Client

from crm_sync.connections.endpoints import Shown
from crm_sync.connections.models import Connection

DOCS = Path(__file__).parents[3] / "docs" / "inbound-webhooks.md"


SAMPLE = {
    "name": "Delgado",
    "amount": "18400.00",
    "won_on": "2026-11-04",
    "owner": "maya@acme.example",
    "is_new": True,
    "customer": {"city": "Austin"},
}


class Sender:
    """A program that sends records to Acme."""

    def __init__(self, connection: Connection, shown: Shown) -> None:
        self.connection = connection
        self.shown = shown
        self.path = shown.url.partition("//")[2].partition("/")[2]

    def post(self, body: Any, **headers: str) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {
            "X-Client-Id": self.shown.client_id,
            "X-Client-Secret": self.shown.secret,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return Client().post(
            f"/{self.path}", raw, content_type="application/json", headers=given
        )

    def send(self, id: str = "A-1", **more: Any) -> Any:
        data = SAMPLE | more.pop("data", {})
        message = {"objectname": "deal", "id": id, "action": "create", "data": data}
        return self.post(message | more)
