"""A Pipedrive to test against: three lists of deals, stages, users and fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.crm_sync.rest.stand_in import MONDAY, Reply, Request

FEE = "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"


@dataclass
class Pipedrive:
    """A company's account."""

    deals: dict[int, dict[str, Any]] = field(default_factory=dict)
    clock: int = 0
    token: str = "a-token-of-pipedrive"

    @property
    def now(self) -> datetime:
        return MONDAY + timedelta(seconds=self.clock)

    def put(self, id: int, *, at: int | None = None, **values: Any) -> None:
        self.clock = self.clock + 1 if at is None else at
        before = self.deals.get(id) or {
            "id": id,
            "status": "open",
            "currency": "USD",
            "stage_id": 1,
            "owner_id": 5,
            "is_archived": False,
            "custom_fields": {FEE: None},
        }
        moment = f"{self.now:%Y-%m-%dT%H:%M:%SZ}"
        self.deals[id] = {**before, **values, "update_time": moment}

    def live(self) -> dict[str, dict[str, Any]]:
        return {
            str(id): row
            for id, row in sorted(self.deals.items(), key=lambda pair: str(pair[0]))
            if row["status"] != "deleted"
        }

    def answer(self, request: Request) -> Reply:
        if request.headers.get("x-api-token") != self.token:
            return Reply({"success": False, "error": "unauthorized access"}, 401)
        path = request.path
        if path in ("/api/v2/deals", "/api/v2/deals/archived"):
            return self._listed(request, path.endswith("archived"))
        if path.startswith("/api/v2/deals/"):
            row = self.deals.get(int(path.rsplit("/", 1)[1]))
            if row is None or row["status"] == "deleted":
                return Reply({"success": False, "error": "Deal not found"}, 404)
            return Reply({"success": True, "data": row})
        if path == "/api/v2/stages":
            stage = {"id": 1, "name": "Negotiation", "pipeline_id": 3}
            return Reply({"success": True, "data": [stage], "additional_data": {}})
        if path == "/api/v1/users":
            maya = {"id": 5, "name": "Maya", "email": "maya@acme.example"}
            theo = {"id": 6, "name": "Theo", "email": "theo@acme.example"}
            rows = [{**maya, "active_flag": True}, {**theo, "active_flag": False}]
            return Reply({"success": True, "data": rows})
        if path == "/api/v1/dealFields":
            own = {"key": FEE, "name": "Dealer fee", "field_type": "monetary"}
            rows = [{**own, "edit_flag": True}, {"key": "title", "edit_flag": False}]
            return Reply({"success": True, "data": rows})
        return Reply({"success": False, "error": "no such path"}, 404)

    def _listed(self, request: Request, archived: bool) -> Reply:
        query = request.query
        assert int(query["limit"]) <= 500
        assert (query["sort_by"], query["sort_direction"]) == ("update_time", "asc")
        is_deleted = query.get("status") == "deleted"
        rows = [
            row
            for row in self.deals.values()
            if row["is_archived"] is archived
            and (row["status"] == "deleted") is is_deleted
            and row["update_time"] >= query.get("updated_since", "")
        ]
        rows.sort(key=lambda row: (row["update_time"], row["id"]))
        at, size = int(query.get("cursor", 0)), min(int(query["limit"]), 20)
        after = str(at + size) if rows[at + size :] else None
        return Reply(
            {
                "success": True,
                "data": rows[at : at + size],
                "additional_data": {"next_cursor": after},
            }
        )
