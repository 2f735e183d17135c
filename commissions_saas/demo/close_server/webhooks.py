"""Webhooks of the stand-in: who asked for which events, and sending them, signed."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from commissions_saas.demo.close_server import values
from commissions_saas.demo.close_server.event_list import event_doc
from commissions_saas.demo.close_server.faults import Faults
from commissions_saas.demo.close_server.listing import BadRequest
from commissions_saas.demo.close_server.present import Presenter
from commissions_saas.demo.close_server.store import Doc, Missing, Store

_LOOK_EVERY = 0.5
_AT_A_TIME = 100
_MOST = 40
_TRIES_BEFORE_PAUSE = 6


def subscribe(store: Store, org: str, body: Doc) -> Doc:
    """Make a subscription; its key is shown here and never again."""
    url, events = body.get("url"), body.get("events")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise BadRequest("url: must be a web address.")
    if not isinstance(events, list) or not events:
        raise BadRequest("events: must name at least one event.")
    for event in events:
        if event.get("object_type") in store.does_not_log:
            raise BadRequest(f"events: {event['object_type']} is not logged.")
    if len(store.docs("webhook", org)) >= _MOST:
        raise BadRequest("An organisation has at most 40 webhooks.")
    moment = values.stamp(store.now())
    key = secrets.token_hex(32)
    with store.transaction():
        number = store.next_number(f"id whsub {org}")
        doc: Doc = {
            "id": values.make_id("whsub", org, number),
            "url": url,
            "events": [{k: e[k] for k in ("object_type", "action")} for e in events],
            "status": "active",
            "signature_key": key,
            "pause_reason": None,
        }
        store.insert("webhook", org, doc, created=moment, updated=moment)
    return shown(doc) | {"signature_key": key}


def shown(doc: Doc) -> Doc:
    """Print a subscription, without its key."""
    return {name: value for name, value in doc.items() if name != "signature_key"}


def change(store: Store, org: str, id: str, body: Doc) -> Doc:
    """Activate or pause a subscription."""
    doc = own(store, org, id)
    if body.get("status") in ("active", "paused"):
        doc |= {"status": body["status"], "pause_reason": None}
        store.replace(doc, updated=values.stamp(store.now()))
    return shown(doc)


def remove(store: Store, org: str, id: str) -> Doc:
    """Delete a subscription and what waits for it."""
    own(store, org, id)
    with store.transaction():
        store.delete(id)
        store.run("DELETE FROM outbox WHERE subscription = ?", [id])
    return {}


def own(store: Store, org: str, id: str) -> Doc:
    """Return a subscription of an organisation; raise Missing if it has none."""
    row = store.row(id, "webhook")
    if row["org"] != org:
        raise Missing(id)
    doc: Doc = values.read_json(row["doc"])
    return doc


class Deliverer(threading.Thread):
    """Sends what is in the outbox, at least once, and with the faults switched on."""

    def __init__(self, store: Store, faults: Faults) -> None:
        super().__init__(name="webhooks of the stand-in", daemon=True)
        self._store = store
        self._faults = faults
        self._ended = threading.Event()

    def stop(self) -> None:
        """End after what is being sent now."""
        self._ended.set()
        self._store.news.set()
        if self.is_alive():
            self.join(5)

    def run(self) -> None:
        while not self._ended.is_set():
            self._store.news.wait(_LOOK_EVERY)
            self._store.news.clear()
            if self._ended.is_set():
                return
            try:
                self.send_all()
            except sqlite3.Error:
                continue  # the file was closed, or somebody fills it

    def send_all(self) -> int:
        """Send what is due; returns how many were sent."""
        if self._faults.webhook_late_milliseconds:
            time.sleep(self._faults.webhook_late_milliseconds / 1000)
        rows = self._store.rows(
            "SELECT * FROM outbox WHERE due <= ? ORDER BY id LIMIT ?",
            [time.time(), _AT_A_TIME],
        )
        if self._faults.happens("webhook_reorder"):
            rows.reverse()
        for row in rows:
            self._send(row)
        return len(rows)

    def _send(self, row: sqlite3.Row) -> None:
        try:
            subscription = self._store.doc(row["subscription"], "webhook")
            message = self._message(subscription, row["event"])
        except Missing:
            self._forget(row)
            return
        faults = self._faults
        if faults.happens("webhook_lose"):
            self._forget(row)
            return
        if faults.happens("webhook_forge"):
            post(subscription["url"], message, "00" * 32)
        times = 2 if faults.happens("webhook_repeat") else 1
        results = [
            post(subscription["url"], message, subscription["signature_key"])
            for _ in range(times)
        ]
        if any(200 <= status < 300 for status in results):
            self._forget(row)
        elif row["tries"] + 1 >= _TRIES_BEFORE_PAUSE:
            self._pause(subscription)
        else:
            due = time.time() + min(0.5 * 2 ** row["tries"], 1200)
            self._store.run(
                "UPDATE outbox SET tries = tries + 1, due = ? WHERE id = ?",
                [due, row["id"]],
            )

    def _message(self, subscription: Doc, event: str) -> bytes:
        found = self._store.rows("SELECT * FROM event WHERE id = ?", [event])
        if not found:
            raise Missing(event)
        shown = Presenter(self._store, found[0]["org"])
        doc = event_doc(shown, found[0], True, self._store.now())
        message = {"event": doc, "subscription_id": subscription["id"]}
        return values.write_json(message).encode()

    def _forget(self, row: sqlite3.Row) -> None:
        self._store.run("DELETE FROM outbox WHERE id = ?", [row["id"]])

    def _pause(self, subscription: Doc) -> None:
        moment = values.stamp(self._store.now())
        why = {"status": "paused", "pause_reason": "too many failures"}
        with self._store.transaction():
            self._store.replace(subscription | why, updated=moment)
            self._store.run(
                "DELETE FROM outbox WHERE subscription = ?", [subscription["id"]]
            )


def signed(
    message: bytes, key: str, now: Callable[[], float] = time.time
) -> dict[str, str]:
    """Return the headers by which a receiver knows that Close sent this."""
    stamp = str(int(now()))
    mac = hmac.new(bytes.fromhex(key), stamp.encode() + message, hashlib.sha256)
    return {
        "Content-Type": "application/json",
        "close-sig-timestamp": stamp,
        "close-sig-hash": mac.hexdigest(),
    }


def post(url: str, message: bytes, key: str) -> int:
    """Post a message and return the status of the answer; 0 if there is none."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=10)
    try:
        connection.request("POST", parts.path, message, signed(message, key))
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()
