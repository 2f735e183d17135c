"""From one page to the next, and how it is known that there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from crm_sync.contract import ConfigurationProblem, TryAgainLater
from crm_sync.providers.rest.document import Part
from crm_sync.providers.rest.paths import NothingThere, at, list_at, text_at
from crm_sync.providers.rest.questions import question_of
from crm_sync.providers.rest.transport import Answer, Transport

_MOST_REPEATS = 4
_SURE = 2  # who gives a page a third time has no other
_OVERLAP = 10
_LINK = re.compile(r'<([^<>]{1,2000})>\s*;[^,]*?\brel="?next"?', re.I)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the next page is."""

    number: int = 0
    offset: int = 0
    token: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class RawPage:
    """The rows of one answer, as they came."""

    rows: list[Any]
    answer: Answer
    total: int | None
    next: Place | None


@dataclass
class Pager:
    """Reads one part, page by page; `values` fill its request."""

    transport: Transport
    part: Part
    values: Mapping[str, str] = field(default_factory=dict)
    place: Place = Place()
    _repeats: int = 0
    _tail: list[str] = field(default_factory=list)
    _before: list[Any] = field(default_factory=list)
    _overlap: int = 0

    def ask(self) -> RawPage:
        """Return the page at the place where we are; a page that does not follow from
        the one before is asked for again."""
        while True:
            page = self._page()
            after = page.next
            if after is not None and self._goes_nowhere(after):
                self._again("the same page")
                continue
            if self._has_shifted(page.rows):
                back = max(self.place.offset - self.part.page.size, 0)
                self.place = replace(self.place, offset=back)
                self._tail = []
                self._again("pages that do not follow each other")
                continue
            if self._is_that_before(page.rows):
                if self._repeats < _SURE:
                    self._again("the same page")
                    continue
                # Beyond its last page it gives the last one, for ever.
                page = replace(page, rows=[], next=None)
            if self._tail and all(_mark(row) in self._tail for row in page.rows):
                if len(page.rows) > self._overlap:
                    self._again("the same page")
                    continue
                page = replace(page, next=None)
            self._repeats = 0
            self._before = page.rows
            return page

    def go(self, place: Place, rows: list[Any]) -> None:
        """Go on to the next page. By offset with an overlap: rows that moved up while
        we read would otherwise be jumped over."""
        if self.part.page.kind == "offset":
            self._overlap = min(_OVERLAP, len(rows) // 2)
            self._tail = [_mark(row) for row in rows] if self._overlap else []
            place = replace(place, offset=place.offset - self._overlap)
        self.place = place

    def restart(self, values: Mapping[str, str]) -> None:
        """Ask anew, from the first page of another question."""
        self.values, self.place, self._tail = values, Place(), []
        self._before = []

    def _page(self) -> RawPage:
        page = self.part.page
        values = {
            **self.values,
            "size": str(page.size),
            "token": self.place.token,
            "offset": str(self.place.offset) if self.place.offset else "",
            "page": str(self.place.number + page.first),
        }
        if page.kind == "offset" and page.first == 0:
            values["offset"] = str(self.place.offset)
        question = question_of(self.part, values, self.place.link)
        # Some answer "not found" where the pages end, instead of an empty one.
        beyond = page.kind == "page" and self.place.number > 0
        answer = (
            self.transport.find(question) if beyond else self.transport.get(question)
        )
        if answer is None:
            return RawPage([], Answer({}, {}, None), None, None)
        try:
            rows = list_at(answer.doc, self.part.records)
        except NothingThere:
            raise self._no_list() from None
        told = text_at(answer.doc, page.total_path) if page.total_path else ""
        total = int(told) if told.isdecimal() else None
        return RawPage(rows, answer, total, self._next(answer, rows, total))

    def _next(self, answer: Answer, rows: list[Any], total: int | None) -> Place | None:
        page, here = self.part.page, self.place
        if here.number + 1 >= page.max_pages:
            raise TryAgainLater(
                f"There is more at {self.transport.name} than is read in one go."
            )
        step = replace(here, number=here.number + 1)
        if page.kind == "none":
            return None
        if page.kind in ("cursor", "next_url"):
            token = text_at(answer.doc, page.token_path)
            if not token or _says_no(answer.doc, page.has_more_path):
                return None
            if page.kind == "next_url":
                return replace(step, link=token)
            return replace(step, token=token)
        if page.kind == "link_header":
            found = _LINK.search(answer.headers.get("link", "")[:8000])
            return replace(step, link=found[1]) if found else None
        # An empty page is the end; a short one may have been cut.
        if not rows or _says_no(answer.doc, page.has_more_path):
            return None
        if page.kind == "keyset":
            last = text_at(rows[-1], page.field or "id")
            return replace(step, token=last) if last else None
        offset = here.offset + len(rows)
        if total is not None and page.kind == "offset" and offset >= total:
            return None
        step = replace(step, offset=offset)
        if total is not None and page.kind == "page":
            # Whoever gives fewer rows than were asked for has more pages than that.
            is_all = offset >= total and step.number * page.size >= total
            return None if is_all else step
        return step

    def _is_that_before(self, rows: list[Any]) -> bool:
        """A page by its number that is the page before once more."""
        if self.part.page.kind != "page" or not rows or not self.place.number:
            return False
        return rows == self._before

    def _goes_nowhere(self, after: Place) -> bool:
        kind = self.part.page.kind
        if kind in ("cursor", "keyset"):
            return after.token == self.place.token
        if kind in ("next_url", "link_header"):
            return after.link == self.place.link
        return False

    def _has_shifted(self, rows: list[Any]) -> bool:
        """By offset, the page begins with rows of the page before, or rows are missed."""
        if not self._tail:
            return False
        if not rows:
            return self.place.offset > 0
        return _mark(rows[0]) not in self._tail

    def _again(self, what: str) -> None:
        self._repeats += 1
        if self._repeats > _MOST_REPEATS:
            raise TryAgainLater(
                f"{self.transport.name} keeps answering with {what}.",
                hint="It is tried again by itself; nothing that was read is lost.",
            )

    def _no_list(self) -> ConfigurationProblem:
        where = self.part.records or "the top of the answer"
        return ConfigurationProblem(
            f"{self.transport.name} has no list at {where}.",
            hint="Say under `records` where the rows stand in the answer.",
        )


def _says_no(doc: Any, path: str) -> bool:
    if not path:
        return False
    value = at(doc, path)
    return (
        value is None or value is False or str(value).casefold() in ("false", "0", "")
    )


def _mark(row: Any) -> str:
    """What a row is known by, for a page that overlaps: its id, else all of it."""
    if isinstance(row, dict):
        for name in ("id", "Id", "ID", "uuid", "key"):
            if isinstance(row.get(name), str) and row[name]:
                return str(row[name])
    return str(row)
