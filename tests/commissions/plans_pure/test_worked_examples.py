"""Every plan file of the product keeps every promise of its own examples."""

from pathlib import Path

import pytest

from commissions.plans.examples import try_examples, untouched_components
from commissions.plans.yaml_form import plan_from_yaml, plan_to_yaml

PROJECT = Path(__file__).resolve().parents[3]
FILES = sorted(
    [
        *(PROJECT / "tests" / "plans").glob("*.yaml"),
        *(PROJECT / "commissions_saas" / "demo" / "plans").glob("*.yaml"),
    ]
)


def test_there_are_plan_files_to_check() -> None:
    assert len(FILES) > 20


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_example_of_a_plan_file_comes_out_as_expected(path: Path) -> None:
    document = plan_from_yaml(path.read_text())

    tried = try_examples(document)

    assert [result for result in tried.results if not result.ok] == []
    assert untouched_components(document, tried) == ()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_plan_file_survives_being_written_and_read_again(path: Path) -> None:
    document = plan_from_yaml(path.read_text())

    again = plan_from_yaml(plan_to_yaml(document))

    assert again == document
    assert again.hash == document.hash
