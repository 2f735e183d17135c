"""What one formula of a draft may name and must give, and what is wrong with its text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from commissions.formula import Problem, Type, check_formula, render
from commissions.formula.reference import completions
from commissions.plans.compiling import Compiler
from commissions.plans.document import PlanDocument
from commissions.plans.models import RateTable
from commissions.plans.name_words import sentences_of
from commissions.plans.names import Inputs, Names
from commissions.plans.selectors import field_catalogue
from crm_sync.ledger.facts import FieldFact

_CONDITIONS = frozenset({"when", "payable_when", "while", "where"})


@dataclass(frozen=True, slots=True)
class FormulaSays:
    """The first problem of a formula, as it stands under its field."""

    problem: Problem
    picture: str
    sentence: str
    others: int
    hint: str = ""

    @property
    def button(self) -> str:
        """Return what the button does to the text."""
        edit = self.problem.edit
        if edit is None:
            return ""
        if not edit.text:
            return "Take it out"
        return "Add it" if edit.span.start == edit.span.end else "Replace"


def every_name(document: PlanDocument) -> list[dict[str, str]]:
    """Return what the editor may suggest anywhere in a plan, each with its sentence."""
    catalogue = tuple(field_catalogue())
    compiler = _compiled(document, catalogue)
    per = [part.per for part in document.components]
    per += [part.per for part in document.measures]
    found: Inputs = {} if "deal" in per else compiler.names.of_credit("deal")
    for path, (inputs, _) in compiler.asked.items():
        # What only a formula may read that is not written would mislead elsewhere.
        if path in compiler.written or not path.endswith((".where", ".keeps")):
            found |= inputs
    # A table of the business is read in one way only, which its kind says.
    kinds = RateTable.objects.values_list("key", "kind")
    other = {f"{'tiers' if kind == 'keyed' else 'tables'}.{key}" for key, kind in kinds}
    offered = {name: kind for name, kind in found.items() if name not in other}
    return completions(offered, sentences_of(offered, document, catalogue))


def _compiled(document: PlanDocument, catalogue: Sequence[FieldFact]) -> Compiler:
    """Compile a plan as saving does it, so that typing and saving answer alike."""
    tables = RateTable.objects.values_list("key", flat=True)
    compiler = Compiler(document, catalogue, frozenset(tables))
    compiler.program()
    return compiler


def check_field(
    document: PlanDocument, sent: Mapping[str, str], field: str
) -> FormulaSays | None:
    """Return what is wrong with one formula of the form; nothing where it is sound."""
    text = sent.get(field, "").replace("\r\n", "\n")
    block, _, key = field.partition("-")
    if not text.strip():
        return None
    kind, name = ("measures", "name") if block[:1] == "m" else ("components", "key")
    path = f"{kind}.{sent.get(f'{block}-{name}', '').strip()}.{key}"
    compiler = _compiled(document, tuple(field_catalogue()))
    inputs, result = compiler.asked.get(path) or _of_no_part(compiler.names, key)
    problems = check_formula(text, inputs, result)
    if not problems:
        return None
    picture, _, sentence = render(problems[0], text).rpartition("\n")
    hint = compiler.hint(text, problems[0], inputs)
    return FormulaSays(problems[0], picture, sentence, len(problems) - 1, hint)


def _of_no_part(names: Names, key: str) -> tuple[Inputs, Type | None]:
    """Return what a formula may name whose part of the plan has no name yet."""
    if key in _CONDITIONS:
        return names.of_credit("deal"), Type.YESNO
    return names.of_credit("deal"), Type.MONEY if key == "amount" else None
