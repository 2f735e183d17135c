"""Whatever is handed over as JSON is answered in the same form."""

import json

from hypothesis import given
from hypothesis import strategies as st

from commissions.formula.check_door import answer_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner)
    ),
    max_leaves=8,
)
TEXTS = st.sampled_from(
    ["a", "a * 2", "a + b", 'a == "x"', "IF(a, b, 1)", "rate_at(1, a)"]
)
KINDS = st.sampled_from(
    ["money", "number", "percent", "text", "date", "yes/no", "table"]
)
VALUES = (
    st.sampled_from(
        ["-0", "1e9999", "NaN", "5%", "2026-11-24", "yes", "0: 1", "1" * 99, ""]
    )
    | st.decimals(allow_nan=True).map(str)
    | JSON
)


def typed(kind: str, value: object) -> dict[str, object]:
    return {"type": kind, "value": value}


NAMES = st.dictionaries(
    st.sampled_from(["a", "b", "a.b", "yes", "IF", ""]),
    VALUES | st.builds(typed, KINDS, VALUES) | JSON,
)


@given(st.fixed_dictionaries({"id": JSON, "text": TEXTS, "names": NAMES | JSON}) | JSON)
def test_whatever_is_asked_is_answered_and_never_by_our_own_fault(item: object) -> None:
    (found,) = json.loads(answer_json(json.dumps([item])))

    assert list(found) == [
        "id", "accepted", "message", "line", "column", "value", "error"
    ]  # fmt: skip
    assert "fault is ours" not in str(found["message"])
    if found["accepted"]:
        assert (found["value"] is None) != (found["error"] is None)
    else:
        assert found["message"] and found["value"] is None
