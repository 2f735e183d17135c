"""Tags of the plan editor: a formula's field, and the help beside it."""

from typing import Any

from django import template

from commissions.plans import services
from commissions.plans.document import PlanProblem
from commissions.plans.form_blocks import FormBlock, FormField
from commissions.plans.formula_names import every_name
from commissions.plans.function_examples import function_groups
from commissions.plans.models import PlanVersion

register = template.Library()


@register.inclusion_tag("plans/_formula_field.html", takes_context=True)
def formula_field(
    context: dict[str, Any], block: FormBlock, field: FormField
) -> dict[str, Any]:
    """A formula in a text field that suggests names and shows its own problem."""
    return {
        "field": field,
        "plan": context["plan"],
        "request": context["request"],
        "problem": _problem_of(block, field, context.get("problems") or ()),
    }


@register.inclusion_tag("plans/_formula_help.html", takes_context=True)
def formula_help(context: dict[str, Any], draft: PlanVersion) -> dict[str, Any]:
    """Functions and names to look up and insert, and the list that the script reads."""
    # As it is typed, where that could be read; else as it was saved.
    names = context.get("names") or every_name(services.document_of(draft))
    return {
        "request": context["request"],
        "names": names,
        "fields": [name for name in names if name["kind"] == "field"],
        "groups": function_groups(),
    }


def _problem_of(
    block: FormBlock, field: FormField, problems: Any
) -> PlanProblem | None:
    """Return the first problem of the plan that is about this formula."""
    keys = {one.name.partition("-")[2]: one.value for one in block.fields}
    owner = f"components.{keys['key']}" if "key" in keys else f"measures.{keys['name']}"
    path = f"{owner}.{field.name.partition('-')[2]}"
    return next((one for one in problems if one.path == path), None)
