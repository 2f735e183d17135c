"""A HubSpot to test against: its lists, its search with a limit and a lagging index,
archived and merged deals, owners, pipelines and properties."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.crm_sync.rest.stand_in import MONDAY, Reply, Request, iso

STANDARD = [
    "dealname",
    "amount",
    "deal_currency_code",
    "dealstage",
    "pipeline",
    "closedate",
    "createdate",
    "hs_lastmodifieddate",
    "hubspot_owner_id",
    "hs_is_closed_won",
    "hs_is_closed",
    "hs_merged_object_ids",
]
STAGES = [
    {"id": "appointmentscheduled", "label": "Appointment", "metadata": {"isClosed": "false", "probability": "0.2"}},
    {"id": "closedwon", "label": "Closed won", "metadata": {"isClosed": "true", "probability": "1.0"}},
    {"id": "987654", "label": "Signed", "metadata": {"isClosed": "true", "probability": "1.0"}},
    {"id": "closedlost", "label": "Closed lost", "metadata": {"isClosed": "true", "probability": "0.0"}},
    {"id": "sure", "label": "As good as won", "metadata": {"isClosed": "false", "probability": "1.0"}},
]  # fmt: skip


@dataclass
class HubSpot:
    """A portal."""

    deals: dict[str, dict[str, Any]] = field(default_factory=dict)
    stages: list[dict[str, Any]] = field(default_factory=lambda: [*STAGES])
    clock: float = 0
    most_results: int = 10_000
    lag: timedelta = timedelta()
    token: str = "pat-1"
    refreshes: int = 0
    refresh_token: str = "refresh-1"

    @property
    def now(self) -> datetime:
        return MONDAY + timedelta(seconds=self.clock)

    def put(self, id: str, *, at: float | None = None, **properties: Any) -> None:
        self.clock = self.clock + 1 if at is None else at
        row = self.deals.setdefault(
            id,
            {"id": id, "properties": {}, "createdAt": iso(self.now), "archived": False},
        )
        row["properties"] |= {"hs_object_id": id, **properties}
        row["properties"]["hs_lastmodifieddate"] = row["updatedAt"] = iso(self.now)

    def archive(self, id: str) -> None:
        self.clock += 1
        self.deals[id] |= {"archived": True, "archivedAt": iso(self.now)}

    def merge(self, kept: str, other: str) -> None:
        del self.deals[other]
        self.put(kept, hs_merged_object_ids=other)

    def live(self) -> dict[str, dict[str, Any]]:
        return {
            id: row["properties"]
            for id, row in sorted(self.deals.items())
            if not row["archived"]
        }

    def answer(self, request: Request) -> Reply:
        if request.path == "/oauth/v1/token":
            return self._new_token(request)
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return Reply({"status": "error", "category": "EXPIRED_AUTHENTICATION"}, 401)
        path = request.path.removeprefix("/crm/v3/")
        if path == "objects/deals":
            return self._listed(request)
        if path == "objects/deals/search":
            return self._searched(request)
        if path.startswith("objects/deals/"):
            row = self.deals.get(path.removeprefix("objects/deals/"))
            if row is None or row["archived"]:
                return Reply({"message": "resource not found"}, 404)
            return Reply(self._shown(row, request.query["properties"].split(",")))
        if path == "owners":
            is_archived = request.query["archived"] == "true"
            people = [("77", "Theo", True)] if is_archived else [("70", "Maya", False)]
            return Reply({"results": [_owner(*one) for one in people]})
        if path == "pipelines/deals":
            pipeline = {"id": "default", "label": "Sales", "stages": self.stages}
            return Reply({"results": [pipeline]})
        if path == "properties/deals":
            own = {"name": "dealer_fee", "label": "Dealer fee", "type": "number"}
            known = [{"name": name, "hubspotDefined": True} for name in STANDARD]
            return Reply({"results": [*known, own]})
        return Reply({"message": "no such path"}, 404)

    def _new_token(self, request: Request) -> Reply:
        assert request.method == "POST"
        if request.body.get("refresh_token") != self.refresh_token:
            return Reply({"message": "BAD_REFRESH_TOKEN"}, 400)
        self.refreshes += 1
        self.token = f"access-{self.refreshes}"
        self.refresh_token = f"refresh-{self.refreshes + 1}"
        return Reply(
            {
                "access_token": self.token,
                "refresh_token": self.refresh_token,
                "expires_in": 1800,
            }
        )

    def _listed(self, request: Request) -> Reply:
        is_archived = request.query["archived"] == "true"
        names = request.query["properties"].split(",")
        rows = [
            row
            for id, row in sorted(self.deals.items(), key=lambda pair: int(pair[0]))
            if row["archived"] is is_archived
            and int(id) > int(request.query.get("after", 0))
        ]
        size = min(int(request.query["limit"]), 100)
        return self._paged(
            rows, size, names, rows[size - 1]["id"] if rows[size:] else ""
        )

    def _searched(self, request: Request) -> Reply:
        body = request.body
        wanted = body["filterGroups"][0]["filters"][0]
        assert (wanted["propertyName"], wanted["operator"]) == (
            "hs_lastmodifieddate",
            "GTE",
        )
        assert body["sorts"][0]["direction"] == "ASCENDING"
        since = datetime.fromtimestamp(int(wanted["value"]) / 1000, UTC)
        after = int(body.get("after", 0))
        if body["limit"] > 200 or after + body["limit"] > self.most_results:
            return Reply({"message": "too many results"}, 400)
        rows = sorted(
            (
                row
                for row in self.deals.values()
                if not row["archived"]
                and iso(since) <= row["updatedAt"] <= iso(self.now - self.lag)
            ),
            key=lambda row: row["updatedAt"],
        )[after:]
        size = body["limit"]
        next_after = str(after + size) if rows[size:] else ""
        return self._paged(rows, size, body["properties"], next_after)

    def _paged(self, rows: list[Any], size: int, names: list[str], after: str) -> Reply:
        answer: dict[str, Any] = {
            "results": [self._shown(row, names) for row in rows[:size]]
        }
        if after:
            answer["paging"] = {"next": {"after": after}}
        return Reply(answer)

    def _shown(self, row: dict[str, Any], names: list[str]) -> dict[str, Any]:
        """Only what was asked for; all of it text, and what is unset is null."""
        properties = {name: row["properties"].get(name) for name in names}
        properties["hs_object_id"] = row["id"]
        return {**row, "properties": properties}


def _owner(id: str, name: str, archived: bool) -> dict[str, Any]:
    email = f"{name.lower()}@acme.example"
    return {
        "id": id,
        "userId": 9,
        "email": email,
        "firstName": name,
        "lastName": "Okafor",
        "archived": archived,
    }
