"""What the documents show is run, and what they point to is there."""

import re
from pathlib import Path

import pytest

from commissions.plans.examples import run_examples
from commissions.plans.yaml_form import plan_from_yaml

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text()
PAGES = [
    PROJECT / "README.md",
    PROJECT / "CONTRIBUTING.md",
    *PROJECT.glob("docs/**/*.md"),
]


def test_the_readmes_plan_keeps_its_promise() -> None:
    found = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert found is not None

    results = run_examples(plan_from_yaml(found[1]))

    assert [(result.computed, result.ok) for result in results] == [("706.53", True)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_documents_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())

    missing = [link for link in links if not (page.parent / link).exists()]

    assert not missing


@pytest.mark.parametrize("command", re.findall(r"python3 run\.py (\w+)", README))
def test_every_command_that_the_readme_names_exists(command: str) -> None:
    usage = (PROJECT / "run.py").read_text().split('"""')[1]

    assert f"run.py {command}" in usage
