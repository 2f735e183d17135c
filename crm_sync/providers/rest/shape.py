"""Takes a document apart, key by key, and says of each what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a document, and where: `streams.deals.page.kind`."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


@dataclass
class Shape:
    """One object of the document; the problems of all parts are in one list."""

    data: Mapping[str, Any]
    path: str
    problems: list[Problem]
    taken: set[str] = field(default_factory=set)

    def wrong(self, key: str, message: str) -> None:
        """Note a problem; reading goes on, so that all are told at once."""
        path = f"{self.path}.{key}" if self.path and key else self.path or key
        self.problems.append(Problem(path, message))

    def text(self, key: str, default: str = "", *, needed: bool = False) -> str:
        """Return a text."""
        self.taken.add(key)
        value = self.data.get(key, default)
        if not isinstance(value, str):
            self.wrong(key, "This is one text, not a list or an object.")
            return default
        if needed and not value.strip():
            self.wrong(key, "This is missing.")
        return value.strip()

    def one_of(self, key: str, choices: Iterable[str], default: str) -> str:
        """Return one of the choices."""
        value = self.text(key, default)
        known = list(choices)
        if value not in known:
            self.wrong(key, f"“{value}” is not one of {', '.join(known)}.")
            return default
        return value

    def number(
        self, key: str, default: Decimal, least: str = "0", most: str = "1000000"
    ) -> Decimal:
        """Return a number within its bounds."""
        value = self.text(key, str(default))
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if not (number.is_finite() and Decimal(least) <= number <= Decimal(most)):
            self.wrong(key, f"“{value}” is no number from {least} to {most}.")
            return default
        return number

    def whole(
        self, key: str, default: int, least: int = 0, most: int = 1_000_000
    ) -> int:
        """Return a whole number within its bounds."""
        return int(self.number(key, Decimal(default), str(least), str(most)))

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; a single one stands for itself."""
        self.taken.add(key)
        value = self.data.get(key, [])
        if isinstance(value, str):
            return (value.strip(),) if value.strip() else ()
        if not isinstance(value, list) or not all(
            isinstance(one, str) for one in value
        ):
            self.wrong(key, "This is a list of texts.")
            return ()
        return tuple(one.strip() for one in value)

    def table(self, key: str) -> dict[str, str]:
        """Return names and their texts."""
        self.taken.add(key)
        value = self.data.get(key) or {}
        if not isinstance(value, dict) or not all(
            isinstance(one, str) for one in value.values()
        ):
            self.wrong(key, "This is a table of names and texts.")
            return {}
        return dict(value)

    def anything(self, key: str) -> Any:
        """Return what is there, as it is."""
        self.taken.add(key)
        return self.data.get(key)

    def inner(self, key: str) -> Shape | None:
        """Return an object within, or None where there is none."""
        self.taken.add(key)
        if key not in self.data:
            return None
        return self.shaped(key, self.data[key])

    def shaped(self, key: str, value: Any) -> Shape:
        """Return a part as a shape of its own."""
        path = f"{self.path}.{key}" if self.path else key
        if not isinstance(value, dict):
            self.wrong(key, "This is an object with names and values.")
            value = {}
        return Shape(value, path, self.problems)

    def done(self) -> None:
        """Refuse what nobody asked for: a misspelled key must not be ignored."""
        for key in self.data:
            if key not in self.taken:
                near = get_close_matches(key, self.taken, 1)
                hint = f" Did you mean {near[0]}?" if near else ""
                known = ", ".join(sorted(self.taken))
                self.wrong(key, f"This is not known here.{hint} Known: {known}.")

    def checked(self, key: str, read: Callable[[str], T], default: T, says: str) -> T:
        """Return a text as `read` reads it."""
        value = self.text(key)
        if not value:
            return default
        try:
            return read(value)
        except ValueError:
            self.wrong(key, f"“{value}” {says}")
            return default
