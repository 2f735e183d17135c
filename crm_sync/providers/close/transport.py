"""Asks Close over HTTP: safely, within its limits, and again where that may help."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import requests

from crm_sync.contract import (
    ConfigurationProblem,
    ConnectionSettings,
    Payload,
    TryAgainLater,
)
from crm_sync.json_text import Unreadable, read_object
from crm_sync.outgoing.addresses import ForbiddenAddress, Reach, private_network
from crm_sync.outgoing.json_text import write_json
from crm_sync.outgoing.sessions import NoAnswer, Reply, TooLarge, ask, checked_session
from crm_sync.outgoing.waits import (
    Patience,
    after_failure,
    between_tries,
    moment_said,
)
from crm_sync.providers.close import limits
from crm_sync.providers.close.address import checked_address

_MOST_REFUSALS = 30
_LONGEST_PAUSE = Decimal(30)
_KEY_HINT = "In Close, Settings → Developer → API Keys; then replace the key here."

Params = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Answer:
    """What Close said, and when by its own clock."""

    doc: Payload
    at: datetime


class _Passing(Exception):
    """It failed, but may succeed if asked again."""

    def __init__(self, why: str, wait: Decimal = Decimal(0)) -> None:
        super().__init__(why)
        self.wait = wait


class Transport:
    """A session with one server; counts its requests and the seconds waited."""

    def __init__(self, settings: ConnectionSettings) -> None:
        options = settings.options
        reach = Reach.PUBLIC
        if options.get("allow_loopback") is True:
            reach = Reach.LOOPBACK
        if options.get("allow_private") is True:
            reach = Reach.PRIVATE
        self.base = checked_address(settings.base_url, reach=reach)
        if not settings.secret:
            raise ConfigurationProblem("The connection has no key.", hint=_KEY_HINT)
        self._seconds = int(options.get("timeout", 30))
        self._patience = Patience(
            int(options.get("tries", 5)),
            look_first=options.get("look_first") is True,
            failed_before=options.get("failed_before") is True,
        )
        self._first_wait = Decimal(str(options.get("retry_seconds", "0.5")))
        self._longest_wait = Decimal(str(options.get("longest_wait", 60)))
        self._sleep = settings.wait
        self._session = _session(reach, settings.secret)
        self._closed_until = Decimal(0)
        self._requests = 0
        self._waited = Decimal(0)
        self.at = datetime.now(UTC)
        """Close's time, as its last answer said it."""
        self.look_first: Callable[[], object] | None = None
        """Done once before anything else is asked, until it has not failed."""

    def take_counts(self) -> tuple[int, Decimal]:
        """Return the requests and seconds waited since this was last asked."""
        counts = self._requests, self._waited
        self._requests, self._waited = 0, Decimal(0)
        return counts

    def get(self, path: str, params: Params | None = None) -> Answer:
        """Return what is at `path`, which must exist."""
        answer = self.find(path, params)
        if answer is None:
            raise ConfigurationProblem(
                f"Close has nothing at {path} (404).",
                hint="Check the address of the connection.",
                status=404,
            )
        return answer

    def find(self, path: str, params: Params | None = None) -> Answer | None:
        """Return what is at `path`, or None if Close says that there is nothing."""
        tries = refusals = 0
        self._look_whose_it_is()
        while True:
            self._keep_to_limit()
            try:
                response, body = self._ask(path, params or {})
                if response.status == 429:
                    refusals += 1
                    self._wait_as_told(response, refusals)
                    continue
                answer = _understood(response, body)
                self.at = answer.at if answer else self.at
                return answer
            except _Passing as problem:
                tries += 1
                pause = between_tries(tries, self._first_wait, _LONGEST_PAUSE)
                pause = max(pause, problem.wait)
                if self._patience.is_over(tries) or pause > self._longest_wait:
                    raise TryAgainLater(
                        f"Close cannot be read now: {problem}.",
                        hint="It is tried again by itself.",
                        after=self._patience.rest(pause),
                    ) from None
                self._wait(pause)

    def send(self, method: str, path: str, body: Payload | None = None) -> Answer:
        """Write something, once: a write that may have worked is not repeated."""
        self._look_whose_it_is()
        self._keep_to_limit()
        try:
            response, answer = self._ask(path, {}, method, body)
            if response.status == 429:
                raise _too_often(limits.seconds_to_wait(response.headers, 1))
            if not answer.strip() and 200 <= response.status < 300:
                return Answer({}, _server_time(response))
            understood = _understood(response, answer)
        except _Passing as problem:
            raise TryAgainLater(f"Close cannot be written to now: {problem}.") from None
        if understood is None:
            raise ConfigurationProblem(
                f"Close has nothing at {path} (404).", status=404
            )
        return understood

    def _look_whose_it_is(self) -> None:
        look, self.look_first = self.look_first, None
        if look is None:
            return
        try:
            look()
        except Exception:
            self.look_first = look
            raise

    def _ask(
        self, path: str, params: Params, method: str = "GET", body: Any = None
    ) -> tuple[Reply, bytes]:
        self._requests += 1
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            reply = ask(
                self._session,
                method,
                self.base + path,
                seconds=self._seconds,
                headers=headers,
                params={name: str(value) for name, value in params.items()},
                body=None if body is None else write_json(body).encode(),
            )
        except ForbiddenAddress:
            raise private_network() from None
        except TooLarge:
            raise ConfigurationProblem(
                "Close answered with more than 20 MB at once.",
                hint="Check the address of the connection.",
            ) from None
        except NoAnswer as problem:
            raise _Passing(str(problem)) from None
        self._patience.heard(reply.status)
        reset = limits.seconds_until_reset(reply.headers)
        self._closed_until = Decimal(str(time.monotonic())) + reset
        return reply, reply.body

    def _keep_to_limit(self) -> None:
        left = self._closed_until - Decimal(str(time.monotonic()))
        if left > self._longest_wait:
            raise _too_often(left)
        if left > 0:
            self._wait(left)

    def _wait_as_told(self, response: Reply, nth: int) -> None:
        pause = limits.seconds_to_wait(response.headers, nth)
        if nth > _MOST_REFUSALS or pause > self._longest_wait:
            raise _too_often(pause)
        self._closed_until = Decimal(0)
        self._wait(pause)

    def _wait(self, seconds: Decimal) -> None:
        self._waited += seconds
        self._sleep(seconds)


def _session(reach: Reach, key: str) -> requests.Session:
    session = checked_session(reach)
    session.auth = (key, "")
    return session


def _understood(response: Reply, body: bytes) -> Answer | None:
    status = response.status
    if status == 404:
        return None
    if status >= 500 or status in (408, 425):
        wait = min(after_failure(response.headers), limits.LONGEST)
        raise _Passing(f"it failed ({status})", wait)
    if not 200 <= status < 300:
        raise _permanent(status, body)
    try:
        doc = read_object(body, odd=True)
    except Unreadable:
        raise _Passing("its answer was not complete") from None
    return Answer(doc, _server_time(response))


def _permanent(status: int, body: bytes) -> ConfigurationProblem:
    if status == 401:
        return ConfigurationProblem("Close refused the key (401).", _KEY_HINT, status)
    if status == 402:
        return ConfigurationProblem(
            "The organisation's plan at Close does not include this (402).",
            "Ask whoever pays for Close to change the plan.",
            status,
        )
    if status == 403:
        return ConfigurationProblem(
            "Close does not allow this key to read this (403).",
            "Use the key of an administrator of the organisation.",
            status,
        )
    if 300 <= status < 400:
        return ConfigurationProblem(
            f"The address leads elsewhere ({status}), which is not followed.",
            "Enter the address that it leads to.",
            status,
        )
    return ConfigurationProblem(
        f"Close refused the request ({status}){_said(body)}.",
        "Check the address of the connection.",
        status,
    )


def _said(body: bytes) -> str:
    """Return what the source gives as its reason, short and in one line."""
    try:
        doc = read_object(body)
    except Unreadable:
        return ""
    error, fields = doc.get("error"), doc.get("field-errors")
    if not isinstance(error, str) and isinstance(fields, dict):
        error = "; ".join(f"{name}: {why}" for name, why in fields.items())
    if not isinstance(error, str) or not error:
        return ""
    return ": " + " ".join(error.split())[:200].rstrip(".")


def _too_often(pause: Decimal) -> TryAgainLater:
    return TryAgainLater(
        f"Close asks to be left alone for {pause:.0f} seconds.",
        hint="It is tried again by itself.",
        after=pause,
    )


def _server_time(response: Reply) -> datetime:
    return moment_said(response.headers.get("date", "")) or datetime.now(UTC)
