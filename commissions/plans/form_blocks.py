"""What the guided form is made of: fields, and the blocks that hold them."""

from dataclasses import dataclass

DEFAULTS = {
    "per": "deal",
    "object": "deal",
    "credit": "owner, split",
    "over": "period",
    "of": "me",
    "pays": "month",
    "rounding": "half_up",
    "take": "sum",
    "order": "highest",
    "kind": "earning",
    "convert_on": "day",
    "round": "line",
    "period": "2026-11",
    "rows": "from,rate\n0,5%\n50000,8%",
    "deals": "id,won_on,amount,pays\nfirst,2026-11-02,40000,2000.00",
}


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of the form: where it is sent, and what stands in it."""

    name: str
    label: str
    value: str
    is_code: bool = False
    help: str = ""
    is_rows: bool = False
    choices: tuple[str, ...] = ()

    @property
    def is_sentence(self) -> bool:
        return self.name.endswith("says")

    @property
    def if_empty(self) -> str:
        """Return what holds while nothing is written."""
        return DEFAULTS.get(self.name.rpartition("-")[2], "")

    @property
    def options(self) -> list[tuple[str, str]]:
        """Return what may be chosen, in words; what stands there already is among it."""
        values = [value for value in self.choices if value != self.if_empty]
        if self.value and self.value not in values:
            values.insert(0, self.value)
        first = [("", self.if_empty.replace("_", " "))] if self.if_empty else []
        return [*first, *((value, value.replace("_", " ")) for value in values)]


@dataclass(frozen=True, slots=True)
class FormBlock:
    """One part of the plan in the form; without fields where it says more than that."""

    title: str
    fields: tuple[FormField, ...]

    @property
    def short(self) -> list[FormField]:
        return [
            field
            for field in self.fields
            if not (field.is_code or field.is_sentence or field.is_rows)
        ]

    @property
    def sentences(self) -> list[FormField]:
        return [field for field in self.fields if field.is_sentence]

    @property
    def formulas(self) -> list[FormField]:
        return [field for field in self.fields if field.is_code]

    @property
    def rows(self) -> list[FormField]:
        return [field for field in self.fields if field.is_rows]
