"""Which names a formula of a plan may read, and of which type each is."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from commissions.calculation.names import CALENDAR, OWN_FIELDS, PEOPLE
from commissions.formula import InvalidFormula, Type, compile_formula
from commissions.plans.document import (
    NOT_OBJECTS,
    OBJECTS,
    THINGS,
    MeasureDocument,
    PlanDocument,
    PlanProblem,
)
from commissions.plans.hints import suggestion
from commissions.plans.table_form import reading_of
from crm_sync.ledger.facts import FieldFact, ValueType

Inputs = dict[str, Type]

# What every object has, whether a source filled it or not.
ALWAYS: Mapping[str, ValueType] = {
    **OWN_FIELDS,
    "amount": "money",
    "status": "text",
    "product": "text",
    "service": "text",
    "territory": "text",
    "customer": "text",
}
_POSITIONS = ("before", "after", "total")
_AMOUNTS = (Type.MONEY, Type.NUMBER, Type.PERCENT, Type.PLAIN)


class Names:
    """What the plan, its business and its tables offer to formulas."""

    def __init__(
        self,
        document: PlanDocument,
        catalogue: Sequence[FieldFact] | None,
        tables: Collection[str],
    ) -> None:
        self.document = document
        self.problems: list[PlanProblem] = []
        self.alone = catalogue is None
        self.types = self._catalogue(catalogue)
        self.shared = self._shared(tables)
        self._measures = {part.name: part for part in document.measures}
        self._kinds: dict[str, Type] = {}

    @property
    def objects(self) -> list[str]:
        """Return the objects that measures and components can be about."""
        return [owner for owner in self.types if owner not in NOT_OBJECTS]

    def of_credit(self, object_name: str, *, without: str = "") -> Inputs:
        """Return what a formula over one credit may read."""
        found = self._fields(object_name)
        for thing in THINGS:
            found |= self._fields(thing)
        for person in PEOPLE:
            found |= {
                f"{person}.{key}": Type(kind)
                for key, kind in self.types["payee"].items()
            }
        return {**found, **self.of_period(without=without)}

    def of_period(self, *, without: str = "") -> Inputs:
        """Return what a formula may read that is reckoned once a period."""
        found = {**self._fields("payee"), **self._fields("business")}
        found |= {name: Type(kind) for name, kind in CALENDAR.items()}
        for name, kind in self.document.variables.items():
            found[name] = Type(kind)
        for name in self._measures:
            if name != without:
                for which in _POSITIONS:
                    found[f"{name}.{which}"] = self.kind_of(name)
        return {**found, **self.shared}

    def of_others(self, gathered: str) -> Inputs:
        """Return what `where` may read of each other payee of a set."""
        return {"value": self.kind_of(gathered), **self._fields("payee")}

    def kind_of(self, name: str) -> Type:
        """Return the type of a measure: as written, or as its formula tells."""
        if not self._kinds:
            self._find_kinds()
        return self._kinds.get(name, Type.MONEY)

    def _find_kinds(self) -> None:
        """Let every formula tell its type until none changes what another one gives.

        States may read each other, so no order of them would do; nor does the order
        in which they are written say anything.
        """
        self._kinds = dict.fromkeys(self._measures, Type.PLAIN)
        asked = list(self._measures.values())
        for _ in range(len(self._measures) + 1):
            found = {part.name: self._kind(part) for part in asked}
            changed = [name for name in found if found[name] != self._kinds[name]]
            self._kinds |= found
            asked = [
                part for part in self._measures.values() if _reads_any(part, changed)
            ]

    def _kind(self, part: MeasureDocument) -> Type:
        if part.type:
            return Type(part.type)
        if part.component or part.take == "part":
            return Type.MONEY
        if part.measure:
            counts = part.take not in ("sum", "average", "highest", "lowest")
            return Type.NUMBER if counts else self.kind_of(part.measure)
        return self.amount_in(part.sum or part.value, self.of_measure(part), part.name)

    def of_measure(self, part: MeasureDocument) -> Inputs:
        """Return what the formula of a measure may read, without itself."""
        if part.per == "period":
            return self.of_period(without=part.name)
        return self.of_credit(part.object, without=part.name)

    def kind_in(self, text: str, inputs: Inputs) -> Type:
        """Return the type of what a formula gives; of a faulty one, money.

        A bare number stays one that may still stand for money.
        """
        try:
            return compile_formula(text, inputs=inputs, result=None).result
        except InvalidFormula:
            return Type.MONEY

    def amount_in(self, text: str, inputs: Inputs, own: str = "") -> Type:
        """Return the type of a formula that must give an amount or a number.

        `own` is the measure that the formula makes: it may read what that was before.
        """
        named = {f"{own}.before": Type.PLAIN} if own else {}
        kind = self.kind_in(text, {**inputs, **named})
        return kind if kind in _AMOUNTS else Type.MONEY

    def _fields(self, owner: str) -> Inputs:
        of_owner = self.types.get(owner, {})
        return {f"{owner}.{key}": Type(kind) for key, kind in of_owner.items()}

    def _catalogue(
        self, catalogue: Iterable[FieldFact] | None
    ) -> dict[str, dict[str, ValueType]]:
        """Bring together what every object has, what sources offer, what is declared."""
        types: dict[str, dict[str, ValueType]] = {
            name: dict(ALWAYS) for name in OBJECTS
        }
        types["deal"]["won_on"] = "date"
        types["payee"] = {"name": "text"}
        types |= {thing: {} for thing in THINGS}
        for fact in catalogue or ():
            of_object = types.setdefault(fact.object, dict(ALWAYS))
            if fact.key not in OWN_FIELDS or fact.object in NOT_OBJECTS:
                of_object[fact.key] = fact.type
        for name, kind in self.document.fields.items():
            owner, _, key = name.partition(".")
            known = types.get(owner, {}).get(key)
            path = f"fields.{name}"
            if known is not None and known != kind:
                words = f"{name} is {known} here, and the plan says {kind}."
                self._note(path, words)
            elif known is None and catalogue is not None:
                words = f"The business has no field {name}."
                among = [f"{owner}.{one}" for one in types.get(owner, {})]
                self._note(path, words, suggestion(name, among))
            types.setdefault(owner, dict(ALWAYS))[key] = kind
        return types

    def _shared(self, tables: Collection[str]) -> dict[str, Type]:
        own = self.document.tables
        readings = {reading_of(name, own[name]) for name in own}
        for name in tables:
            if name not in own:
                readings |= {f"tiers.{name}", f"tables.{name}"}
        return dict.fromkeys(sorted(readings), Type.TABLE)

    def _note(self, path: str, message: str, hint: str = "") -> None:
        self.problems.append(PlanProblem(path, message, hint, code="plan"))


def _reads_any(part: MeasureDocument, names: Iterable[str]) -> bool:
    text = part.sum or part.value
    return any(part.measure == name or f"{name}." in text for name in names)
