"""Asks a declared source: within its limits, and again where that may help."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urljoin, urlsplit

from crm_sync.contract import (
    ConfigurationProblem,
    ConnectionSettings,
    TryAgainLater,
)
from crm_sync.outgoing.addresses import (
    ForbiddenAddress,
    Reach,
    checked_base,
    private_network,
    same_origin,
)
from crm_sync.outgoing.json_text import NotJson, is_json, read_json, write_json
from crm_sync.outgoing.sessions import (
    NoAnswer,
    Reply,
    TooLarge,
    ask,
    checked_session,
)
from crm_sync.outgoing.waits import Patience, after_failure, between_tries
from crm_sync.providers.rest import waits
from crm_sync.providers.rest.bodies import guessed_words, read_body, what_came
from crm_sync.providers.rest.credentials import Credentials, headers_and_params
from crm_sync.providers.rest.document import Auth, Document
from crm_sync.providers.rest.paths import at
from crm_sync.providers.rest.tokens import ask_for_token, is_oauth

_MOST_REFUSALS = 30
_PORTS = (443, 8443)
_AGAIN = "It is tried again by itself."
_SAID = ("message", "error_description", "error", "error_info", "detail", "title")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the source said, and when by its own clock, where it has one."""

    doc: Any
    headers: Mapping[str, str]
    at: datetime | None
    is_empty: bool = False
    """It says by its status that there is nothing."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request, before it is known who asks."""

    path: str
    method: str = "GET"
    params: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    link: str = ""
    """What the source gave for the next page; it replaces path and parameters."""


class AnswerTooLarge(ConfigurationProblem):
    """More came than is read at once; less may be asked for."""


class _Passing(Exception):
    """It failed, but may succeed if asked again."""

    def __init__(self, why: str, wait: Decimal = Decimal(0)) -> None:
        super().__init__(why)
        self.wait = wait


class Transport:
    """A session with one server; counts its requests and the seconds waited."""

    def __init__(self, document: Document, settings: ConnectionSettings) -> None:
        options = settings.options
        self._reach = reach = _reach(options)
        self.document = document
        self.credentials = Credentials(settings.secret)
        self.base = checked_base(
            _with_path(settings.base_url or document.base_url, document),
            reach=reach,
            ports=_PORTS,
            example="https://api.example.com/v1/",
        )
        self.auth = self._chosen(document.auth)
        self._seconds = int(options.get("timeout", 30))
        self._patience = Patience(
            int(options.get("tries", document.retry.tries)),
            look_first=options.get("look_first") is True,
            failed_before=options.get("failed_before") is True,
        )
        self._longest_wait = Decimal(str(options.get("longest_wait", 60)))
        self._hurry = Decimal(str(options.get("hurry", 1)))
        self._sleep, self._keep = settings.wait, settings.keep
        self._kept = settings.kept
        self._session = checked_session(reach)
        self._requests, self._waited = 0, Decimal(0)
        self._asked_at = 0.0
        self.warnings: list[str] = []
        """What was odd in the answers, for whoever looks after the connection."""

    @property
    def name(self) -> str:
        """Return what people call the source."""
        return self.document.name

    def take_counts(self) -> tuple[int, Decimal]:
        """Return the requests and seconds waited since this was last asked."""
        counts = self._requests, self._waited
        self._requests, self._waited = 0, Decimal(0)
        return counts

    def get(self, question: Question) -> Answer:
        """Return the answer to a question about something that must exist."""
        answer = self.find(question)
        if answer is None:
            raise ConfigurationProblem(
                f"{self.name} has nothing at {question.path[:100]} (404).",
                hint="Check the address and the paths of the document.",
                status=404,
            )
        return answer

    def find(self, question: Question) -> Answer | None:
        """Return the answer, or None if the source says that there is nothing."""
        tries = refusals = 0
        renewed = False
        while True:
            try:
                self._before_asking()
                reply = self._ask(question)
                self._patience.heard(reply.status)
                if waits.is_refusal(reply, self.document.rate):
                    refusals += 1
                    # A token that was taken may end while we wait.
                    renewed = False
                    self._wait_as_told(reply, refusals)
                    continue
                if reply.status == 401 and is_oauth(self.auth) and not renewed:
                    renewed = self._renew()
                    continue
                renewed = reply.status == 401
                return self._understood(reply)
            except _Passing as problem:
                tries += 1
                pause = self._between(tries)
                pause = max(pause, min(problem.wait, self.document.rate.max_wait))
                if self._patience.is_over(tries) or pause > self._longest_wait:
                    raise TryAgainLater(
                        f"{self.name} cannot be read now: {problem}.",
                        hint=_AGAIN,
                        after=self._patience.rest(pause),
                    ) from None
                self._wait(pause)

    def pause(self, nth: int) -> None:
        """Wait before the same is asked for the nth time again."""
        self._wait(self._between(nth))

    def _between(self, nth: int) -> Decimal:
        retry = self.document.retry
        return between_tries(nth, retry.base, retry.cap) * self._hurry

    def send(self, question: Question) -> None:
        """Write something, once: whoever asks for it knows whether to ask again."""
        try:
            self._before_asking()
            reply = self._ask(question)
            if reply.status == 401 and is_oauth(self.auth):
                self._renew()
                reply = self._ask(question)
            if str(reply.status) in self.document.retry.on:
                raise _Passing(f"it failed ({reply.status})")
        except _Passing as problem:
            raise TryAgainLater(
                f"{self.name} cannot be written to now: {problem}.", hint=_AGAIN
            ) from None
        if waits.is_refusal(reply, self.document.rate):
            pause = waits.asked_for(reply, self.document.rate, 1)
            raise TryAgainLater(
                f"{self.name} asks to be left alone for {pause:.0f} seconds.",
                hint=_AGAIN,
                after=pause,
            )
        if reply.status in (404, 410):
            raise ConfigurationProblem(
                f"{self.name} has this record no more ({reply.status}).",
                "Nothing needs to be done: the next sync takes it out here as well.",
                404,
            )
        if not 200 <= reply.status < 300:
            raise self._permanent(reply)

    def _chosen(self, ways: tuple[Auth, ...]) -> Auth:
        """The first way of asking for which the credentials are there."""
        for by_name in (True, False):
            for auth in ways:
                if self.credentials.fits(auth, by_name=by_name):
                    return auth
        needed = " or ".join(
            ", ".join(dict.fromkeys(auth.names.values())) for auth in ways if auth.names
        )
        raise ConfigurationProblem(
            f"{self.document.name} needs credentials.", hint=f"Send {needed}."
        )

    def _before_asking(self) -> None:
        most = self.document.rate.max_per_second
        if most is not None:
            due = self._asked_at + float(1 / most) - time.monotonic()
            if due > 0:
                self._wait(Decimal(str(round(due, 3))))
            self._asked_at = time.monotonic()
        if is_oauth(self.auth) and not self.credentials.remembered("_access_token"):
            self._renew()

    def _ask(self, question: Question) -> Reply:
        headers, secret_params = headers_and_params(self.auth, self.credentials)
        headers = {**self.document.headers, **question.headers, **headers}
        body = None
        if question.body is not None:
            headers["Content-Type"] = "application/json"
            body = write_json(question.body).encode()
        return self._sent(
            question.method,
            self._address(question),
            headers=headers,
            params={**({} if question.link else question.params), **secret_params},
            body=body,
        )

    def _sent(self, method: str, url: str, **more: Any) -> Reply:
        self._requests += 1
        try:
            return ask(self._session, method, url, seconds=self._seconds, **more)
        except ForbiddenAddress:
            raise private_network() from None
        except TooLarge:
            raise AnswerTooLarge(
                f"{self.name} answered with more than 20 MB at once.",
                hint="Ask for smaller pages: name under `page` the parameter for their"
                " size (size_param) and a smaller size, or ask for fewer fields.",
            ) from None
        except NoAnswer as problem:
            if "network" in self.document.retry.on:
                raise _Passing(str(problem)) from None
            raise TryAgainLater(f"{self.name} did not answer.", _AGAIN) from None

    def _address(self, question: Question) -> str:
        """A path is below the base address; a link of the source may not leave it."""
        here = self.base + question.path.lstrip("/")
        if not question.link:
            return here
        url = urljoin(here, question.link)
        if not same_origin(self.base, url) or "@" in urlsplit(url).netloc:
            raise ConfigurationProblem(
                f"{self.name} leads to another server, which is not followed.",
                hint="The next page must be on the server of the base address.",
            )
        return url

    def _renew(self) -> bool:
        """Get an access token; a new refresh token is kept before anything else. Where
        somebody else has just got one, that is taken: a refresh token counts once."""
        if self._took_kept():
            return False
        try:
            kept = ask_for_token(
                self.auth, self.credentials, self._token_reply, source=self.name
            )
        except ConfigurationProblem:
            if self._took_kept():
                return False
            raise
        self._keep(kept)
        return True

    def _took_kept(self) -> bool:
        kept = Credentials(self._kept())
        token = kept.remembered("_access_token")
        if token in ("", self.credentials.remembered("_access_token")):
            return False
        self.credentials.take(kept)
        return True

    def _token_reply(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        address = urljoin(self.base, url)
        if not same_origin(self.base, address):
            address = checked_base(address, reach=self._reach).rstrip("/")
        reply = self._sent("POST", address, headers=dict(headers), body=body)
        if str(reply.status) in self.document.retry.on:
            raise _Passing(f"it failed ({reply.status})")
        if waits.is_refusal(reply, self.document.rate):
            pause = waits.asked_for(reply, self.document.rate, 1)
            raise _Passing("it gives no more access tokens for now", pause)
        if reply.status == 200 and not is_json(reply.body):
            raise _Passing("its answer was not complete")
        return reply

    def _wait_as_told(self, reply: Reply, nth: int) -> None:
        pause = waits.asked_for(reply, self.document.rate, nth)
        if nth > _MOST_REFUSALS or pause > self._longest_wait:
            raise TryAgainLater(
                f"{self.name} asks to be left alone for {pause:.0f} seconds.",
                hint=_AGAIN,
                after=pause,
            )
        self._wait(pause)

    def _wait(self, seconds: Decimal) -> None:
        self._waited += seconds
        self._sleep(seconds)

    def _understood(self, reply: Reply) -> Answer | None:
        status = reply.status
        if status in self.document.fatal:
            raise self._permanent(reply)
        if status in (404, 410):
            return None
        # What stands between, such as a proxy, has numbers of its own for its troubles.
        is_odd = status in (408, 425) or status > 504
        if is_odd or str(status) in self.document.retry.on:
            wait = after_failure(reply.headers)
            raise _Passing(f"it failed ({status})", wait)
        if not 200 <= status < 300:
            raise self._permanent(reply)
        if status == 204:
            at = waits.server_time(reply.headers)
            return Answer({}, reply.headers, at, is_empty=True)
        try:
            doc, is_guessed = read_body(reply)
        except NotJson:
            if "truncated_json" in self.document.retry.on:
                raise _Passing(what_came(reply.body)) from None
            raise ConfigurationProblem(
                f"{self.name} answered with something that is no JSON."
            ) from None
        if is_guessed:
            self.warnings.append(guessed_words(self.name))
        return Answer(doc, reply.headers, waits.server_time(reply.headers))

    def _permanent(self, reply: Reply) -> ConfigurationProblem | TryAgainLater:
        status, said = reply.status, self._said(reply.body)
        if status == 401:
            words, hint = "refused the credentials", "Replace the credentials here."
        elif status in (402, 403):
            words = "does not allow this to be read"
            hint = "Use the key of somebody who may read all of it."
        elif 300 <= status < 400:
            words = "leads elsewhere, which is not followed"
            hint = "Enter the address that it leads to."
        else:
            words, hint = "refused the request", "Check the document of the source."
        message = f"{self.name} {words} ({status}){said}."
        text = reply.body[:20_000].decode("utf-8", "replace")
        if any(one and one in text for one in self.document.retry.restart_on):
            return TryAgainLater(message, _AGAIN, after=Decimal(1))
        return ConfigurationProblem(message, hint, status)

    def _said(self, body: bytes) -> str:
        """Return what the source gives as its reason: short, one line, no secrets."""
        try:
            doc = read_json(body[:200_000])
        except NotJson:
            return ""
        for path in (*_SAID, "0.message", "errors.0.message", "error.message"):
            text = at(doc, path)
            if isinstance(text, str) and text.strip():
                line = self.credentials.hide(" ".join(text.split()))
                return f": {line[:200].rstrip('.')}"
        return ""


def _with_path(address: str, document: Document) -> str:
    """People write the address with the interface's path or without; both are right."""
    address = address.strip().rstrip("/")
    if document.strip:
        address = re.sub(f"(?:{document.strip})$", "", address)
    if document.base_path and re.fullmatch(r"[a-z]+://[^/]*", address, re.I):
        address += document.base_path
    return address


def _reach(options: Mapping[str, Any]) -> Reach:
    if options.get("allow_private") is True:
        return Reach.PRIVATE
    return Reach.LOOPBACK if options.get("allow_loopback") is True else Reach.PUBLIC
