"""Formulas that come as JSON and are answered as JSON."""

import json
from functools import partial

import pytest

from commissions.formula.check_door import BadInput, answer, answer_json
from tests.formula.timing import quickest


def _typed(kind: str, value: object) -> dict[str, object]:
    return {"type": kind, "value": value}


def test_a_formula_with_typed_names_is_answered_with_its_value() -> None:
    item = {
        "id": "a",
        "text": "(amount - dealer_fee) * 0.06",
        "names": {
            "amount": _typed("money", "21600.00"),
            "dealer_fee": _typed("money", "100"),
        },
        "result": "money",
    }

    assert answer(item) == {
        "id": "a",
        "accepted": True,
        "message": None,
        "line": None,
        "column": None,
        "value": "1290",
        "error": None,
    }


def test_a_bare_value_says_its_type_itself() -> None:
    names: dict[str, object] = {
        "amount": "12.5",
        "rate": "6%",
        "product": "Boiler",
        "won": "2026-11-24",
        "paid": True,
        "units": 4,
        "postcode": "90210",
    }
    texts = {
        "amount * rate": "0.75",
        "amount * 5%": "0.625",
        "amount * units": "50",
        'IF(product == "Boiler" and paid, 1, 2)': "1",
        'won > date("2026-01-01")': "yes",
        "product": "Boiler",
        'postcode == "90210" and amount > 5': "yes",
        'won == "2026-11-24"': "yes",
    }

    for text, value in texts.items():
        found = answer({"id": 1, "text": text, "names": names, "result": None})
        assert (found["accepted"], found["value"]) == (True, value), text


def test_a_refused_formula_is_answered_with_its_first_problem() -> None:
    found = answer({"id": 2, "text": "amout * 2", "names": {"amount": "1"}})

    assert found["accepted"] is False
    assert found["message"] == 'There is no field "amout". Did you mean amount?'
    assert (found["line"], found["column"]) == (1, 1)


def test_a_formula_that_fails_is_accepted_and_says_why() -> None:
    found = answer({"id": 3, "text": "amount / 0", "names": {"amount": "1"}})

    assert found["accepted"] is True
    assert found["value"] is None
    assert (found["error"], found["line"], found["column"]) == (
        "This divides by zero.",
        1,
        10,
    )


def test_a_table_can_be_handed_over() -> None:
    text = "marginal(72126.50, 10800, t)"
    for value in (
        "0: 6%, 80000: 8%",
        [{"from": "0", "rate": "0.06"}, {"from": 80000, "rate": "8%"}],
    ):
        found = answer({"id": 4, "text": text, "names": {"t": _typed("table", value)}})
        assert found["value"] == "706.53"


def test_values_that_are_not_what_they_say_are_errors() -> None:
    cases = [
        _typed("money", "NaN"),
        _typed("money", "1e400"),
        _typed("money", "1,000"),
        _typed("date", "yesterday"),
        _typed("yesno", "perhaps"),
        _typed("table", "0: a"),
        _typed("table", "5: 1, 0: 2"),
    ]
    texts = ["a", "a", "a", "year(a)", "a", "rate_at(1, a)", "rate_at(1, a)"]

    for given, text in zip(cases, texts, strict=True):
        found = answer({"id": 5, "text": text, "names": {"a": given}})
        assert (found["accepted"], found["value"]) == (True, None), given
        assert 'The value of "a"' in str(found["error"])


def test_a_wrong_value_is_blamed_where_it_is_used_first() -> None:
    names = {"a": _typed("money", "1"), "b": _typed("money", "NaN")}
    names["c"] = _typed("date", "soon")
    text = "a * 2 +\n IF(year(c) > 5, b, b)"

    found = answer({"id": 1, "text": text, "names": names})

    assert found["error"] == 'The value of "c" is not a date.'
    assert (found["line"], found["column"]) == (2, 10)


def test_a_name_that_is_an_answer_is_never_read_as_one() -> None:
    names = {"no": True, "yes.total": "3", "a": "1"}

    found = answer({"id": 1, "text": "IF(no, 1, 2)", "names": names})
    fine = answer({"id": 2, "text": "yes.total + a", "names": names})

    assert found["message"] == '"no" is an answer, so it cannot be a name.'
    assert fine["value"] == "4"


def test_a_missing_value_is_a_blank_field() -> None:
    names = {"a": _typed("money", None)}

    assert answer({"id": 6, "text": "or_else(a, 3)", "names": names})["value"] == "3"
    assert "no value" in str(answer({"id": 6, "text": "a", "names": names})["error"])


def test_an_item_that_is_no_formula_is_refused_and_the_others_are_answered() -> None:
    found = json.loads(
        answer_json('[5, {"id": 7}, {"id": 8, "text": "2 * x", "names": {"x": 0.1}}]')
    )

    assert [item["accepted"] for item in found] == [False, False, True]
    assert found[2]["value"] == "0.2"
    assert found[2]["id"] == 8


def test_an_unknown_type_is_named() -> None:
    found = answer({"id": 9, "text": "a", "names": {"a": _typed("object", "1")}})

    assert found["message"] == (
        '"a" has the unknown type "object"; known: '
        "money, number, percent, text, date, yes/no."
    )


@pytest.mark.parametrize(
    "text", ["5", "null", '"x"', "[" * 100_000, "{", "", "[1,", "[NaN"]
)
def test_a_request_that_is_no_list_is_answered_with_a_sentence(text: str) -> None:
    with pytest.raises((BadInput, json.JSONDecodeError)):
        answer_json(text)


def test_what_no_terminal_can_show_is_answered_in_plain_ascii() -> None:
    item = '[{"id": "\\ud800", "text": "a", "names": {"a": "\\ud800\\u00e9"}}]'

    shown = answer_json("\ufeff" + item)

    assert shown.isascii()
    assert json.loads(shown)[0]["value"] == "\ud800\u00e9"


@pytest.mark.parametrize("result", [[1], "thing", 5, {"type": "money"}])
def test_an_unknown_result_is_named(result: object) -> None:
    found = answer({"id": 1, "text": "1", "result": result})

    assert found["accepted"] is False
    assert "unknown type" in str(found["message"])


@pytest.mark.parametrize(
    "value", ["١٢", "1_000", "0x10", "1e99999", "--5", "5 000", "1.2.3", [1], {"a": 1}]
)
def test_a_value_is_plain_digits_or_refused(value: object) -> None:
    names = {"a": _typed("number", value)}
    found = answer({"id": 1, "text": "a", "names": names})

    assert (found["accepted"], found["value"]) == (True, None)
    assert found["error"] == 'The value of "a" is not a number.'


def test_a_bare_yes_may_be_a_condition() -> None:
    names = {"paid": "yes", "lost": "no", "amount": "10"}
    item = {"id": 1, "text": "IF(paid and not lost, amount, 0)", "names": names}

    assert answer({**item, "result": "money"})["value"] == "10"
    assert answer({"id": 2, "text": 'paid == "yes"', "names": names})["value"] == "yes"


def test_a_bare_nothing_is_a_blank_of_the_kind_that_is_needed() -> None:
    item = {"id": 1, "names": {"a": None}}

    assert answer({**item, "text": "or_else(a, 3) * 2"})["value"] == "6"
    assert answer({**item, "text": 'a == ""'})["value"] == "yes"
    found = answer({**item, "text": "a * 2", "result": "money"})
    assert "no value" in str(found["error"])


def test_many_names_are_still_answered_at_once() -> None:
    names: dict[str, object] = {f"n{at}": "1" for at in range(3_000)}
    text = " + ".join(f"n{at}" for at in range(60)) + " + 'a'"
    item = {"id": 1, "text": text, "names": names}

    assert answer(item)["accepted"] is False
    assert quickest(partial(answer, item), 0.5) < 0.5


def test_a_keyed_table_and_an_edge_can_be_handed_over() -> None:
    keyed = [{"keys": ["A", "*"], "rate": "5%"}, {"keys": ["A", "B"], "rate": "7%"}]
    down = {"edge": "down", "rows": [{"from": 0, "rate": 1}, {"from": 10, "rate": 2}]}
    names = {"k": _typed("table", keyed), "t": _typed("table", down)}
    text = 'lookup(k, "A", "B") + rate_at(10, t)'

    assert answer({"id": 1, "text": text, "names": names})["value"] == "1.07"


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        (
            [{"keys": ["A"], "rate": 1}, {"keys": ["A"], "rate": 2}],
            "two rows have the same keys, or one has none",
        ),
        (
            [{"keys": ["A"], "rate": 1}, {"from": 0, "rate": 2}],
            "two rows have the same keys, or one has none",
        ),
        (
            [{"keys": ["A"], "rate": 1}, {"keys": ["A", "B"], "rate": 2}],
            "every row of a table needs the same 1 to 4 keys",
        ),
        (
            [{"from": 0, "rate": 1}, {"from": "0.0", "rate": 2}],
            "the bounds of a table must rise from row to row",
        ),
        ([], "a table has 1 to 100 rows"),
    ],
)
def test_a_table_in_which_a_row_is_doubtful_is_none(
    rows: list[object], fault: str
) -> None:
    names = {"t": _typed("table", rows)}
    found = answer({"id": 1, "text": 'lookup(t, "A")', "names": names})

    assert found["error"] == f'The value of "t" is not a table: {fault}.'


def test_a_percent_is_no_money() -> None:
    found = answer({"id": 1, "text": "a", "names": {"a": _typed("money", "6%")}})

    assert (found["value"], found["error"]) == (None, 'The value of "a" is not money.')


def test_a_zero_that_is_a_json_number_is_a_number() -> None:
    found = answer({"id": 1, "text": "units * 2 + 1", "names": {"units": 0}})

    assert (found["accepted"], found["value"]) == (True, "1")


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (
            '{"text": "a", "names": {"a": "1", "b": "3", "a": "2"}}',
            'The names have "a" twice.',
        ),
        ('{"text": "1", "text": "2"}', 'The formula has "text" twice.'),
        (
            '{"text": "a", "names": {"a": {"type": "money", "value": "1", "value": "2"}}}',
            '"a" has "value" twice.',
        ),
    ],
)
def test_what_is_given_twice_is_refused_and_not_chosen(item: str, message: str) -> None:
    found = json.loads(answer_json(f'[{item}, {{"text": "1"}}]'))

    assert (found[0]["accepted"], found[0]["message"]) == (False, message)
    assert found[1]["value"] == "1"


def test_a_byte_that_is_no_text_costs_its_own_formula_only() -> None:
    given = b'[{"id": 1, "text": "am\xe9 * 2"}, {"id": 2, "text": "2 * 2"}]'

    broken, fine = json.loads(answer_json(given))

    assert (broken["accepted"], broken["line"], broken["column"]) == (False, 1, 3)
    assert fine["value"] == "4"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_every_encoding_of_json_is_read(encoding: str) -> None:
    given = '[{"id": "\u00e9", "text": "1 + 1"}]'.encode(encoding)

    assert json.loads(answer_json(given))[0]["value"] == "2"


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("1" + "0" * 100, "has more than 60 digits."),
        ("0." + "3" * 100, "has more than 60 digits."),
        ("1e400", "is beyond 1,000,000,000,000,000."),
        ("-1e16", "is beyond 1,000,000,000,000,000."),
        ("1e-100", "has more than 60 decimal places."),
    ],
)
@pytest.mark.parametrize("kind", ["money", "number", "percent", None])
def test_a_number_that_is_too_long_is_called_so(
    kind: str | None, value: str, error: str
) -> None:
    given = _typed(kind, value) if kind else value
    found = answer({"id": 1, "text": "a * 2", "names": {"a": given}})

    assert (found["accepted"], found["error"]) == (True, f'The value of "a" {error}')


def test_zeros_at_the_end_of_a_value_cost_nothing() -> None:
    given = _typed("money", "12.50" + "0" * 200)

    assert answer({"id": 1, "text": "a", "names": {"a": given}})["value"] == "12.5"


def test_an_id_comes_back_as_it_was_given() -> None:
    ids = '[12345678901234567890123, 1.5, "7", null, true, -3, {"a": [1]}]'
    items = ", ".join(
        f'{{"id": {json.dumps(one)}, "text": "1"}}' for one in json.loads(ids)
    )

    found = json.loads(answer_json(f"[{items}]"))

    assert [item["id"] for item in found] == json.loads(ids)


def test_blanks_around_a_value_are_no_part_of_it() -> None:
    cases = {
        ("money", " 5 "): "5",
        ("percent", " 5 % "): "0.05",
        ("date", " 2026-11-19\n"): "2026-11-19",
        ("yesno", " Yes "): "yes",
        ("text", " a "): " a ",
        (" Money ", "1"): "1",
    }

    for (kind, value), shown in cases.items():
        names = {"a": _typed(kind, value)}
        assert answer({"id": 1, "text": "a", "names": names})["value"] == shown


@pytest.mark.parametrize(
    "value", ["2026-W47-2", "2026-11-19T99:99", "2026-11-31", "20261119"]
)
def test_only_a_day_or_a_moment_is_a_date(value: str) -> None:
    found = answer({"id": 1, "text": "a", "names": {"a": _typed("date", value)}})

    assert found["error"] == 'The value of "a" is not a date.'


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "The names must be an object of names and values."),
        ("", "The names must be an object of names and values."),
        ({"a": {"value": "1"}}, '"a" has no type; known: '),
        ({"a": {"type": None}}, '"a" has the unknown type "None"; known: '),
        ({"a": [1]}, '"a" must be a value or an object of type and value.'),
    ],
)
def test_names_that_are_none_are_refused_with_a_sentence(
    names: object, message: str
) -> None:
    found = answer({"id": 1, "text": "1", "names": names})

    assert found["accepted"] is False
    assert str(found["message"]).startswith(message)
