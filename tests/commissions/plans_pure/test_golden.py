"""The same plan files give the same results until the language says that they may not."""

from commissions.formula import LANGUAGE_VERSION
from tests.commissions.plans_pure.golden import differing, digests, recorded

RECORD = "python -m tests.commissions.plans_pure.golden"


def test_results_change_only_together_with_the_language_version() -> None:
    language, known = recorded()
    found = digests()

    assert not differing(found, known), "grow LANGUAGE_VERSION, and say it in CHANGELOG"
    assert language == LANGUAGE_VERSION, f"record them: {RECORD}"


def test_every_plan_file_is_recorded_as_it_reads_today() -> None:
    _, known = recorded()
    found = digests()

    missing = {name for name, one in found.items() if known.get(name) != one}
    assert not missing, f"record them: {RECORD}"
    assert not known.keys() - found.keys(), f"record them: {RECORD}"


def test_another_result_of_the_same_text_is_noticed() -> None:
    known = {"a": {"text": "1", "results": "2"}, "b": {"text": "1", "results": "2"}}
    found = {"a": {"text": "1", "results": "3"}, "b": {"text": "9", "results": "3"}}

    assert differing(found, known) == ["a"]
