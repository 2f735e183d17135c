"""Formulas that come as JSON and are answered as JSON."""

import json

from commissions.formula.check_door import answer, answer_json


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

    assert found["message"] == '"a" has the unknown type "object".'
