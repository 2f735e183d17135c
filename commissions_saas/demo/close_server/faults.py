"""What may go wrong on purpose: every fault a real source has been seen to have."""

from __future__ import annotations

import dataclasses
import random
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from commissions_saas.demo.close_server.account import Account
from commissions_saas.demo.close_server.store import Doc, Missing, Store

KINDS = ("error", "limit", "cut", "stall", "repeat", "short")


@dataclasses.dataclass
class Faults:
    """The faults that are switched on; all off at first.

    `error`, `limit`, `cut`, `stall`, `repeat` and `short` are percents of the answers
    to reads: a 500, a 429, JSON that ends early, silence, the page before again, half
    a page that says it is the last. `forbidden` is a path that no key may read, `absent`
    one that is not there, `stuck` one whose list gives its first page for ever.
    `script` names the faults of the next answers in order ("" is none). `edits`,
    `inserts`, `ties` and `deletes` are how many are still made between pages.
    `write_script` names the faults of the next writes: `error`, `limit`, and `lost` and
    `hang`, which write, and then fail to say so, or say so late.
    `webhook_…` are percents of the events sent: lost, sent twice, sent in reverse
    order, preceded by one with a wrong signature; and how late all of them are.
    """

    seed: int = 0
    error: int = 0
    limit: int = 0
    cut: int = 0
    stall: int = 0
    stall_milliseconds: int = 1000
    repeat: int = 0
    short: int = 0
    script: list[str] = dataclasses.field(default_factory=list)
    write_script: list[str] = dataclasses.field(default_factory=list)
    edits: int = 0
    inserts: int = 0
    ties: int = 0
    deletes: int = 0
    webhook_lose: int = 0
    webhook_repeat: int = 0
    webhook_reorder: int = 0
    webhook_forge: int = 0
    webhook_late_milliseconds: int = 0
    skew_seconds: int = 0
    allowed_per_second: int = 200
    header: str = "comma"
    forbidden: str = ""
    absent: str = ""
    stuck: str = ""

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 (chance, not a secret)
        self._lock = threading.Lock()

    def change(self, settings: Mapping[str, Any]) -> None:
        """Switch faults on or off; ValueError for a name that is none of them."""
        names = {field.name: field.default for field in dataclasses.fields(self)}
        for name, value in settings.items():
            is_text = name in ("header", "forbidden", "absent", "stuck")
            kind = list if name.endswith("script") else str if is_text else int
            if name not in names or not isinstance(value, kind):
                raise ValueError(f"There is no fault {name} with the value {value!r}.")
            setattr(self, name, value)
        if "seed" in settings:
            self._random.seed(self.seed)

    def settings(self) -> dict[str, Any]:
        """Return what is switched on now."""
        return dataclasses.asdict(self)

    def choose(self) -> str:
        """Return the fault of the next answer, or ""."""
        with self._lock:
            if self.script:
                return self.script.pop(0)
            point = self._random.randrange(100)
            for kind in KINDS:
                point -= getattr(self, kind)
                if point < 0:
                    return kind
            return ""

    def choose_for_write(self) -> str:
        """Return the fault of the next write, or ""."""
        with self._lock:
            return self.write_script.pop(0) if self.write_script else ""

    def happens(self, name: str) -> bool:
        """Tell whether a fault of so many percents happens now."""
        percent = int(getattr(self, name))
        with self._lock:
            return percent > 0 and self._random.randrange(100) < percent

    def disturb(self, store: Store, org: str, page: list[Doc]) -> None:
        """Change deals after a page was read and before the next one is."""
        account = Account(store, org)
        with self._lock, store.transaction():
            if self._take("edits"):
                self._edit(account, page)
            if self._take("inserts"):
                self._insert(account, page, store.now())
            if self._take("ties"):
                last = datetime.fromisoformat(page[-1]["date_updated"])
                self._insert(account, page, last.astimezone(UTC))
            if self._take("deletes"):
                victim = self._random.choice(page)["id"]
                if store.rows("SELECT 1 FROM object WHERE id = ?", [victim]):
                    account.delete(victim)

    def _take(self, name: str) -> bool:
        left = int(getattr(self, name))
        setattr(self, name, max(left - 1, 0))
        return left > 0

    def _edit(self, account: Account, page: list[Doc]) -> None:
        deal = self._random.choice(page)
        try:
            account.edit(deal["id"], {"value": self._random.randrange(10_000_000)})
        except Missing:
            return

    def _insert(self, account: Account, page: list[Doc], at: datetime) -> None:
        like = self._random.choice(page)
        account.add_opportunity(
            lead=like["lead_id"],
            user=like["user_id"],
            status=like["status_id"],
            value=self._random.randrange(10_000_000),
            updated_at=at,
        )
