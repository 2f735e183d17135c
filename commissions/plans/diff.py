"""What changed between two versions of a plan, in words that an admin reads."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from commissions.plans.document import PlanDocument, Raw

_WORDS = {
    "plan": "the plan's name",
    "says": "the sentence for payees",
    "pays": "the pay calendar",
    "per": "what it pays for",
    "object": "the object",
    "credit": "who is credited",
    "over": "the window",
    "when": "the condition",
    "payable_when": "the gate",
    "waiting_for": "the gate's words",
    "clawback_days": "the clawback days",
    "round": "what is rounded",
    "convert_on": "the day of exchange rates",
    "settle_in": "the currency of settlement",
    "year_starts": "the month in which the year begins",
    "kind": "earning or deduction",
    "repeat": "whether it repeats",
    "times": "how often it is paid",
    "while": "how long it is paid",
    "keeps": "what stays of it once lost",
    "replaces": "what it replaces",
    "component": "the components",
    "measure": "what is gathered",
    "of": "from whom",
    "take": "what is taken of them",
    "where": "who of them counts",
    "by": "what it runs for by itself",
    "sum": "the sum",
    "because": "the reasons",
    "expect": "what is expected",
}
_HEAD = (
    "plan",
    "currency",
    "rounding",
    "round",
    "pays",
    "convert_on",
    "settle_in",
    "year_starts",
    "says",
)
_SECTIONS = {
    "variables": "Variable",
    "fields": "Field",
    "measures": "Measure",
    "tables": "Rate table",
}


@dataclass(frozen=True, slots=True)
class PlanChange:
    """One difference: where, in a sentence, and the texts on both sides."""

    path: str
    kind: Literal["added", "removed", "changed", "moved"]
    words: str
    before: str = ""
    after: str = ""
    pay: bool = True

    def __str__(self) -> str:
        if self.kind != "changed":
            return self.words
        return f"{self.words}: {self.before or 'nothing'} → {self.after or 'nothing'}"


def diff_plans(before: PlanDocument, after: PlanDocument) -> list[PlanChange]:
    """Return the differences; `pay` is no for those that cannot change an amount."""
    found = list(_plain(before.raw, after.raw))
    for section, noun in _SECTIONS.items():
        old, new = _mapping(before.raw, section), _mapping(after.raw, section)
        found += _section(section, noun, old, new)
    found += _components(before, after)
    found += _examples(before, after)
    return found


def _plain(old: Mapping[str, Raw], new: Mapping[str, Raw]) -> Iterator[PlanChange]:
    for key in _HEAD:
        if old.get(key) != new.get(key):
            pay = key not in ("plan", "says")
            yield _changed(key, _name(key), old.get(key), new.get(key), pay)


def _section(
    section: str, noun: str, old: Mapping[str, Raw], new: Mapping[str, Raw]
) -> Iterator[PlanChange]:
    for name in dict.fromkeys((*old, *new)):
        path = f"{section}.{name}"
        if name not in new:
            yield PlanChange(path, "removed", f"{noun} “{name}” is removed")
        elif name not in old:
            yield PlanChange(path, "added", f"{noun} “{name}” is added")
        elif old[name] != new[name]:
            yield from _inside(path, f"{noun} “{name}”", old[name], new[name])


def _inside(path: str, owner: str, old: Raw, new: Raw) -> Iterator[PlanChange]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _leaves(path, f"{owner}: ", old, new)
    else:
        yield _changed(path, owner, old, new)


def _leaves(
    path: str,
    owner: str,
    old: Mapping[str, Raw],
    new: Mapping[str, Raw],
    deep: bool = False,
) -> Iterator[PlanChange]:
    """Name what differs alone, however deep it is: `lines a` of what is expected."""
    for key in dict.fromkeys((*old, *new)):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        inner, words = f"{path}.{key}", owner + (key if deep else _name(key))
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _leaves(inner, f"{words}, ", before, after, deep=True)
        else:
            pay = deep or key not in ("says", "name", "waiting_for")
            yield _changed(inner, words, before, after, pay)


def _components(before: PlanDocument, after: PlanDocument) -> Iterator[PlanChange]:
    old, new = _by_key(before), _by_key(after)
    names = {part.key: part.name for part in (*before.components, *after.components)}
    for key in dict.fromkeys((*old, *new)):
        path, name = f"components.{key}", names[key]
        if key not in new:
            yield PlanChange(path, "removed", f"{name} is removed")
        elif key not in old:
            yield PlanChange(path, "added", f"{name} is added")
        else:
            yield from _inside(path, name, old[key], new[key])
    kept_before = [key for key in old if key in new]
    kept_after = [key for key in new if key in old]
    if kept_before != kept_after:
        order = ", ".join(names[key] for key in kept_after)
        words = f"The order is now {order}"
        yield PlanChange("components", "moved", words, pay=False)


def _examples(before: PlanDocument, after: PlanDocument) -> Iterator[PlanChange]:
    old = {str(part.get("name", "")): part for part in before.examples}
    new = {str(part.get("name", "")): part for part in after.examples}
    for name in dict.fromkeys((*old, *new)):
        path, words = f"examples.{name}", f"Example “{name}”"
        if name not in new:
            yield PlanChange(path, "removed", f"{words} is removed", pay=False)
        elif name not in old:
            yield PlanChange(path, "added", f"{words} is added", pay=False)
        elif old[name] != new[name]:
            for change in _inside(path, words, old[name], new[name]):
                yield PlanChange(
                    change.path,
                    change.kind,
                    change.words,
                    change.before,
                    change.after,
                    pay=False,
                )


def _by_key(document: PlanDocument) -> dict[str, Raw]:
    parts = document.raw.get("components", [])
    found: dict[str, Raw] = {}
    if isinstance(parts, list):
        for part in parts:
            if isinstance(part, Mapping):
                found[str(part.get("key", ""))] = part
    return found


def _changed(
    path: str, words: str, old: Raw | None, new: Raw | None, pay: bool = True
) -> PlanChange:
    words = f"{words[0].upper()}{words[1:]}"
    return PlanChange(path, "changed", words, _shown(old), _shown(new), pay)


def _name(key: str) -> str:
    return _WORDS.get(key, f"the {key.replace('_', ' ')}")


def _shown(value: Raw | None) -> str:
    """Write a value on one line: rows of a table as `from 0 rate 6%; …`."""
    if value is None:
        return ""
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, Mapping):
        return " ".join(f"{key} {_shown(value[key])}" for key in value)
    return _joined(value)


def _joined(values: Iterable[Raw]) -> str:
    values = list(values)
    plain = all(isinstance(value, str) for value in values)
    return (", " if plain else "; ").join(_shown(value) for value in values)


def _mapping(raw: Mapping[str, Raw], key: str) -> Mapping[str, Raw]:
    value = raw.get(key, {})
    return value if isinstance(value, Mapping) else {}
