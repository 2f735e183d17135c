"""A document is right in every part, or every part that is wrong is named."""

from __future__ import annotations

import copy
import json
import random
import time
from typing import Any

import pytest
import yaml

from crm_sync.providers.rest.patterns import found_by
from crm_sync.providers.rest.presets import preset_names, preset_text
from crm_sync.providers.rest.reading import InvalidDocument, read_document

STRANGE: list[Any] = [
    "",
    "x",
    "-1",
    [],
    ["a", ["b"]],
    {},
    {"a": {"b": "c"}},
    None,
    True,
    7,
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, one in value.items():
            found += places(one, (*path, key))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            found += places(one, (*path, number))
    return found


@pytest.mark.parametrize("name", preset_names())
def test_whatever_is_put_in_place_of_a_part_is_read_or_refused_in_words(
    name: str,
) -> None:
    whole = yaml.load(preset_text(name), yaml.BaseLoader)
    chance = random.Random(name)
    refused = 0
    for path in places(whole):
        broken = copy.deepcopy(whole)
        within = broken
        for step in path[:-1]:
            within = within[step]
        within[path[-1]] = chance.choice(STRANGE)
        try:
            read_document(broken)
        except InvalidDocument as problem:
            refused += 1
            assert problem.problems
            assert all(one.message.endswith((".", ")")) for one in problem.problems)

    assert refused > 20


@pytest.mark.parametrize("name", preset_names())
def test_a_document_is_the_same_as_yaml_and_as_json(name: str) -> None:
    as_json = json.dumps(yaml.load(preset_text(name), yaml.BaseLoader))

    assert read_document(as_json) == read_document(preset_text(name))
    assert read_document(json.loads(as_json)) == read_document(preset_text(name))


@pytest.mark.parametrize(
    ("document", "path", "says"),
    [
        ({"sources": {}}, "streams", "Declare the lists of the source here"),
        ({"sources": {}}, "sources", "Did you mean source?"),
        ({"streams": {"deals": {"path": "https://evil.example/"}}}, "streams.deals.path", "the part after"),
        ({"streams": {"deals": {"path": "/../admin"}}}, "streams.deals.path", "the part after"),
        ({"streams": {"deals": {"path": "/d", "page": {"kind": "cursor"}}}}, "streams.deals.page.token_path", "Say where"),
        ({"streams": {"deals": {"path": "/d", "cursor": {}}}}, "streams.deals.cursor.field", "Name the field"),
        ({"streams": {"deals": {"path": "/d", "one": {"path": "/d"}}}}, "streams.deals.one.path", "{id}"),
        ({"streams": {"deals": {"path": "/d", "map": {"Amount!": "a"}}}}, "streams.deals.map.Amount!", "Write our field like amount."),
        ({"streams": {"deals": {"path": "/d", "map": {"amount": {"from": "a", "type": "cents"}}}}}, "streams.deals.map.amount.type", "money_minor"),
        ({"streams": {"deals": {"path": "/d", "deletes": {"kind": "events", "stream": "log"}}}}, "streams.deals", "There is no stream “log”."),
        ({"streams": {"deals": {"path": "/a"}, "opportunities": {"path": "/b"}}}, "streams", "Two streams fill “deal”"),
        ({"source": {"headers": {"X-Api-Key": "k"}}, "streams": {"deals": {"path": "/d"}}}, "source.headers.X-Api-Key", "no place in the document"),
        ({"source": {"rate": {"pattern": "("}}, "streams": {"deals": {"path": "/d"}}}, "source.rate.pattern", "is no pattern"),
        ({"streams": {"owners": {"path": "/o"}}}, "streams", "None of them is an object"),
        ({"streams": {"deals": {"path": "/d", "map": {"amount": "value"}}}}, "streams.deals.map.amount.type", "Say money_major"),
        ({"streams": {"deals": {"path": "/d", "page": {"param": "p"}}}}, "streams.deals.page.kind", "Say how pages follow"),
        ({"streams": {"deals": {"path": "/d/{sinse}"}}}, "streams.deals.path", "Nothing fills {sinse}. Known: {fields}"),
        ({"streams": {"deals": {"path": "/d", "params": {"q": "{Since}"}}}}, "streams.deals.params.q", "Nothing fills {Since}."),
        ({"streams": {"deals": {"path": "/d", "body": {"f": {"s": "{size_}"}}}}}, "streams.deals.body.f.s", "Nothing fills {size_}."),
        ({"streams": {"deals": {"path": "/d", "deletes": {"kind": "endpoint", "stream": "deals"}}}}, "streams.deals.deletes.stream", "all of it would be taken for deleted"),
        ({"source": {"headers": {"Host": "x"}}, "streams": {"deals": {"path": "/d"}}}, "source.headers.Host", "cannot be set"),
        ({"source": {"headers": {"X-A": "a\r\nb"}}, "streams": {"deals": {"path": "/d"}}}, "source.headers.X-A", "on one line"),
        ({"source": {"auth": {"kind": "api_key", "header": "X Key"}}, "streams": {"deals": {"path": "/d"}}}, "source.auth.header", "no name of a header"),
        ({"source": {"rate": {"when": "403"}}, "streams": {"deals": {"path": "/d"}}}, "source.rate.when", "This is a list"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(
    document: dict[str, Any], path: str, says: str
) -> None:
    with pytest.raises(InvalidDocument) as refused:
        read_document(document)

    found = [one.message for one in refused.value.problems if one.path == path]
    assert says in " ".join(found)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+b",
        "(a|a)*b",
        "a*a*a*b",
        "(x)\\1",
        "(?=a)a",
        "a?" * 33 + "a" * 33,
        "(|)" * 32 + "b",
        "a{0,9}" * 3 + "b",
        "a{9999999999}",
    ],
)
def test_a_pattern_that_could_run_for_ever_is_refused(pattern: str) -> None:
    rate = {"header": "x", "pattern": pattern}
    streams = {"deals": {"path": "/d"}}

    with pytest.raises(InvalidDocument, match="is no pattern"):
        read_document({"source": {"rate": rate}, "streams": streams})


def test_a_small_text_does_not_become_a_large_document() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x]\n" + "\n".join(
        f"b{n}: &b{n} [*a,*a,*a,*a]" for n in range(20)
    )
    deep = "a: " + "[" * 500 + "]" * 500

    for text in (
        bomb,
        deep,
        "a: 1\na: 2",
        "x" * 200_000,
        "\x00",
        "!!python/object:os {}",
    ):
        with pytest.raises(InvalidDocument):
            read_document(text)


@pytest.mark.parametrize("part", ["[", "{a: ", "[a,", "- ", "? "])
def test_a_deep_text_is_refused_before_it_is_built(part: str) -> None:
    started = time.process_time()

    with pytest.raises(InvalidDocument, match=r"Line 1: .* more than 16 deep"):
        read_document(part * (80_000 // len(part)))

    assert time.process_time() - started < 5


@pytest.mark.parametrize("strip", ["/a*", "/v1?", "(/a|/b)", "/v{1,9}"])
def test_the_end_of_an_address_is_plain_text(strip: str) -> None:
    document = {"source": {"strip": strip}, "streams": {"deals": {"path": "/d"}}}

    with pytest.raises(InvalidDocument, match="repeats nothing"):
        read_document(document)


def test_a_pattern_finds_its_group_or_all_of_it() -> None:
    assert found_by(r"in (\d+) s", "wait: in 30 s") == "30"
    assert found_by(r"\d+", "wait: in 30 s") == "30"
    assert found_by(r"(\d+) s|never", "never") == ""
    assert found_by("x", "a" * 2_000 + "x") == ""


def test_the_word_on_may_have_become_yes_on_its_way() -> None:
    text = (
        "source: {retry: {on: [500]}}\n"
        "streams: {deals: {path: /d, body: {q: '{ a { b } }'}}}"
    )

    document = read_document(yaml.safe_load(text))

    assert document.retry.on == {"500"}
    assert document == read_document(text)


def test_a_day_is_read_as_one_though_nobody_says_so() -> None:
    document = read_document("streams: {deals: {path: /d, map: {won_on: closed}}}")

    assert document.objects[0].map[0].type == "datetime"
