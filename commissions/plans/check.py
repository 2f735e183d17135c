"""Checks plan files: whether they can be read, and whether every example keeps its word."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from commissions.plans.compiling import compile_plan
from commissions.plans.days_of_gates import gates_on_days
from commissions.plans.document import InvalidPlan
from commissions.plans.examples import (
    ExampleResult,
    try_examples,
    untouched_components,
)
from commissions.plans.json_form import plan_from_json
from commissions.plans.places import in_file
from commissions.plans.yaml_form import plan_from_yaml


@dataclass(frozen=True, slots=True)
class FileCheck:
    """One plan file: its promises, and what is wrong with the plan itself."""

    file: str
    plan: str
    results: tuple[ExampleResult, ...]
    problems: tuple[str, ...] = ()
    untouched: tuple[str, ...] = ()
    gates_on_days: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Say whether the plan can be published as far as the file tells."""
        return not self.problems and all(result.ok for result in self.results)


def check_files(files: Iterable[str]) -> list[FileCheck]:
    """Check plan files, one after the other; nothing is read but the files."""
    return [_check(file) for file in files]


def as_rows(checks: Iterable[FileCheck]) -> list[dict[str, object]]:
    """Return the checks as the rows that `--json` prints: one for each promise."""
    rows: list[dict[str, object]] = []
    for check in checks:
        for problem in check.problems:
            row = ExampleResult("", "", "", "", "", "", False, problem)
            rows.append(_row(check.file, row))
        rows += [_row(check.file, result) for result in check.results]
    return rows


def as_text(checks: Iterable[FileCheck]) -> str:
    """Return the checks as people read them, the broken promises marked."""
    lines: list[str] = []
    for check in checks:
        lines.append(f"{check.file}: {check.plan}" if check.plan else check.file)
        lines += [f"  ✗ {_indented(problem)}" for problem in check.problems]
        example = None
        for result in check.results:
            if result.example != example:
                example = result.example
                lines.append(f"  {example} ({result.period})")
            lines.append(f"    {_line(result)}")
        if not check.results and not check.problems:
            lines.append("  The plan has no examples.")
        for key in check.untouched:
            lines.append(f"  No example touches the component “{key}”.")
        for name in check.gates_on_days:
            lines.append(
                f"  The gate of “{name}” asks for a day of the period in which the line"
                " was earned: time alone does not open it."
            )
        kept = sum(result.ok for result in check.results)
        lines.append(f"  {kept} of {len(check.results)} as expected.")
    return "\n".join(lines)


def _check(file: str) -> FileCheck:
    try:
        text = Path(file).read_text(encoding="utf-8")
    except OSError as problem:
        words = f"This file cannot be read: {problem.strerror or problem}."
        return FileCheck(file, "", (), (words,))
    except UnicodeDecodeError:
        return FileCheck(file, "", (), ("This file is not UTF-8 text.",))
    try:
        read = plan_from_json if file.endswith(".json") else plan_from_yaml
        document = read(text)
        compile_plan(document)
    except InvalidPlan as invalid:
        problems = tuple(map(str, in_file(invalid.problems, text)))
        return FileCheck(file, "", (), problems)
    tried = try_examples(document)
    untouched = untouched_components(document, tried)
    days = tuple(gates_on_days(document))
    return FileCheck(file, document.name, tried.results, (), untouched, days)


def _row(file: str, result: ExampleResult) -> dict[str, object]:
    row: dict[str, object] = {
        "file": file,
        "example": result.example,
        "payee": result.payee,
        "period": result.period,
        "component": result.component,
        "expected": result.expected,
        "computed": result.computed,
        "ok": result.ok,
    }
    if result.problem:
        row["problem"] = result.problem
    return row


def _line(result: ExampleResult) -> str:
    compared = result.expected and result.computed != result.problem
    if result.problem and not compared:
        what = f"{result.component}: " if result.component else ""
        return f"✗ {what}{result.problem}"
    sign = "✓" if result.ok else "✗"
    words = f"{result.payee}, {result.component}"
    words += f": expected {result.expected}, computed {result.computed}"
    return f"{sign} {words}. {result.problem}" if result.problem else f"{sign} {words}"


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")
