"""Sources that are known already: documents that live as data beside this module."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "presets"


def preset_names() -> tuple[str, ...]:
    """Return the presets by name."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.yaml")))


@cache
def preset_titles() -> dict[str, str]:
    """Return what people call each preset."""
    found = {}
    for name in preset_names():
        said = re.search(r"^  name: (.+)$", preset_text(name), re.MULTILINE)
        found[name] = said[1] if said else name.capitalize()
    return found


@cache
def preset_text(name: str) -> str:
    """Return a preset's document; KeyError if there is none."""
    if name not in preset_names():
        raise KeyError(name)
    return (FOLDER / f"{name}.yaml").read_text()
