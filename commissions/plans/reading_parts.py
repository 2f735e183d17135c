"""Reads measures and components: their keys, their choices, what goes with what."""

from collections.abc import Collection, Iterable, Mapping

from commissions.plans import document as shape
from commissions.plans.document import ComponentDocument, MeasureDocument, Raw
from commissions.plans.hints import join, suggestion
from commissions.plans.reading_values import NAME, ValueReader, other_name

MEASURE_KEYS = [
    "sum",
    "component",
    "value",
    "measure",
    "per",
    "when",
    "type",
    "object",
    "credit",
    "over",
    "of",
    "take",
    "order",
    "where",
    "amount",
    "by",
    "clawback_days",
]
COMPONENT_KEYS = [
    "key",
    "name",
    "kind",
    "per",
    "object",
    "credit",
    "over",
    "replaces",
    "when",
    "repeat",
    "times",
    "while",
    "steps",
    "base",
    "amount",
    "cap",
    "floor",
    "payable_when",
    "waiting_for",
    "clawback_days",
    "keeps",
    "says",
]
# What stands before the dot of other names.
_OWNERS = shape.NOT_OBJECTS | frozenset(shape.OBJECTS)
# Words that a formula reads as something else.
TAKEN = frozenset(
    [
        "base",
        "nth",
        "earned",
        "and",
        "or",
        "not",
        "if",
        "else",
        "true",
        "false",
        "yes",
        "no",
    ]
)
_BASES = ("sum", "component", "value", "measure")
# Which keys say something for which kind of measure.
_OF_KIND: Mapping[str, Collection[str]] = {
    "sum": (
        "per",
        "when",
        "type",
        "object",
        "credit",
        "over",
        "of",
        "by",
        "clawback_days",
    ),
    "component": ("over", "by"),
    "value": (
        "per",
        "when",
        "type",
        "object",
        "credit",
        "over",
        "by",
        "clawback_days",
    ),
    "measure": ("type", "over", "of", "take", "order", "where", "amount"),
}


class PartReader(ValueReader):
    """Reads the measures and the components of a plan."""

    def measures(self, raw: Mapping[str, Raw]) -> Iterable[MeasureDocument]:
        given = self.mapping(raw, "measures", "")
        for name in given:
            path = join("measures", name)
            if not NAME.fullmatch(name) or name in _OWNERS:
                words = f"“{name}” cannot be the name of a measure."
                self.note(path, words, other_name(name, "volume"))
            part = self.part(given, name, "measures", MEASURE_KEYS)
            yield self.measure(name, part, path)

    def measure(self, name: str, part: Mapping[str, Raw], path: str) -> MeasureDocument:
        kinds = [key for key in _BASES if key in part]
        if not kinds:
            self.text(part, "sum", path, needed=True)
        elif len(kinds) > 1:
            words = f"A measure has a {' or a '.join(kinds)}, not both."
            self.note(path, words, "Make two measures of it.")
        kind = kinds[0] if kinds else "sum"
        self.fitting(part, kind, path)
        state, gathered = kind == "value", kind == "measure"
        over = "always" if state else "" if gathered else "period"
        once = "period" if state and "by" not in part else "deal"
        ofs = shape.OFS if gathered else shape.SUM_OFS
        return MeasureDocument(
            name=name,
            sum=self.text(part, "sum", path),
            when=self.text(part, "when", path),
            type=self.choice(part, "type", path, shape.TYPES[:3], ""),
            object=self.text(part, "object", path) or shape.DEFAULT_OBJECT,
            credit=self.credit(part, path),
            over=self.choice(part, "over", path, shape.OVERS, over),
            of=self.choice(part, "of", path, ofs, "me"),
            component=self.names_in(part, "component", path),
            clawback_days=self.days(part, path),
            per=self.choice(part, "per", path, shape.PERS, once),
            value=self.text(part, "value", path),
            measure=self.text(part, "measure", path),
            take=self.choice(part, "take", path, shape.TAKES, "sum"),
            order=self.choice(part, "order", path, shape.ORDERS, "highest"),
            where=self.text(part, "where", path),
            amount=self.text(part, "amount", path),
            by=self.text(part, "by", path),
        )

    def fitting(self, part: Mapping[str, Raw], kind: str, path: str) -> None:
        """Refuse a key that would say nothing for this kind of measure."""
        for key in part:
            if key in MEASURE_KEYS and key not in (*_OF_KIND[kind], *_BASES):
                words = f"A measure with “{kind}” has no “{key}”."
                self.note(join(path, key), words, _elsewhere(key))
        if "by" in part and part.get("per") == "period":
            words = "“by” asks each deal, so it does not go with “per: period”."
            self.note(join(path, "by"), words, "Write per: deal.")
        if kind == "measure":
            if "of" not in part:
                words = "Say from whom: of: team, downline, legs, plan or business."
                self.note(join(path, "of"), "“of” is missing.", words)
            if ("amount" in part) != (part.get("take") == "part"):
                words = "“take: part” and “amount” belong together."
                self.note(join(path, "amount"), words, "The amount is what is shared.")
            if "order" in part and part.get("take") not in ("rank", "dense_rank"):
                words = "Only a rank has an order."
                self.note(join(path, "order"), words, "Write take: rank.")

    def components(self, raw: Mapping[str, Raw]) -> Iterable[ComponentDocument]:
        given = self.listed(raw, "components")
        if not given:
            self.note("components", "A plan needs at least one component.")
        for at, item in enumerate(given):
            key = item.get("key", "") if isinstance(item, Mapping) else ""
            named = isinstance(key, str) and key
            path = f"components.{key}" if named else f"components[{at + 1}]"
            part = self.part({path: item}, path, "", COMPONENT_KEYS)
            yield self.component(part, path)

    def component(self, part: Mapping[str, Raw], path: str) -> ComponentDocument:
        key = self.text(part, "key", path, needed=True)
        if key and not NAME.fullmatch(key):
            words = f"“{key}” cannot be a key."
            self.note(join(path, "key"), words, other_name(key, "base_pay"))
        texts = {name: self.text(part, name, path) for name in shape.FORMULAS}
        self.text(part, "amount", path, needed=True)
        per = self.choice(part, "per", path, shape.PERS, "deal")
        repeat = self.answer(part, "repeat", path)
        self.together(part, texts, per, repeat, path)
        return ComponentDocument(
            key=key,
            name=self.text(part, "name", path) or key.replace("_", " ").capitalize(),
            per=per,
            object=self.text(part, "object", path) or shape.DEFAULT_OBJECT,
            credit=self.credit(part, path),
            over=self.choice(part, "over", path, shape.OVERS[:-1], "period"),
            formulas={name: text for name, text in texts.items() if text},
            steps=self.steps(part, path),
            waiting_for=self.text(part, "waiting_for", path),
            clawback_days=self.days(part, path),
            says=self.text(part, "says", path),
            repeat=repeat,
            replaces=self.names_in(part, "replaces", path),
            kind=self.choice(part, "kind", path, shape.KINDS, "earning"),
        )

    def together(
        self,
        part: Mapping[str, Raw],
        texts: Mapping[str, str],
        per: str,
        repeat: bool,
        path: str,
    ) -> None:
        """Refuse keys that need another one, or that say nothing beside it."""
        if bool(part.get("waiting_for")) != bool(texts["payable_when"]):
            self.note(
                join(path, "waiting_for"),
                "“payable_when” and “waiting_for” belong together.",
                "One is the condition, the other its words for the payee.",
            )
        if per == "deal" and "over" in part:
            self.note(join(path, "over"), "Only a component per period has “over”.")
        for key in ("times", "while"):
            if key in part and not repeat:
                words = f"“{key}” belongs to “repeat: yes”."
                self.note(join(path, key), words)
        of_deals = ("repeat", "keeps", "clawback_days", "object", "credit")
        for key in of_deals if per == "period" else ():
            if key in part:
                words = f"A component per period has no “{key}”."
                self.note(join(path, key), words, "It pays for no single deal.")
        if "keeps" in part and "clawback_days" in part:
            self.note(
                join(path, "keeps"),
                "“keeps” and “clawback_days” both say what a lost deal keeps.",
                "Write keeps alone: earned if deal.lost_on > add_days(deal.won_on, 90)"
                " else 0.",
            )

    def steps(self, part: Mapping[str, Raw], path: str) -> Mapping[str, str]:
        given = part.get("steps", [])
        where = join(path, "steps")
        found: dict[str, str] = {}
        if not isinstance(given, list):
            self.note(where, "Steps are names with formulas, in order.")
            given = []
        for step in given:
            if not isinstance(step, Mapping):
                self.note(where, "A step is a name and a formula: net: deal.amount.")
                continue
            for name in step:
                if not NAME.fullmatch(name) or name in TAKEN:
                    words = f"“{name}” cannot be the name of a step."
                    self.note(join(where, name), words)
                if name in found:
                    self.note(join(where, name), "Two steps have this name.")
                found[name] = self.text(step, name, where)
        return found

    def part(
        self, raw: Mapping[str, Raw], key: str, path: str, keys: Collection[str]
    ) -> Mapping[str, Raw]:
        inner = self.mapping(raw, key, path)
        self.known(inner, keys, join(path, key))
        return inner

    def credit(self, part: Mapping[str, Raw], path: str) -> tuple[str, ...]:
        named = self.names_in(part, "credit", path) or shape.DEFAULT_CREDIT
        for role in named:
            if role not in shape.ROLES:
                hint = suggestion(role, shape.ROLES)
                hint = hint or f"Roles are {', '.join(shape.ROLES)}."
                self.note(join(path, "credit"), f"There is no role “{role}”.", hint)
        return named


def _elsewhere(key: str) -> str:
    kinds = [f"“{kind}”" for kind, keys in _OF_KIND.items() if key in keys]
    return f"It goes with {' or '.join(kinds)}."
