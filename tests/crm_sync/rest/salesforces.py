"""A Salesforce to test against: SOQL as the preset writes it, locators, the recycle bin,
hidden fields, and limits that come as a 403."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.crm_sync.rest.stand_in import MONDAY, Reply, Request

VERSION = "/services/data/v60.0"
FIELDS = [
    "Id",
    "Name",
    "Amount",
    "StageName",
    "IsWon",
    "IsClosed",
    "CloseDate",
    "OwnerId",
    "AccountId",
    "LastModifiedById",
    "SystemModstamp",
    "IsDeleted",
    "Dealer_Fee__c",
]
_SOQL = re.compile(
    r"SELECT ([\w,]+) FROM Opportunity WHERE SystemModstamp >= (\S+)"
    r" ORDER BY SystemModstamp, Id"
)


@dataclass
class Salesforce:
    """An org without several currencies."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    clock: int = 0
    token: str = "session-1"
    size: int = 20
    locators: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    limited: int = 0
    refreshes: int = 0
    hidden: tuple[str, ...] = ()

    @property
    def now(self) -> datetime:
        return MONDAY + timedelta(seconds=self.clock)

    def put(self, number: int, **values: Any) -> None:
        self.clock += 1
        id = f"0065g00000{number:05d}AAA"
        before = self.rows.get(id) or {
            **dict.fromkeys(FIELDS),
            "Id": id,
            "IsWon": False,
            "IsClosed": False,
            "IsDeleted": False,
            "OwnerId": "0055g000001AAAAAA0",
        }
        moment = f"{self.now:%Y-%m-%dT%H:%M:%S}.000+0000"
        self.rows[id] = {**before, **values, "SystemModstamp": moment}

    def live(self) -> dict[str, dict[str, Any]]:
        return {
            id: row for id, row in sorted(self.rows.items()) if not row["IsDeleted"]
        }

    def answer(self, request: Request) -> Reply:
        if request.path == "/services/oauth2/token":
            self.refreshes += 1
            self.token = f"session-{self.refreshes + 1}"
            return Reply({"access_token": self.token, "instance_url": "https://x"})
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return _error(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if self.limited:
            self.limited -= 1
            return _error(
                403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."
            )
        path = request.path.removeprefix(VERSION)
        if path in ("/query", "/queryAll"):
            return self._asked(request.query["q"])
        if path.startswith("/query/"):
            rows = self.locators.pop(path.removeprefix("/query/"), None)
            if rows is None:
                return _error(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
            return self._batch(rows, 0)
        if path == "/sobjects/Opportunity/describe":
            shown = [name for name in FIELDS if name not in self.hidden]
            rows = [
                {
                    "name": name,
                    "label": name,
                    "type": "currency",
                    "custom": "__c" in name,
                }
                for name in shown
            ]
            return Reply({"fields": rows})
        row = self.rows.get(path.removeprefix("/sobjects/Opportunity/"))
        if row is None or row["IsDeleted"]:
            return _error(404, "ENTITY_IS_DELETED", "entity is deleted")
        return Reply(row)

    def _asked(self, soql: str) -> Reply:
        if soql.startswith("SELECT Id, Name, Email, IsActive FROM User"):
            maya = {"Id": "0055g000001AAAAAA0", "Name": "Maya", "IsActive": True}
            row = {**maya, "Email": "maya@acme.example"}
            return Reply({"totalSize": 1, "done": True, "records": [row]})
        found = _SOQL.fullmatch(soql)
        if found is None:
            return _error(400, "MALFORMED_QUERY", f"unexpected token in {soql}")
        names = found[1].split(",")
        for name in names:
            if name not in FIELDS or name in self.hidden:
                words = f"No such column '{name}' on entity 'Opportunity'."
                return _error(400, "INVALID_FIELD", words)
        since = found[2].replace("Z", ".000+0000")
        rows = [
            {"attributes": {"type": "Opportunity"}, **{n: row[n] for n in names}}
            for row in sorted(
                self.rows.values(), key=lambda r: (r["SystemModstamp"], r["Id"])
            )
            if row["SystemModstamp"] >= since
        ]
        return self._batch(rows, len(rows))

    def _batch(self, rows: list[dict[str, Any]], total: int) -> Reply:
        answer: dict[str, Any] = {"totalSize": total, "done": len(rows) <= self.size}
        if rows[self.size :]:
            locator = f"01g{len(self.locators)}-{self.clock}-{len(rows)}"
            self.locators[locator] = rows[self.size :]
            answer["nextRecordsUrl"] = f"{VERSION}/query/{locator}"
        return Reply({**answer, "records": rows[: self.size]})


def _error(status: int, code: str, message: str) -> Reply:
    return Reply([{"message": message, "errorCode": code}], status)
