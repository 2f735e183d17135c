"""Rows of rate tables and values of assignments, as people read them."""

import pytest

from commissions.plans.table_words import rows_in_words, value_words


def test_rates_below_one_read_as_percents_and_thresholds_are_grouped() -> None:
    rows = [{"from": "0", "rate": "0.06"}, {"from": "80000", "rate": "0.08"}]

    assert rows_in_words(rows) == [
        {"from": "0", "rate": "6 %"},
        {"from": "80,000", "rate": "8 %"},
    ]


def test_rates_stay_numbers_where_one_of_them_is_no_part() -> None:
    rows = [{"from": "0", "rate": "0.5"}, {"from": "10", "rate": "40"}]

    assert [row["rate"] for row in rows_in_words(rows)] == ["0.5", "40"]


def test_a_key_is_never_read_as_a_number() -> None:
    assert rows_in_words([{"product": "1000", "rate": "0"}])[0]["product"] == "1000"


@pytest.mark.parametrize(
    ("text", "words"),
    [("90000.00", "90,000"), ("0.5", "0.5"), ("12.5%", "12.5 %"), ("gold", "gold")],
)
def test_values_are_grouped_and_texts_stay(text: str, words: str) -> None:
    assert value_words(text) == words
