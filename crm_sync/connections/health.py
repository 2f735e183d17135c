"""Whether a source is as fresh as it should be: judged by time, not by the last run."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from commissions_saas.lib import clock
from crm_sync.connections.holding import held_in_all
from crm_sync.connections.models import Connection
from crm_sync.connections.readers import source_name

GRACE = 2  # a source is late when it has missed its time twice


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a connection is, in one sentence."""

    state: str
    sentence: str
    hint: str = ""
    is_error: bool = False

    @property
    def rest(self) -> str:
        """The sentence without the state that it begins with, to stand behind a chip."""
        label = self.state.replace("_", " ")
        if not self.sentence.casefold().startswith(label):
            return self.sentence
        return self.sentence[len(label) :].lstrip(". ")


def verdict(connection: Connection, zone: str, *, is_running: bool = False) -> Verdict:
    """Say how fresh a connection is: expected against the last success."""
    state = connection.state
    if connection.kind == "files":
        return Verdict("healthy", _file_words(connection, zone))
    if connection.kind == "webhook":
        return _inbound_verdict(connection, zone)
    if state == Connection.State.REMOVED:
        return Verdict("closed", "Disconnected. What was read stays and counts.")
    if state == Connection.State.PAUSED:
        return Verdict("paused", f"Paused. {_data_of(connection, zone)}")
    if connection.last_success_at is None:
        if connection.problem:
            words = f"Never read: {connection.problem}"
            return Verdict("refused", words, connection.problem_hint, is_error=True)
        if is_running:
            return Verdict("running", "The first sync is running.")
        return Verdict("never_synced", "Never synced.")
    late_by = clock.now() - connection.last_success_at
    is_late = late_by > timedelta(seconds=connection.expected_every * GRACE)
    if is_late or state == Connection.State.REFUSED:
        why = connection.problem or "no sync has ended since"
        words = f"Late by {in_words(late_by)}: {_lowered(why)}"
        return Verdict(
            "late",
            f"{words.rstrip('.')}. {_data_of(connection, zone)}",
            connection.problem_hint,
            is_error=True,
        )
    if held_in_all(connection):
        return _held_back(connection, zone)
    every = in_words(timedelta(seconds=connection.expected_every))
    last = connection.last_new_data_at
    said, then = "Last new data", ""
    if last is None:
        last = connection.last_success_at
        said, then = "Last read", ": nothing has come into the ledger yet"
    ago = in_words(clock.now() - last)
    return Verdict(
        "healthy",
        f"Healthy. {said} {moment(last, zone)}, {ago} ago{then};"
        f" expected every {every}.",
    )


def _held_back(connection: Connection, zone: str) -> Verdict:
    """Most of it is not there any more: it counts until a person says that it is gone."""
    held = held_in_all(connection)
    are, count = ("record is", "counts") if held == 1 else ("records are", "count")
    return Verdict(
        "held_back",
        f"Held back. {held} {are} not in the source's list any more and still {count}."
        f" {_data_of(connection, zone)}",
        "Look at the source and at what its key sees, then confirm it if they are gone.",
        is_error=True,
    )


def _inbound_verdict(connection: Connection, zone: str) -> Verdict:
    """Nobody says how often records are to be expected, so silence is no fault."""
    if connection.state == Connection.State.REMOVED:
        return Verdict("closed", "Disconnected. What was sent stays and counts.")
    if connection.state == Connection.State.PAUSED:
        return Verdict("paused", "Paused. What is sent waits until you resume.")
    if connection.last_new_data_at is None:
        return Verdict("waiting", "Waiting for the first record to be sent.")
    new = moment(connection.last_new_data_at, zone)
    return Verdict("healthy", f"Healthy. Last new data {new}.")


def in_words(span: timedelta) -> str:
    """Write a span as people say it: `4 h 32 min`, `3 min`, `2 days`."""
    minutes = max(int(span.total_seconds()) // 60, 0)
    if minutes < 1:
        return "less than a minute"
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{hours // 24} days"


def moment(at: datetime, zone: str) -> str:
    """Write a moment as `24 Nov 10:39`, or `10:39` where it was today."""
    here = at.astimezone(ZoneInfo(zone))
    if here.date() == clock.today(zone):
        return f"{here:%H:%M}"
    return f"{here.day} {here:%b %H:%M}"


def freshness(connection: Connection, zone: str) -> str:
    """Write `Close synced 10:39` for the as-of bar."""
    name = source_name(connection)
    if connection.last_success_at is None:
        return f"{name} never synced"
    return f"{name} synced {moment(connection.last_success_at, zone)}"


def _data_of(connection: Connection, zone: str) -> str:
    if connection.last_success_at is None:
        return "Nothing was read yet."
    return f"Statements use data of {moment(connection.last_success_at, zone)}."


def _file_words(connection: Connection, zone: str) -> str:
    if connection.last_success_at is None:
        return "No file was uploaded yet."
    return f"Last file {moment(connection.last_success_at, zone)}."


def _lowered(text: str) -> str:
    """Go on with a sentence inside another; a name keeps its capital."""
    first = text.split(" ", 1)[0]
    is_name = first in ("Close", "HubSpot", "Salesforce", "Pipedrive")
    return text if is_name else text[:1].lower() + text[1:]
