"""Reads texts, choices, names and lists out of what was written, and notes faults."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from commissions.plans.document import PlanProblem, Raw
from commissions.plans.hints import habit, join, suggestion

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
# What a file can write and a database cannot hold.
HARMFUL = re.compile("[\x00\ud800-\udfff]")
_LARGEST_TEXT = 20_000
_DEEPEST = 40
# What a change leaves empty is emptied by it.
_IN_A_CHANGE = re.compile(r"\.changes(\[\d+\])?$")


def other_name(name: str, like: str) -> str:
    """Say what may stand for a name that cannot: the same in small letters, or another."""
    if NAME.fullmatch(name):
        return f"Formulas read something else by it. Like {like}."
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return f"Write {plain}." if NAME.fullmatch(plain) else f"Like {like}."


class ValueReader:
    """Collects what is wrong while it reads; every fault has the place in the plan."""

    def __init__(self) -> None:
        self.problems: list[PlanProblem] = []

    def note(self, path: str, message: str, hint: str = "") -> None:
        self.problems.append(PlanProblem(path, message, hint, code="shape"))

    def texts(self, given: object, path: str, depth: int = 0) -> Any:
        """Make every scalar a text; drop what is empty; refuse inexact numbers."""
        if depth > _DEEPEST:
            self.note(path[:200], "This is nested too deeply.")
            return ""
        if isinstance(given, Mapping):
            cleaned = {}
            for key, value in given.items():
                name = self._scalar(key, path)
                inner = self.texts(value, join(path, name), depth + 1)
                # An empty value says nothing, unless its name is a text gone astray.
                said = inner not in ("", [], {}) or not NAME.fullmatch(name)
                if said or path.endswith(".payees") or _IN_A_CHANGE.search(path):
                    cleaned[name] = inner
            return cleaned
        if isinstance(given, list | tuple):
            return [
                self.texts(value, f"{path}[{at + 1}]", depth + 1)
                for at, value in enumerate(given)
            ]
        return self._scalar(given, path)

    def _scalar(self, given: object, path: str) -> str:
        if isinstance(given, bool):
            return "yes" if given else "no"
        if isinstance(given, float):
            self.note(path, "Numbers are written as text, so that no digit is lost.")
            return ""
        text = "" if given is None else str(given).strip()
        if HARMFUL.search(text):
            self.note(path, "A text has a zero byte or half a character.")
            return ""
        if len(text) > _LARGEST_TEXT:
            self.note(path, f"This text is longer than {_LARGEST_TEXT:,} characters.")
            return ""
        return text

    def known(
        self, raw: Mapping[str, object], keys: Collection[str], path: str
    ) -> None:
        for key in raw:
            if key in keys:
                continue
            message = f"“{key[:80]}” is not known here."
            hint = habit(key, keys) or suggestion(key, keys)
            hint = hint or f"Known are {', '.join(keys)}."
            if raw[key] == "" and not NAME.fullmatch(key):
                message = f"“{key[:80]}” looks like the rest of a formula."
                hint = "Inside {…} a comma ends a value: put the formula in quotes."
            self.note(join(path, key[:80]), message, hint)

    def text(
        self, raw: Mapping[str, Raw], key: str, path: str, *, needed: bool = False
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
        if value not in among and value != default:
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

    def names_in(self, part: Mapping[str, Raw], key: str, path: str) -> tuple[str, ...]:
        names = part.get(key, [])
        if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
            self.note(join(path, key), "This must be a list of names.")
            return ()
        return tuple(str(name) for name in names)

    def days(self, part: Mapping[str, Raw], path: str) -> int | None:
        text = self.text(part, "clawback_days", path)
        if not text:
            return None
        if not text.isascii() or not text.isdigit() or len(text) > 5:
            where = join(path, "clawback_days")
            self.note(where, f"“{text}” is not a whole number of days.")
            return None
        return int(text)

    def answer(self, part: Mapping[str, Raw], key: str, path: str) -> bool:
        """Read yes or no; nothing written is no."""
        text = self.text(part, key, path).lower()
        if text not in ("", "yes", "no", "true", "false"):
            self.note(join(path, key), f"“{text}” is neither yes nor no.")
        return text in ("yes", "true")
