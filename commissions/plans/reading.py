"""From an object of texts to a plan document: every problem at once, each with a path."""

import re
from collections.abc import Iterable, Mapping

from commissions.plans import document as shape
from commissions.plans.document import InvalidPlan, PlanDocument, Raw
from commissions.plans.example_periods import in_calendar
from commissions.plans.hints import join, suggestion
from commissions.plans.reading_parts import (
    COMPONENT_KEYS,
    MEASURE_KEYS,
    TAKEN,
    PartReader,
)
from commissions.plans.reading_shapes import tidy_plan
from commissions.plans.reading_values import NAME, other_name
from commissions.plans.table_form import check_table
from commissions_saas.lib.weeks import read_words, weeks_of
from crm_sync.ledger.facts import ValueType

__all__ = ["COMPONENT_KEYS", "EXAMPLE_KEYS", "MEASURE_KEYS", "PLAN_KEYS", "read_plan"]

PLAN_KEYS = [
    "plan",
    "currency",
    "rounding",
    "round",
    "pays",
    "convert_on",
    "settle_in",
    "year_starts",
    "says",
    "variables",
    "fields",
    "measures",
    "components",
    "tables",
    "examples",
]
EXAMPLE_KEYS = [
    "name",
    "because",
    "period",
    "periods",
    "payee",
    "payees",
    "variables",
    "deals",
    "entries",
    "products",
    "services",
    "territories",
    "customers",
    "business",
    "tables",
    "rates",
    "adjustments",
    "given",
    "stored",
    "opening",
    "expect",
]
_VARIABLE_KEYS = ["type", "default"]
_FIELD = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_CALENDARS = (
    f"It is one of {', '.join(shape.PAYS)}; or like “two weeks from 2026-01-05”,"
    " “4-4-5 to the last Saturday of January”, or “4-5-4 to the Saturday nearest the"
    " end of January”."
)
_CURRENCY = re.compile(r"[A-Z]{3}")


def read_plan(given: object) -> PlanDocument:
    """Read a plan from texts, lists and mappings; raise `InvalidPlan` with all faults."""
    return _Reader().plan(given)


def _calendar_like(written: str) -> str:
    """Return the pay calendar that was probably meant, or how each is written."""
    if written.startswith(("semi", "twice a month")):
        return "Write half_month."
    several_weeks = written.startswith(("bi", "every", "fort", "two"))
    near = "" if several_weeks else suggestion(written, shape.PAYS)
    return near or _CALENDARS


class _Reader(PartReader):
    """Goes through a plan once and collects what is wrong with it."""

    def plan(self, given: object) -> PlanDocument:
        raw = self.texts(given, "")
        if not isinstance(raw, dict):
            self.note("", "A plan is a set of names and values, such as “plan: Name”.")
            raise InvalidPlan(self.problems)
        raw = tidy_plan(raw)
        self.known(raw, PLAN_KEYS, "")
        pays = self.pays(raw)
        document = PlanDocument(
            raw=raw,
            name=self.text(raw, "plan", "", needed=True),
            currency=self.currency(raw, "currency", needed=True),
            says=self.text(raw, "says", ""),
            rounding=self.choice(raw, "rounding", "", shape.ROUNDINGS, "half_up"),
            round=self.choice(raw, "round", "", shape.ROUND_AT, "line"),
            convert_on=self.choice(raw, "convert_on", "", shape.CONVERT_ON, "day"),
            settle_in=self.currency(raw, "settle_in"),
            year_starts=int(
                self.choice(raw, "year_starts", "", shape.YEAR_STARTS, "1")
            ),
            pays=pays,
            variables=self.variables(raw),
            defaults=self.defaults(raw),
            fields=self.fields(raw),
            measures=tuple(self.measures(raw)),
            components=tuple(self.components(raw)),
            tables=self.tables(raw),
            examples=tuple(in_calendar(part, pays) for part in self.examples(raw)),
        )
        self.names(document)
        if self.problems:
            raise InvalidPlan(tuple(dict.fromkeys(self.problems)))
        return document

    def currency(
        self, raw: Mapping[str, Raw], key: str, *, needed: bool = False
    ) -> str:
        code = self.text(raw, key, "", needed=needed)
        if code and not _CURRENCY.fullmatch(code):
            capitals = code.upper()
            hint = f"Write {capitals}." if _CURRENCY.fullmatch(capitals) else ""
            self.note(key, f"“{code}” is not a currency code such as USD.", hint)
        return code

    def pays(self, raw: Mapping[str, Raw]) -> str:
        """Read the pay calendar; one of weeks is written in words."""
        written = self.text(raw, "pays", "") or "month"
        if written in shape.PAYS:
            return written
        calendar = read_words(written)
        if calendar is None:
            words = f"“{written[:80]}” is no pay calendar."
            self.note("pays", words, _calendar_like(written.lower()))
            return "month"
        if weeks_of(calendar) is not None and "year_starts" in raw:
            words = "The pay calendar says already when the year begins."
            self.note("year_starts", words, "Leave year_starts out.")
        return calendar

    def variables(self, raw: Mapping[str, Raw]) -> dict[str, ValueType]:
        inner = self.mapping(raw, "variables", "")
        found: dict[str, ValueType] = {}
        for name, value in inner.items():
            path = join("variables", name)
            if not NAME.fullmatch(name) or name in TAKEN:
                words = f"“{name}” cannot be a name here."
                self.note(path, words, other_name(name, "quota"))
            if isinstance(value, Mapping):
                self.known(value, _VARIABLE_KEYS, path)
                self.text(value, "type", path, needed=True)
                found[name] = self.choice(value, "type", path, shape.TYPES, "text")
            else:
                found[name] = self.type_in(inner, name, "variables")
        return found

    def defaults(self, raw: Mapping[str, Raw]) -> dict[str, str]:
        inner = self.mapping(raw, "variables", "")
        return {
            name: self.text(value, "default", join("variables", name))
            for name, value in inner.items()
            if isinstance(value, Mapping) and "default" in value
        }

    def fields(self, raw: Mapping[str, Raw]) -> dict[str, ValueType]:
        inner = self.mapping(raw, "fields", "")
        found: dict[str, ValueType] = {}
        for name in inner:
            owner = name.partition(".")[0]
            wrong = owner in shape.NOT_OBJECTS - {*shape.THINGS, "payee"}
            if not _FIELD.fullmatch(name) or wrong:
                path = join("fields", name)
                self.note(path, f"“{name}” cannot be a name here.", "Like deal.fee.")
            found[name] = self.type_in(inner, name, "fields")
        return found

    def type_in(self, raw: Mapping[str, Raw], name: str, path: str) -> ValueType:
        value = raw[name]
        hint = f"It is one of {', '.join(shape.TYPES)}."
        if not isinstance(value, str):
            self.note(join(path, name), "This must be a type.", hint)
        elif value not in shape.TYPES:
            hint = suggestion(value, shape.TYPES) or hint
            if path == "variables" and value[:1].isdigit():
                hint = f"For a default write {name}: {{type: money, default: {value}}}."
            self.note(join(path, name), f"“{value}” is not possible here.", hint)
        for kind in shape.TYPES:
            if kind == value:
                return kind
        return "text"

    def tables(self, raw: Mapping[str, Raw]) -> dict[str, Mapping[str, Raw]]:
        given = self.mapping(raw, "tables", "")
        found = {}
        for name in given:
            path = join("tables", name)
            if not NAME.fullmatch(name):
                words = f"“{name}” cannot be a name here."
                self.note(path, words, other_name(name, "advisor"))
            table = self.mapping(given, name, "tables")
            for where, message, hint in check_table(table):
                self.note(join(path, where), message, hint)
            found[name] = table
        return found

    def examples(self, raw: Mapping[str, Raw]) -> Iterable[Mapping[str, Raw]]:
        names = []
        for at, item in enumerate(self.listed(raw, "examples")):
            path = f"examples[{at + 1}]"
            if not isinstance(item, Mapping):
                self.note(path, "An example is a set of names and values.")
                continue
            self.known(item, EXAMPLE_KEYS, path)
            names.append(self.text(item, "name", path, needed=True))
            if "periods" not in item:
                self.text(item, "period", path, needed=True)
            elif "period" in item:
                self.note(path, "An example has a period or periods, not both.")
            if not item.get("expect"):
                self.note(join(path, "expect"), "An example says what it expects.")
            yield item
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.note("examples", f"Two examples are called “{name}”.")

    def names(self, document: PlanDocument) -> None:
        """Refuse names that are given twice, that mean two things, or nothing."""
        keys = [part.key for part in document.components if part.key]
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            self.note(f"components.{key}", "Two components have this key.")
        measures = [part.name for part in document.measures]
        for name in document.variables:
            if name in measures:
                self.note(f"variables.{name}", "A measure has this name too.")
        for component in document.components:
            path = f"components.{component.key}"
            for name in component.steps:
                if name in document.variables:
                    where = f"{path}.steps.{name}"
                    self.note(where, "A variable has this name too.")
            self.there(component.replaces, keys, f"{path}.replaces", "component")
            if component.key in component.replaces:
                self.note(f"{path}.replaces", "A component cannot replace itself.")
        for measure in document.measures:
            path = f"measures.{measure.name}"
            self.there(measure.component, keys, f"{path}.component", "component")
            named = [measure.measure] if measure.measure else []
            self.there(named, measures, f"{path}.measure", "measure")

    def there(
        self, named: Iterable[str], among: list[str], path: str, what: str
    ) -> None:
        for name in named:
            if name not in among:
                words = f"There is no {what} “{name}”."
                self.note(path, words, suggestion(name, among))
