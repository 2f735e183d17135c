"""What every plan file of tests/plans gave, to the last digit, and under which language.

`python -m tests.commissions.plans_pure.golden` records files that are new or were edited.
It never changes the digest of a file that stayed as it was, unless LANGUAGE_VERSION grew:
a result that is not what it was is another meaning of the same formulas.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from hashlib import sha256
from pathlib import Path

from commissions.formula import LANGUAGE_VERSION
from commissions.formula.words import plain_number
from commissions.plans.compiling import compile_plan
from commissions.plans.example_facts import read_setting
from commissions.plans.example_timeline import Reckoned, reckon
from commissions.plans.yaml_form import plan_from_yaml

PLANS = sorted((Path(__file__).resolve().parents[2] / "plans").glob("*.yaml"))
RECORD = Path(__file__).with_name("golden.json")
Digests = dict[str, dict[str, str]]


@cache
def digests() -> Digests:
    """Return for each plan file the digests of its text and of its results."""
    return {
        path.stem: {"text": _sha(path.read_text("utf-8")), "results": _results(path)}
        for path in PLANS
    }


def recorded() -> tuple[int, Digests]:
    """Return the language under which results were recorded, and their digests."""
    found = json.loads(RECORD.read_text("utf-8"))
    return found["language"], found["plans"]


def differing(found: Digests, known: Digests) -> list[str]:
    """Return the files that read as they did and give something else."""
    return [
        name
        for name, now in found.items()
        if name in known
        and known[name]["text"] == now["text"]
        and known[name]["results"] != now["results"]
    ]


def _results(path: Path) -> str:
    document = plan_from_yaml(path.read_text("utf-8"))
    program = compile_plan(document)
    said = [
        "\t".join(row)
        for raw in document.examples
        for done in reckon(read_setting(raw, document, program, None, ()))
        for row in _rows(done)
    ]
    return _sha("\n".join(said))


def _rows(done: Reckoned) -> Iterator[tuple[str, ...]]:
    who = done.person.name, done.period.slug
    for line in done.draft.lines:
        of = line.component, str(line.entry_id), line.role, line.kind
        says = _text(line.base), _text(line.amount), line.waiting_for
        yield *who, "line", *of, *says, "failed" if line.failed else ""
    for total in done.draft.totals:
        value = "failed" if total.failed else _text(total.total)
        yield *who, "measure", total.name, value
    for line in done.released:
        yield *who, "released", line.component, str(line.entry_id), _text(line.amount)
    settled = done.draft.settled
    if settled is not None:
        yield *who, "settled", settled.currency, _text(settled.amount)


def _text(value: Decimal | None) -> str:
    return "" if value is None else plain_number(value)


def _sha(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]


def main() -> None:
    """Record what is new; refuse another result of a file that stayed the same."""
    found = digests()
    if RECORD.exists():
        language, known = recorded()
        wrong = differing(found, known)
        if wrong and language == LANGUAGE_VERSION:
            raise SystemExit(
                f"{', '.join(wrong)}: the results changed and LANGUAGE_VERSION did not."
            )
    said = {"language": LANGUAGE_VERSION, "plans": found}
    RECORD.write_text(json.dumps(said, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()
