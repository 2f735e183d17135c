"""Reads a document and checks all of it; every problem is a sentence with its place."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from crm_sync.contract import ConfigurationProblem, field_name
from crm_sync.providers.rest import patterns
from crm_sync.providers.rest.document import (
    CursorRule,
    Deletes,
    Describe,
    Document,
    One,
    Paging,
    Part,
    Stream,
)
from crm_sync.providers.rest.moments import FORMATS, PRECISIONS, read_span
from crm_sync.providers.rest.paths import cleaned, is_path
from crm_sync.providers.rest.questions import check_holes
from crm_sync.providers.rest.reading_hook import read_hook
from crm_sync.providers.rest.reading_map import read_map
from crm_sync.providers.rest.reading_source import (
    read_auths,
    read_headers,
    read_organisation,
    read_rate,
    read_retry,
    read_statuses,
)
from crm_sync.providers.rest.reading_write import read_write
from crm_sync.providers.rest.shape import Problem, Shape
from crm_sync.providers.rest.written import Unreadable, plain

_PAGES = ("none", "page", "offset", "cursor", "next_url", "link_header", "keyset")
_YES = ("yes", "true")
_YES_OR_NO = (*_YES, "no", "false")
_PAGE_PARAM = {"page": "page", "offset": "offset", "cursor": "cursor"}
# Streams that are no objects of the ledger: who and what the source has.
_OF_THE_SOURCE = ("owners", "users", "stages", "pipelines", "fields")
_OBJECTS = {"opportunities": "deal", "companies": "company", "activities": "activity"}
_PART_KEYS = ("path", "method", "params", "body", "records", "page", "order", "deleted")


class InvalidDocument(ConfigurationProblem):
    """A document that cannot be used; `problems` are all there are."""

    def __init__(self, problems: list[Problem]) -> None:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"The document is not right. {problems[0]}{more}")
        self.problems = tuple(problems)


def read_document(given: Any) -> Document:
    """Return a document that is right in every part, or raise InvalidDocument."""
    try:
        data = plain(given)
    except Unreadable as problem:
        raise InvalidDocument([Problem("", str(problem))]) from None
    problems: list[Problem] = []
    top = Shape(data, "", problems)
    document = _document(top)
    if problems:
        raise InvalidDocument(problems)
    return document


def _document(top: Shape) -> Document:
    source = top.inner("source") or Shape({}, "source", top.problems)
    streams = _streams(top)
    whose = source.inner("organisation")
    document = Document(
        name=source.text("name") or top.text("name") or "The source",
        base_url=source.text("base_url"),
        auth=read_auths(source),
        streams=streams,
        headers=read_headers(source),
        rate=read_rate(source),
        retry=read_retry(source),
        fatal=read_statuses(source, "fatal", frozenset({401, 402, 403})),
        organisation=read_organisation(whose),
        checked_on=source.text("checked_on"),
        base_path=_relative(source, source.text("base_path")),
        strip=source.checked("strip", patterns.ending, "", patterns.SAYS_LITERAL),
        webhook=read_hook(top, streams),
    )
    source.done()
    top.taken.add("name")
    top.done()
    if not streams and "streams" in top.data:
        top.wrong("streams", "Declare at least one, such as deals.")
    if streams and not document.objects:
        top.wrong("streams", "None of them is an object of the ledger, such as deals.")
    return document


def _streams(top: Shape) -> dict[str, Stream]:
    top.taken.add("streams")
    given = top.data.get("streams")
    if not isinstance(given, dict):
        top.wrong("streams", "Declare the lists of the source here, such as deals.")
        return {}
    helpers = {
        str(one["deletes"].get("stream", ""))
        for one in given.values()
        if isinstance(one, dict) and isinstance(one.get("deletes"), dict)
    }
    streams = {
        name: _stream(top.shaped(f"streams.{name}", row), name, name in helpers)
        for name, row in given.items()
    }
    objects = [one.object for one in streams.values() if one.object]
    for name in {one for one in objects if objects.count(one) > 1}:
        top.wrong("streams", f"Two streams fill “{name}”; give one another object.")
    for name, stream in streams.items():
        for wanted in [*dict(stream.joins.values()), stream.deletes.stream]:
            if wanted and wanted not in streams:
                top.wrong(f"streams.{name}", f"There is no stream “{wanted}”.")
        if stream.deletes.stream == name:
            top.wrong(
                f"streams.{name}.deletes.stream",
                "This is the stream itself; all of it would be taken for deleted.",
            )
    return streams


def _stream(shape: Shape, name: str, is_helper: bool) -> Stream:
    cursor = _cursor(shape)
    usual = "" if is_helper or name in _OF_THE_SOURCE else _object_of(name)
    object_ = shape.text("object", usual)
    if object_ and (field_name(object_) != object_ or len(object_) > 60):
        shape.wrong("object", f"Write it like {field_name(object_)[:60]}.")
    stream = Stream(
        name=name,
        object=object_,
        label=shape.text("label") or name.replace("_", " ").capitalize(),
        parts=_parts(shape, cursor),
        key=tuple(_path(shape, "key", one) for one in shape.texts("key")) or ("id",),
        cursor=cursor,
        deletes=_deletes(shape),
        merges=_path(shape, "merges", shape.text("merges")),
        one=_one(shape),
        joins=_joins(shape),
        describe=_describe(shape),
        fields=shape.texts("fields"),
        key_form=shape.one_of("key_form", ("", "salesforce"), ""),
        ignore=shape.texts("ignore"),
        drop_field_on=shape.checked(
            "drop_field_on", patterns.pattern, "", patterns.SAYS
        ),
        map=read_map(shape),
        url=shape.text("url"),
        changed_by=_path(shape, "changed_by", shape.text("changed_by")),
        write=read_write(shape, _relative),
    )
    shape.done()
    return stream


def _object_of(name: str) -> str:
    if name in _OBJECTS:
        return _OBJECTS[name]
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def _parts(shape: Shape, cursor: CursorRule | None) -> tuple[Part, ...]:
    order = cursor.order if cursor else "none"
    since = {cursor.param: "{since}"} if cursor and cursor.param else {}
    base = _part(shape, Part(order=order, params=since))
    shape.taken.update(_PART_KEYS)
    given = shape.anything("parts")
    if given in (None, ""):
        if not base.path:
            shape.wrong("path", "This is missing.")
        return (base,)
    if not isinstance(given, list) or not given:
        shape.wrong("parts", "This is a list of what differs from the stream.")
        return (base,)
    parts = []
    for number, row in enumerate(given):
        one = shape.shaped(f"parts.{number}", row)
        part = _part(one, base)
        when = one.one_of("when", ("always", "full", "changes"), "always")
        optional = one.one_of("optional", _YES_OR_NO, "no") in _YES
        parts.append(replace(part, when=when, optional=optional))
        if not part.path:
            one.wrong("path", "This is missing.")
        one.done()
    if all(part.optional for part in parts if part.when != "changes"):
        shape.wrong("parts", "One that is no `optional` one must list all records.")
    return tuple(parts)


def _part(shape: Shape, usual: Part) -> Part:
    paging = _page(shape, usual.page)
    check_holes(shape)
    return Part(
        when=usual.when,
        path=_relative(shape, shape.text("path", usual.path)),
        method=shape.one_of("method", ("GET", "POST"), usual.method),
        params={**usual.params, **shape.table("params")},
        body=shape.anything("body") if "body" in shape.data else usual.body,
        records=_list_path(shape, usual.records),
        page=paging,
        order=shape.one_of("order", ("asc", "desc", "none"), usual.order),
        deleted=shape.one_of("deleted", _YES_OR_NO, "yes" if usual.deleted else "no")
        in _YES,
    )


def _relative(shape: Shape, path: str) -> str:
    """A path stays on the server of the base address."""
    if path and (re.match(r"[a-z]+:|//", path, re.I) or "\\" in path or ".." in path):
        shape.wrong("path", "Write the part after the base address, such as /deals.")
        return ""
    return path


def _path(shape: Shape, key: str, text: str) -> str:
    if text and not is_path(text):
        shape.wrong(key, f"“{text}” is no path such as data.deals.")
        return ""
    return cleaned(text)


def _list_path(shape: Shape, usual: str) -> str:
    """A star at its end says that the values of an object are the list."""
    text = shape.text("records", usual)
    path = _path(shape, "records", text.removesuffix(".*"))
    return f"{path}.*" if path and text.endswith(("[*]", ".*")) else path


def _page(shape: Shape, usual: Paging) -> Paging:
    inner = shape.inner("page")
    if inner is None:
        return usual
    kind = inner.one_of("kind", _PAGES, usual.kind)
    if kind == "none" and inner.data and "kind" not in inner.data:
        inner.wrong("kind", f"Say how pages follow each other: {', '.join(_PAGES)}.")
    paging = Paging(
        kind=kind,
        size_param=inner.text("size_param", usual.size_param),
        size=inner.whole("size", usual.size, 1, 10_000),
        param=inner.text("param", usual.param or _PAGE_PARAM.get(kind, "")),
        within=inner.one_of("in", ("query", "body"), usual.within),
        first=inner.whole("first", usual.first, 0, 1),
        token_path=_path(
            inner, "token_path", inner.text("token_path", usual.token_path)
        ),
        token_header=inner.text("token_header", usual.token_header).lower(),
        has_more_path=_path(
            inner, "has_more_path", inner.text("has_more_path", usual.has_more_path)
        ),
        total_path=_path(
            inner, "total_path", inner.text("total_path", usual.total_path)
        ),
        field=_path(inner, "field", inner.text("field", usual.field)),
        max_pages=inner.whole("max_pages", usual.max_pages, 1, 100_000),
        cap=inner.whole("cap", usual.cap, 0, 1_000_000),
    )
    has_token = paging.token_path or paging.token_header
    if kind in ("cursor", "next_url") and not has_token:
        inner.wrong(
            "token_path",
            "Say where the answer has what leads to the next page, or token_header.",
        )
    if kind == "keyset" and not paging.param:
        inner.wrong("param", "Name the parameter that takes the last row's value.")
    inner.done()
    return paging


def _cursor(shape: Shape) -> CursorRule | None:
    inner = shape.inner("cursor")
    if inner is None:
        return None
    fields = tuple(_path(inner, "field", one) for one in inner.texts("field"))
    if not fields:
        inner.wrong("field", "Name the field that says when a record was changed.")
    inner.text("server_time")
    rule = CursorRule(
        fields=fields,
        format=inner.one_of("format", FORMATS, "iso8601"),
        asks_in=inner.one_of("asks_in", ("", *FORMATS), ""),
        param=inner.text("param"),
        op=inner.one_of("op", ("gte", "gt"), "gte"),
        precision=inner.one_of("precision", PRECISIONS, "s"),
        lookback=inner.checked(
            "lookback", read_span, timedelta(seconds=300), "is no time such as 300s."
        ),
        order=inner.one_of("order", ("asc", "desc", "none"), "none"),
        initial=inner.text("initial"),
    )
    inner.done()
    return rule


def _deletes(shape: Shape) -> Deletes:
    inner = shape.inner("deletes")
    if inner is None:
        return Deletes()
    kinds = ("none", "flag", "endpoint", "events", "reconcile")
    kind = inner.one_of("kind", kinds, "none")
    deletes = Deletes(
        kind=kind,
        path=_path(inner, "path", inner.text("path", needed=kind == "flag")),
        value=inner.text("value"),
        stream=inner.text("stream", needed=kind in ("endpoint", "events")),
        every=inner.checked(
            "every", read_span, timedelta(hours=24), "is no time such as 24h."
        ),
    )
    inner.done()
    return deletes


def _one(shape: Shape) -> One | None:
    inner = shape.inner("one")
    if inner is None:
        return None
    path = _relative(inner, inner.text("path", needed=True))
    if path and "{id}" not in path:
        inner.wrong("path", "Say by {id} where the id stands, as in /deals/{id}.")
    one = One(
        path=path,
        record=_path(inner, "record", inner.text("record")),
        params=inner.table("params"),
    )
    inner.done()
    return one


def _joins(shape: Shape) -> dict[str, tuple[str, str]]:
    inner = shape.inner("join")
    if inner is None:
        return {}
    found = {}
    for name in inner.data:
        one = inner.inner(name)
        if one is not None:
            by = _path(one, "by", one.text("by", needed=True))
            found[name] = (one.text("stream", needed=True), by)
            one.done()
    return found


def _describe(shape: Shape) -> Describe | None:
    inner = shape.inner("describe")
    if inner is None:
        return None
    describe = Describe(
        path=_relative(inner, inner.text("path", needed=True)),
        records=_path(inner, "records", inner.text("records")),
        key=_path(inner, "key", inner.text("key", needed=True)),
        label=_path(inner, "label", inner.text("label")),
        type=_path(inner, "type", inner.text("type")),
        choices=_path(inner, "choices", inner.text("choices")),
        prefix=inner.text("prefix"),
        where=inner.table("where"),
        params=inner.table("params"),
    )
    inner.done()
    return describe
