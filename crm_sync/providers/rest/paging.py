"""From one page to the next, and how it is known that there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from crm_sync.contract import ConfigurationProblem, TryAgainLater
from crm_sync.providers.rest.document import Part
from crm_sync.providers.rest.hidden import hidden_error, says_nothing
from crm_sync.providers.rest.paths import NothingThere, at, list_at, text_at
from crm_sync.providers.rest.questions import question_of
from crm_sync.providers.rest.transport import (
    Answer,
    AnswerTooLarge,
    Question,
    Transport,
)

_MOST_REPEATS = 4
_SURE = 2  # who gives a page a third time has no other
_OVERLAP = 10
_LINK = re.compile(r"""<([^<>]{1,2000})>((?:[^,"<]|"[^"]{0,500}")*)""")
_NEXT = re.compile(r"""\brel\s*=\s*(?:["'][^"']*\bnext\b|next\b)""", re.I)
# How a server answers who asks for what is behind its last page.
_BEHIND = (400, 404, 416, 422)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the next page is."""

    number: int = 0
    offset: int = 0
    token: str = ""
    link: str = ""
    is_past: bool = False
    """The source says that no more is there; one look tells whether that is so."""


@dataclass(frozen=True, slots=True)
class RawPage:
    """The rows of one answer, as they came."""

    rows: list[Any]
    answer: Answer
    total: int | None
    next: Place | None


class _SaidNo(Exception):
    """The answer is an error, though its status says that all is well."""


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
    _size: int = 0
    _been: set[str] = field(default_factory=set)

    def ask(self) -> RawPage:
        """Return the page at the place where we are; a page that does not follow from
        the one before is asked for again."""
        while True:
            try:
                page = self._page()
            except AnswerTooLarge:
                if not self._smaller():
                    raise
                continue
            except _SaidNo as problem:
                self._pause_or_fail(str(problem))
                continue
            if self._is_last_row_again(page):
                page = replace(page, next=None)
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
                self._doubt_first_again(page)
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
        self._refuse_endless(place)
        if self.part.page.kind == "offset":
            self._overlap = min(_OVERLAP, len(rows) // 2)
            self._tail = [_mark(row) for row in rows] if self._overlap else []
            place = replace(place, offset=place.offset - self._overlap)
        self._been.add(self._mark_of(self.place))
        self.place = place

    def restart(self, values: Mapping[str, str]) -> None:
        """Ask anew, from the first page of another question."""
        self.values, self.place, self._tail = values, Place(), []
        self._before = []
        self._been = set()

    def _page(self) -> RawPage:
        page = self.part.page
        values = {
            **self.values,
            "size": str(self._size or page.size),
            "token": self.place.token,
            "offset": str(self.place.offset) if self.place.offset else "",
            "page": str(self.place.number + page.first),
        }
        if page.kind == "offset" and page.first == 0:
            values["offset"] = str(self.place.offset)
        question = question_of(self.part, values, self.place.link)
        answer = self._answer(question)
        if answer is None:
            return RawPage([], Answer({}, {}, None), None, None)
        rows = self._rows(answer)
        told = text_at(answer.doc, page.total_path) if page.total_path else ""
        total = int(told) if told.isdecimal() else None
        return RawPage(rows, answer, total, self._next(answer, rows, total))

    def _answer(self, question: Question) -> Answer | None:
        """Ask; None where that is behind the last page: some answer "not found" there,
        or that there is no such page, instead of giving an empty one."""
        beyond = self.part.page.kind == "page" and self.place.number > 0
        ask = self.transport.find if beyond else self.transport.get
        try:
            return ask(question)
        except ConfigurationProblem as problem:
            if self.place.is_past and problem.status in _BEHIND:
                return None
            raise

    def _rows(self, answer: Answer) -> list[Any]:
        if answer.is_empty:
            return []
        try:
            rows = list_at(answer.doc, self.part.records)
        except NothingThere:
            rows = []
            said = hidden_error(answer.doc)
            if not said:
                raise self._no_list() from None
        else:
            said = "" if rows else hidden_error(answer.doc)
            if says_nothing(said):
                return rows
        if said:
            raise _SaidNo(self.transport.credentials.hide(said))
        return rows

    def _smaller(self) -> bool:
        """From now on ask for half as much, if it can be asked for."""
        page = self.part.page
        size = self._size or page.size
        if not page.size_param or size < 2 or self.place.link:
            return False
        self._size = size // 2
        if page.kind == "page":
            # The numbers of pages mean other rows now.
            self.place, self._before = Place(), []
        return True

    def _next(self, answer: Answer, rows: list[Any], total: int | None) -> Place | None:
        page, here = self.part.page, self.place
        step = replace(here, number=here.number + 1, is_past=False)
        if page.kind == "none":
            return None
        if page.kind in ("cursor", "next_url"):
            token = text_at(answer.doc, page.token_path)
            if page.token_header:
                token = answer.headers.get(page.token_header, "").strip()
            if not token or _says_no(answer.doc, page.has_more_path):
                return None
            if page.kind == "next_url":
                return replace(step, link=token)
            return replace(step, token=token)
        if page.kind == "link_header":
            links = _LINK.findall(answer.headers.get("link", "")[:8000])
            found = [link for link, said in links if _NEXT.search(said)]
            return replace(step, link=found[0]) if found else None
        # An empty page is the end; a short one may have been cut.
        if not rows or _says_no(answer.doc, page.has_more_path):
            return None
        if page.kind == "keyset":
            last = text_at(rows[-1], page.field or "id")
            return replace(step, token=last) if last else None
        # A total may be that of the page, or an old one: it ends nothing by itself.
        offset = here.offset + len(rows)
        return replace(
            step, offset=offset, is_past=total is not None and offset >= total
        )

    def _is_that_before(self, rows: list[Any]) -> bool:
        """A page by its number that is the page before once more."""
        if self.part.page.kind != "page" or not rows or not self.place.number:
            return False
        return rows == self._before

    def _doubt_first_again(self, page: RawPage) -> None:
        """A first page that is full has others: who gives it for the second as well was
        perhaps not asked for the second."""
        size = self._size or self.part.page.size
        if self.place.number > 1 or len(page.rows) < size:
            return
        words = (
            f"{self.transport.name} gives the first page again when asked for the second"
            f" by “{self.part.page.param}”."
        )
        if page.total is not None and page.total > len(page.rows):
            raise ConfigurationProblem(
                words,
                hint="Say under `page.param` how it wants to be asked for a page.",
            )
        self.transport.warnings.append(
            f"{words} If it has more than {len(page.rows)} records, `page.param` is"
            " not right."
        )

    def _goes_nowhere(self, after: Place) -> bool:
        kind = self.part.page.kind
        if kind in ("page", "offset"):
            return False
        mark = self._mark_of(after)
        return mark == self._mark_of(self.place) or mark in self._been

    def _refuse_endless(self, place: Place) -> None:
        """Stop after so many pages. Where only an empty page is the end, one look
        behind the last tells whether it was."""
        page = self.part.page
        looks = 1 if page.kind in ("page", "offset", "keyset") else 0
        if place.number >= page.max_pages + looks:
            raise TryAgainLater(
                f"There is more at {self.transport.name} than is read in one go.",
                hint=f"Its document says max_pages: {page.max_pages}. Say more there,"
                " or ask for larger pages.",
            )

    def _mark_of(self, place: Place) -> str:
        return place.token or place.link

    def _is_last_row_again(self, page: RawPage) -> bool:
        """A list by key that begins with the very row that was named, and ends there."""
        if self.part.page.kind != "keyset" or page.next is None:
            return False
        return len(page.rows) == 1 and page.next.token == self.place.token

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

    def _pause_or_fail(self, said: str) -> None:
        self._repeats += 1
        if self._repeats > _MOST_REPEATS:
            raise ConfigurationProblem(
                f"{self.transport.name} answered with an error: {said}.",
                hint="Nothing was taken from that answer. Look at the source, then sync"
                " again.",
            )
        self.transport.pause(self._repeats)

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
