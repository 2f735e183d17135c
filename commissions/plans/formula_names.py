"""What one formula of a draft may name and must give, and what is wrong with its text."""

from collections.abc import Mapping
from dataclasses import dataclass

from commissions.formula import Problem, Type, check_formula, render
from commissions.formula.reference import completions
from commissions.plans.document import (
    ComponentDocument,
    MeasureDocument,
    PlanDocument,
)
from commissions.plans.models import RateTable
from commissions.plans.names import Inputs, Names
from commissions.plans.selectors import field_catalogue

_CONDITIONS = frozenset({"when", "payable_when", "while", "where"})


@dataclass(frozen=True, slots=True)
class FormulaSays:
    """The first problem of a formula, as it stands under its field."""

    problem: Problem
    picture: str
    sentence: str
    others: int

    @property
    def button(self) -> str:
        """Return what the button does to the text."""
        edit = self.problem.edit
        if edit is None:
            return ""
        if not edit.text:
            return "Take it out"
        return "Add it" if edit.span.start == edit.span.end else "Replace"


def names_of(document: PlanDocument) -> Names:
    """Return what this business and this plan offer to formulas."""
    tables = list(RateTable.objects.values_list("key", flat=True))
    return Names(document, field_catalogue(), tables)


def every_name(document: PlanDocument) -> list[dict[str, str]]:
    """Return what the editor may suggest anywhere in a plan."""
    names = names_of(document)
    objects = {part.object for part in document.components if part.per == "deal"}
    objects |= {part.object for part in document.measures}
    found: Inputs = names.of_period()
    for name in sorted(objects & set(names.objects)) or ["deal"]:
        found |= names.of_credit(name)
    found |= {"base": Type.MONEY}
    # A table of the business is read in one way only, which its kind says.
    kinds = RateTable.objects.values_list("key", "kind")
    other = {f"{'tiers' if kind == 'keyed' else 'tables'}.{key}" for key, kind in kinds}
    return completions(
        {name: kind for name, kind in found.items() if name not in other}
    )


def check_field(
    document: PlanDocument, sent: Mapping[str, str], field: str
) -> FormulaSays | None:
    """Return what is wrong with one formula of the form; nothing where it is sound."""
    text = sent.get(field, "").replace("\r\n", "\n")
    block, _, key = field.partition("-")
    if not text.strip():
        return None
    names = names_of(document)
    if block.startswith("m"):
        part = document.measure(sent.get(f"{block}-name", "").strip())
        inputs, result = _of_measure(names, part, key)
    else:
        wanted = sent.get(f"{block}-key", "").strip()
        found = [one for one in document.components if one.key == wanted]
        inputs, result = _of_component(names, found[0] if found else None, key)
    problems = check_formula(text, inputs, result)
    if not problems:
        return None
    picture, _, sentence = render(problems[0], text).rpartition("\n")
    return FormulaSays(problems[0], picture, sentence, len(problems) - 1)


def _of_measure(
    names: Names, part: MeasureDocument | None, key: str
) -> tuple[Inputs, Type | None]:
    inputs = names.of_measure(part) if part else names.of_credit("deal")
    if part and key == "value":
        inputs = {**inputs, f"{part.name}.before": Type.PLAIN}
    return inputs, Type.YESNO if key in _CONDITIONS else None


def _of_component(
    names: Names, part: ComponentDocument | None, key: str
) -> tuple[Inputs, Type | None]:
    inputs = names.of_credit("deal")
    if part is not None:
        known = part.object in names.objects
        by_credit = part.per != "period" and known
        inputs = names.of_credit(part.object) if by_credit else names.of_period()
        if part.repeat:
            inputs["nth"] = Type.NUMBER
        if key not in ("when", "while"):
            for step, text in part.steps.items():
                inputs[step] = names.kind_in(text, inputs)
            if part.base and key != "base":
                inputs["base"] = names.amount_in(part.base, inputs)
    if key in _CONDITIONS:
        return inputs, Type.YESNO
    return inputs, None if key == "base" else Type.MONEY
