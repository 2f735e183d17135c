"""A plan in the words that payees read: what each component pays, when, and for how long.

A component's own sentence (`says`) wins; otherwise one is made from its formulas. A
shape that is not known is quoted as it is written, so that no sentence says something
else than the formula does.
"""

import re
from calendar import month_name
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from commissions.formula import Table, TierTable
from commissions.plans.document import ComponentDocument, PlanDocument
from commissions.plans.table_form import build_table, read_number
from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.money import places
from commissions_saas.lib.weeks import weeks_of

_PERIODS = {
    "period": "period",
    "month": "month",
    "half_month": "half month",
    "week": "week",
    "quarter": "quarter",
    "year": "year",
    "always": "time without end",
}
_POSITIONS = {"before": "{} before it", "after": "{} with it", "total": "{} in all"}
_OWNERS = ("payee", "owner", "product", "service", "territory", "customer")
_ROLES = {
    "manager": "manager",
    "upline": "people above the owner",
    "split": "people who share it",
}
_NUMBER = r"(?P<number>\d[\d_]*(?:\.\d+)?)"
_FIXED = re.compile(rf"{_NUMBER}(?: \* (?P<share>\w+\.share))?")
_PERCENT = re.compile(
    rf"base \* {_NUMBER}\s*%|{_NUMBER.replace('number', 'first')}\s*% \* base"
)
_TIERS = re.compile(
    r"(?P<how>marginal|whole)\((?P<measure>\w+)\.(?:before|after|total), base,"
    r" tiers\.(?P<table>\w+)\)"
)
_SHARED = re.compile(r"^\(?(?P<inner>.+?)\)? \* \w+\.share$")
_EMPTY = re.compile(r"or_else\((\w+\.\w+), 0\)")
_FIELD = re.compile(r"\b[a-z]\w*\.(\w+)\b")
_SIGNS = ((" == ", " is "), (" != ", " is not "), (" - ", " − "), (" * ", " × "))


@dataclass(frozen=True, slots=True)
class ComponentWords:
    """One component for a payee: its name, what it pays, its rates in short, and more.

    `rates` fits under a line: “6 % to 80,000.00, then 8 %”; empty where the formula is
    not of a known shape.
    """

    key: str
    name: str
    pays: str
    rates: str
    conditions: tuple[str, ...]


def plan_words(
    document: PlanDocument, labels: Mapping[str, str] | None = None
) -> tuple[ComponentWords, ...]:
    """Return every component in words; `labels` names fields as the source does."""
    return tuple(
        component_words(document, part, labels) for part in document.components
    )


def component_words(
    document: PlanDocument,
    part: ComponentDocument,
    labels: Mapping[str, str] | None = None,
) -> ComponentWords:
    """Return one component in words."""
    writer = _Writer(document, part, labels or {})
    pays = part.says or writer.pays()
    return ComponentWords(
        part.key, part.name, pays, writer.rates(), tuple(writer.conditions())
    )


@dataclass(frozen=True, slots=True)
class _Writer:
    document: PlanDocument
    part: ComponentDocument
    labels: Mapping[str, str]

    def pays(self) -> str:
        """Return what is paid: “Pay 6 % of sold price, up to 80,000.00, then 8 %.”"""
        return f"Pay {self.amount()}{self.scope()}{self.gate()}."

    def amount(self) -> str:
        text = " ".join(self.part.amount.split())
        if fixed := _FIXED.fullmatch(text):
            amount = f"{Decimal(fixed['number'].replace('_', '')):,.{self.places}f}"
            shared = ", times the share," if fixed["share"] else ""
            thing = self.part.object if self.part.per == "deal" else self.period
            return f"{amount} for each {thing}{shared}".rstrip(",")
        if percent := _PERCENT.fullmatch(text):
            number = percent["number"] or percent["first"]
            return f"{number} % of {self.base()}"
        if tiers := _TIERS.fullmatch(text):
            words = self.tiers(tiers["table"], tiers["how"], tiers["measure"])
            if words:
                return words
        return f"what this gives: {self.readable(text)}"

    def rates(self) -> str:
        """Return the rates alone: “6 % to 80,000.00, then 8 %”, “10 %”, “40.00 each”."""
        text = " ".join(self.part.amount.split())
        if fixed := _FIXED.fullmatch(text):
            return f"{Decimal(fixed['number']):,.{self.places}f} each"
        if percent := _PERCENT.fullmatch(text):
            return f"{percent['number'] or percent['first']} %"
        found = _TIERS.fullmatch(text)
        table = self.table(found["table"]) if found else None
        if not isinstance(table, TierTable):
            return ""
        words = _rate(table.rows[0][1])
        for start, rate in table.rows[1:]:
            words += f" to {start:,.{self.places}f}, then {_rate(rate)}"
        return words

    @property
    def places(self) -> int:
        return places(self.document.currency)

    @property
    def period(self) -> str:
        return self.window(self.part.over)

    def window(self, over: str) -> str:
        """Return a window in words, with the month in which an unusual year begins."""
        if weeks_of(self.document.pays) is not None and over == "month":
            return _PERIODS["period"]  # of four or five weeks
        starts = self.document.year_starts
        shifted = over == "year" or (over == "quarter" and starts % 3 != 1)
        if not shifted or starts == 1:
            return _PERIODS[over]
        return f"{_PERIODS[over]} (the year begins in {month_name[starts]})"

    def tiers(self, name: str, how: str, measure: str) -> str:
        table = self.table(name)
        if not isinstance(table, TierTable):
            return f"the rates of the table “{name}” on {self.base()}"
        found = [part for part in self.document.measures if part.name == measure]
        per = f" per {self.window(found[0].over)}" if found else ""
        (_, first), *rest = table.rows
        words = f"{_rate(first)} of {self.base()}"
        for start, rate in rest:
            if how == "marginal":
                words += f", up to {start:,.{self.places}f}{per}, then {_rate(rate)}"
            else:
                above = f"{start:,.{self.places}f}{per}"
                words += f", or {_rate(rate)} of all of it from {above} on"
            per = ""
        return words

    def table(self, name: str) -> Table | None:
        raw = self.document.tables.get(name)
        try:
            return build_table(raw) if raw is not None else None
        except (ProductError, ValueError):
            return None

    def base(self) -> str:
        text = " ".join(self.part.base.split())
        shared = _SHARED.match(text)
        if shared and shared["inner"].count("(") == shared["inner"].count(")"):
            return f"the payee's share of {self.readable(shared['inner'])}"
        return self.readable(text) or "the base"

    def scope(self) -> str:
        if not self.part.when:
            return ""
        return f", where {self.readable(' '.join(self.part.when.split()))}"

    def gate(self) -> str:
        waiting = self.part.waiting_for
        return f", payable after {waiting}" if waiting else ""

    def readable(self, text: str) -> str:
        """Write a formula with field labels and plain signs."""
        text = _EMPTY.sub(r"\1", text)
        for sign, words in _SIGNS:
            text = text.replace(sign, words)
        text = text.replace('"', "")
        return _FIELD.sub(self.label, text)

    def label(self, found: re.Match[str]) -> str:
        """Name what a formula reads: `volume.before` is “volume before it”."""
        name, plain = found[0], found[1].replace("_", " ")
        owner = name.partition(".")[0]
        if name in self.labels:
            return self.labels[name]
        if self.document.measure(owner) is not None and found[1] in _POSITIONS:
            return _POSITIONS[found[1]].format(owner.replace("_", " "))
        if owner in ("tiers", "tables"):
            return f"the table “{plain}”"
        if owner == "below":
            return f"the {plain} of who is below"
        if owner == "highest_below":
            return f"the highest {plain} of all below"
        if owner in _OWNERS:
            return f"the {owner}’s {plain}"
        if owner in ("period", "window", "assignment"):
            return f"{owner} {plain}"
        return plain

    def conditions(self) -> list[str]:
        """Return what else a payee should know: who, caps, gate, clawback."""
        part = self.part
        words = []
        if part.per == "period":
            words.append(f"Paid once per {self.period}, when it ends.")
        else:
            words.append(f"Paid to the {self.credited()} of each {part.object}.")
        if part.kind == "deduction":
            words.append("Taken off, and shown apart.")
        if part.repeat:
            words.append(self.repeats())
        for name, text in part.steps.items():
            words.append(f"{name.replace('_', ' ').capitalize()}: {self.plain(text)}.")
        if part.cap:
            words.append(f"Never more than {self.readable(part.cap)}.")
        if part.floor:
            words.append(f"Never less than {self.readable(part.floor)}.")
        if part.waiting_for:
            words.append(f"Payable after {part.waiting_for}.")
        for key in part.replaces:
            other = self.document.component(key)
            words.append(f"Paid instead of {other.name if other else key}.")
        if part.per == "deal":
            words.append(self.lost())
        return words

    def credited(self) -> str:
        return " or ".join(
            role
            if role == "split" and len(self.part.credit) > 1
            else _ROLES.get(role, role)
            for role in self.part.credit
        )

    def repeats(self) -> str:
        """Say how often a repeated line is paid, and until when."""
        part = self.part
        words = f"Paid again in each {_PERIODS.get(self.document.pays, 'period')}"
        times, going = part.formulas.get("times", ""), part.formulas.get("while", "")
        if times:
            words += f", {self.plain(times)} times at most"
        if going:
            words += f", while {self.plain(going)}"
        return f"{words}."

    def lost(self) -> str:
        """Say what happens once the entry is lost."""
        part = self.part
        if part.keeps:
            return (
                f"If the {part.object} is lost, this stays: {self.plain(part.keeps)}."
            )
        if part.repeat:
            return f"Ends when the {part.object} is lost."
        if part.clawback_days is not None:
            days = part.clawback_days
            return f"Taken back if the {part.object} is lost within {days} days."
        return f"Taken back whenever the {part.object} is lost."

    def plain(self, text: str) -> str:
        return self.readable(" ".join(text.split()))


def _rate(rate: Decimal) -> str:
    return f"{(rate * 100).normalize():f} %"


def rate_words(text: str) -> str:
    """Write a rate of a table, 6% or 0.06, as people do: 6 %."""
    return _rate(read_number(text)) if text.endswith("%") else text
