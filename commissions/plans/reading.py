"""From an object of texts to a plan document: every problem at once, each with a path."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from commissions.plans import document as shape
from commissions.plans.document import (
    ComponentDocument,
    InvalidPlan,
    MeasureDocument,
    PlanDocument,
    PlanProblem,
    Raw,
)
from commissions.plans.hints import join, suggestion
from commissions.plans.table_form import check_table

PLAN_KEYS = [
    "plan",
    "currency",
    "rounding",
    "pays",
    "says",
    "variables",
    "fields",
    "measures",
    "components",
    "tables",
    "examples",
]
MEASURE_KEYS = [
    "sum",
    "when",
    "type",
    "object",
    "credit",
    "over",
    "of",
    "component",
    "clawback_days",
]
COMPONENT_KEYS = [
    "key",
    "name",
    "per",
    "object",
    "credit",
    "over",
    "when",
    "base",
    "amount",
    "cap",
    "floor",
    "payable_when",
    "waiting_for",
    "clawback_days",
    "says",
]
EXAMPLE_KEYS = [
    "name",
    "because",
    "period",
    "payee",
    "payees",
    "deals",
    "entries",
    "rates",
    "stored",
    "expect",
]
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_LISTS = ("credit", "component")
_FIELD = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_CURRENCY = re.compile(r"[A-Z]{3}")
# Words that a formula reads as something else.
_TAKEN = frozenset(
    [
        "base",
        "and",
        "or",
        "not",
        "if",
        "else",
        "true",
        "false",
        "yes",
        "no",
        "tiers",
        "payee",
    ]
)
_LARGEST_TEXT = 20_000
_DEFAULTS: Mapping[str, str] = {"rounding": "half_up", "pays": "month"}
_PART_DEFAULTS: Mapping[str, Raw] = {
    "object": shape.DEFAULT_OBJECT,
    "credit": list(shape.DEFAULT_CREDIT),
    "over": "period",
    "per": "deal",
    "of": "me",
    "type": "money",
}


def read_plan(given: object) -> PlanDocument:
    """Read a plan from texts, lists and mappings; raise `InvalidPlan` with all faults."""
    return _Reader().plan(given)


class _Reader:
    """Goes through a plan once and collects what is wrong with it."""

    def __init__(self) -> None:
        self.problems: list[PlanProblem] = []

    def note(self, path: str, message: str, hint: str = "") -> None:
        self.problems.append(PlanProblem(path, message, hint, code="shape"))

    def plan(self, given: object) -> PlanDocument:
        raw = self.texts(given, "")
        if not isinstance(raw, dict):
            self.note("", "A plan is a set of names and values, such as “plan: Name”.")
            raise InvalidPlan(self.problems)
        self.known(raw, PLAN_KEYS, "")
        raw = {key: value for key, value in raw.items() if value != _DEFAULTS.get(key)}
        name = self.text(raw, "plan", "", needed=True)
        currency = self.text(raw, "currency", "", needed=True)
        if currency and not _CURRENCY.fullmatch(currency):
            self.note("currency", f"“{currency}” is not a currency code such as USD.")
        rounding = self.choice(raw, "rounding", "", shape.ROUNDINGS, "half_up")
        pays = self.choice(raw, "pays", "", shape.PAYS, "month")
        document = PlanDocument(
            raw=raw,
            name=name,
            currency=currency,
            says=self.text(raw, "says", ""),
            rounding="half_even" if rounding == "half_even" else "half_up",
            pays=pays,
            variables=self.types(raw, "variables", _NAME),
            fields=self.types(raw, "fields", _FIELD),
            measures=tuple(self.measures(raw)),
            components=tuple(self.components(raw)),
            tables=self.tables(raw),
            examples=tuple(self.examples(raw)),
        )
        self.names(document)
        if self.problems:
            raise InvalidPlan(self.problems)
        return document

    def texts(self, given: object, path: str) -> Any:
        """Make every scalar a text; drop what is empty; refuse inexact numbers."""
        if isinstance(given, Mapping):
            cleaned = {}
            for key, value in given.items():
                inner = self.texts(value, join(path, str(key)))
                # An empty value says nothing, unless its name is a text gone astray.
                if inner not in ("", [], {}) or not _NAME.fullmatch(str(key)):
                    cleaned[str(key).strip()] = inner
            return cleaned
        if isinstance(given, list | tuple):
            return [
                self.texts(value, f"{path}[{at + 1}]") for at, value in enumerate(given)
            ]
        if isinstance(given, bool):
            return "yes" if given else "no"
        if isinstance(given, float):
            self.note(path, "Numbers are written as text, so that no digit is lost.")
            return ""
        text = "" if given is None else str(given).strip()
        if len(text) > _LARGEST_TEXT:
            self.note(path, f"This text is longer than {_LARGEST_TEXT:,} characters.")
            return ""
        return text

    def known(
        self, raw: Mapping[str, object], keys: Collection[str], path: str
    ) -> None:
        for key in raw:
            if key not in keys:
                self.note(
                    join(path, key),
                    f"“{key}” is not known here.",
                    suggestion(key, keys) or f"Known are {', '.join(keys)}.",
                )

    def text(
        self,
        raw: Mapping[str, Raw],
        key: str,
        path: str,
        *,
        needed: bool = False,
    ) -> str:
        value = raw.get(key, "")
        if not isinstance(value, str):
            self.note(join(path, key), "This must be a single text.")
            return ""
        if needed and not value:
            self.note(join(path, key), f"“{key}” is missing.")
        return value

    def choice(
        self,
        raw: Mapping[str, Raw],
        key: str,
        path: str,
        among: Sequence[str],
        default: str,
    ) -> Any:
        value = self.text(raw, key, path) or default
        if value not in among:
            hint = suggestion(value, among) or f"It is one of {', '.join(among)}."
            self.note(join(path, key), f"“{value}” is not possible here.", hint)
            return default
        return value

    def mapping(self, raw: Mapping[str, Raw], key: str, path: str) -> Mapping[str, Raw]:
        value = raw.get(key, {})
        if isinstance(value, Mapping):
            return value
        self.note(join(path, key), "This must be a set of names and values.")
        return {}

    def listed(self, raw: Mapping[str, Raw], key: str) -> Sequence[Raw]:
        value = raw.get(key, [])
        if isinstance(value, list):
            return value
        self.note(key, "This must be a list.")
        return []

    def types(
        self, raw: Mapping[str, Raw], key: str, pattern: re.Pattern[str]
    ) -> dict[str, Any]:
        inner = self.mapping(raw, key, "")
        for name in inner:
            if not pattern.fullmatch(name) or name in _TAKEN:
                shown = "deal.fee" if pattern is _FIELD else "quota"
                self.note(
                    join(key, name),
                    f"“{name}” cannot be a name here.",
                    f"Like {shown}.",
                )
        return {
            name: self.choice(inner, name, key, shape.TYPES, "text") for name in inner
        }

    def measures(self, raw: Mapping[str, Raw]) -> Iterable[MeasureDocument]:
        given = self.mapping(raw, "measures", "")
        for name in given:
            path = join("measures", name)
            if not _NAME.fullmatch(name) or name in _TAKEN:
                self.note(path, f"“{name}” cannot be the name of a measure.")
            part = self.part(given, name, "measures", MEASURE_KEYS)
            of_components = self.names_in(part, "component", path)
            if not of_components:
                self.text(part, "sum", path, needed=True)
            elif "sum" in part:
                self.note(path, "A measure has a sum or a component, not both.")
            yield MeasureDocument(
                name=name,
                sum=self.text(part, "sum", path),
                when=self.text(part, "when", path),
                type=self.choice(part, "type", path, shape.TYPES[:3], "money"),
                object=self.text(part, "object", path) or shape.DEFAULT_OBJECT,
                credit=self.credit(part, path),
                over=self.choice(part, "over", path, shape.OVERS, "period"),
                of=self.choice(part, "of", path, ("me", "team"), "me"),
                component=of_components,
                clawback_days=self.days(part, path),
            )

    def components(self, raw: Mapping[str, Raw]) -> Iterable[ComponentDocument]:
        given = self.listed(raw, "components")
        if not given:
            self.note("components", "A plan needs at least one component.")
        for at, item in enumerate(given):
            key = item.get("key", "") if isinstance(item, Mapping) else ""
            path = f"components.{key}" if key else f"components[{at + 1}]"
            part = self.part({path: item}, path, "", COMPONENT_KEYS)
            yield self.component(part, path)

    def component(self, part: dict[str, Raw], path: str) -> ComponentDocument:
        key = self.text(part, "key", path, needed=True)
        if key and not _NAME.fullmatch(key):
            self.note(join(path, "key"), f"“{key}” cannot be a key.", "Like base_pay.")
        texts = {name: self.text(part, name, path) for name in shape.FORMULAS}
        self.text(part, "amount", path, needed=True)
        per = self.choice(part, "per", path, shape.PERS, "deal")
        waiting_for = self.text(part, "waiting_for", path)
        if bool(waiting_for) != bool(texts["payable_when"]):
            self.note(
                join(path, "waiting_for"),
                "“payable_when” and “waiting_for” belong together.",
                "One is the condition, the other its words for the payee.",
            )
        if per == "deal" and "over" in part:
            self.note(join(path, "over"), "Only a component per period has “over”.")
        return ComponentDocument(
            key=key,
            name=self.text(part, "name", path) or key.replace("_", " ").capitalize(),
            per=per,
            object=self.text(part, "object", path) or shape.DEFAULT_OBJECT,
            credit=self.credit(part, path),
            over=self.choice(part, "over", path, shape.OVERS, "period"),
            waiting_for=waiting_for,
            clawback_days=self.days(part, path),
            says=self.text(part, "says", path),
            **texts,
        )

    def part(
        self, raw: Mapping[str, Raw], key: str, path: str, keys: Collection[str]
    ) -> dict[str, Raw]:
        inner = self.mapping(raw, key, path)
        where = join(path, key)
        self.known(inner, keys, where)
        if isinstance(inner, dict):
            for name in _LISTS:
                listed = inner.get(name)
                if isinstance(listed, str):
                    inner[name] = [word.strip() for word in listed.split(",")]
            for name, default in _PART_DEFAULTS.items():
                if inner.get(name) == default:
                    del inner[name]
            return inner
        return {}

    def names_in(self, part: Mapping[str, Raw], key: str, path: str) -> tuple[str, ...]:
        names = part.get(key, [])
        if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
            self.note(join(path, key), "This must be a list of names.")
            return ()
        return tuple(str(name) for name in names)

    def credit(self, part: Mapping[str, Raw], path: str) -> tuple[str, ...]:
        named = self.names_in(part, "credit", path) or shape.DEFAULT_CREDIT
        for role in named:
            if role not in shape.ROLES:
                hint = suggestion(role, shape.ROLES)
                hint = hint or f"Roles are {', '.join(shape.ROLES)}."
                self.note(join(path, "credit"), f"There is no role “{role}”.", hint)
        return named

    def days(self, part: Mapping[str, Raw], path: str) -> int | None:
        text = self.text(part, "clawback_days", path)
        if not text:
            return None
        if not text.isascii() or not text.isdigit() or len(text) > 5:
            where = join(path, "clawback_days")
            self.note(where, f"“{text}” is not a whole number of days.")
            return None
        return int(text)

    def tables(self, raw: Mapping[str, Raw]) -> dict[str, Mapping[str, Raw]]:
        given = self.mapping(raw, "tables", "")
        found = {}
        for name in given:
            table = self.mapping(given, name, "tables")
            for where, message, hint in check_table(table):
                self.note(join(f"tables.{name}", where), message, hint)
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
            self.text(item, "period", path, needed=True)
            if not self.mapping(item, "expect", path):
                self.note(join(path, "expect"), "An example says what it expects.")
            yield item
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.note("examples", f"Two examples are called “{name}”.")

    def names(self, document: PlanDocument) -> None:
        """Refuse names that are given twice or that mean two things."""
        keys = [part.key for part in document.components if part.key]
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            self.note(f"components.{key}", "Two components have this key.")
        for name in document.variables:
            if any(part.name == name for part in document.measures):
                self.note(f"variables.{name}", "A measure has this name too.")
        for measure in document.measures:
            for key in measure.component:
                if key not in keys:
                    self.note(
                        f"measures.{measure.name}.component",
                        f"There is no component “{key}”.",
                        suggestion(key, keys),
                    )
