"""Plans to begin with: each a file with its worked examples, shown by what it pays."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from commissions.plans.document import PlanDocument
from commissions.plans.selectors import field_catalogue
from commissions.plans.sentences import ComponentWords, plan_words
from commissions.plans.yaml_form import plan_from_yaml
from tenants.schema import current_business

FOLDER = Path(__file__).parent / "templates_of_plans"
# From what most businesses pay by to what few do.
NAMES = (
    *("flat_percent", "tiers", "whole_tiers", "fixed_per_unit", "split"),
    *("manager_override", "renewal_trail", "clawback_window", "hold_until"),
    *("draw", "target_bonus", "cap"),
)


@dataclass(frozen=True, slots=True)
class PlanTemplate:
    """A plan file to begin with, and what it pays in words."""

    name: str
    text: str
    document: PlanDocument

    @property
    def words(self) -> tuple[ComponentWords, ...]:
        """Return what each component pays."""
        return plan_words(self.document)

    @property
    def examples(self) -> Iterator[dict[str, Any]]:
        """Return each worked example: its name, why, and the first total promised."""
        for raw in self.document.examples:
            because = raw.get("because", [])
            yield {
                "name": raw.get("name", ""),
                "because": [because] if isinstance(because, str) else list(because),
            }


@lru_cache(maxsize=1)
def plan_templates() -> Mapping[str, PlanTemplate]:
    """Return every template by its name, in the order in which they are offered."""
    found = {}
    for name in NAMES:
        text = (FOLDER / f"{name}.yaml").read_text()
        found[name] = PlanTemplate(name, text, plan_from_yaml(text))
    return found


def new_page(query: Mapping[str, str], typed: str = "") -> dict[str, Any]:
    """The templates to choose from, or the chosen one with its file to save."""
    chosen = plan_templates().get(query.get("template", ""))
    return {
        "templates": () if chosen or typed else list(plan_templates().values()),
        "template": chosen,
        "lacking": _lacking(chosen) if chosen else (),
        "text": typed or (_in_currency(chosen) if chosen else ""),
    }


def _in_currency(template: PlanTemplate) -> str:
    currency = current_business().currency
    return template.text.replace("currency: USD", f"currency: {currency}", 1)


def _lacking(template: PlanTemplate) -> list[str]:
    """Return the fields that the template reads and this business does not have."""
    known = {f"{fact.object}.{fact.key}" for fact in field_catalogue()}
    return [name for name in template.document.fields if name not in known]
