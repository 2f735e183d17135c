"""What can be wrong with a formula, and with a value while it is worked out."""

from collections.abc import Sequence
from dataclasses import dataclass

from .source import Span, picture, position


@dataclass(frozen=True)
class Edit:
    """A change of the text that puts a fault right: what stands there instead."""

    span: Span
    text: str


@dataclass(frozen=True)
class Fault:
    """A sentence about a part of the text, before lines and columns are counted."""

    code: str
    message: str
    span: Span
    suggestion: str = ""
    fix: str = ""
    edit: Edit | None = None  # where the fix is not simply put in the span's place


@dataclass(frozen=True)
class Problem:
    """One thing to correct: what, where, and the text that would put it right."""

    code: str
    message: str
    line: int
    column: int
    end_column: int
    suggestion: str = ""
    fix: str = ""
    start: int = 0
    end: int = 0
    edit: Edit | None = None


def located(fault: Fault, text: str) -> Problem:
    """Return the fault with its line and columns, which never leave one line."""
    span = fault.span
    line, column = position(text, span.start)
    line_end = text.find("\n", span.start)
    end = min(span.end, line_end if line_end >= 0 else len(text))
    end_column = column + max(1, end - span.start)
    return Problem(
        fault.code,
        fault.message,
        line,
        column,
        end_column,
        fault.suggestion,
        fault.fix,
        span.start,
        span.end,
        fault.edit or (Edit(span, fault.fix) if fault.fix else None),
    )


def _after_colon(message: str) -> str:
    starts_word = len(message) > 1 and message[0].isupper() and not message[1].isupper()
    return message[0].lower() + message[1:] if starts_word else message


def render(problem: Problem, text: str) -> str:
    """Return the line, the carets and the sentence, as pages and commands show them."""
    shown = picture(text, problem.line, problem.column, problem.end_column)
    where = f"Line {problem.line}, column {problem.column}"
    return f"{shown}\n{where}: {_after_colon(problem.message)}"


class Refused(Exception):
    """Raised inside the parser at the first fault, because nothing after it is sure."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class InvalidFormula(Exception):
    """The text is not a formula that can be used here; `problems` says why."""

    def __init__(self, problems: Sequence[Problem], text: str) -> None:
        self.problems = tuple(problems)
        self.text = text
        super().__init__("\n".join(render(problem, text) for problem in problems))


class ValueFault(Exception):
    """Raised by a function that has no answer for the values it was given."""

    def __init__(self, code: str, message: str, argument: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.argument = argument

    def about(self, table: str) -> str:
        """Return the message with the table's name, which a function does not know."""
        return self.message.replace("{table}", table)


class EvaluationError(Exception):
    """A correct formula has no answer for these values; the line is failed, never 0."""

    def __init__(self, code: str, message: str, span: Span, text: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.start, self.end = span.start, span.end
        self.text = text
        self.line, self.column = position(text, span.start)

    @property
    def part(self) -> str:
        """Return the part of the formula that is to blame, such as the divisor."""
        return self.text[self.start : self.end]

    def render(self) -> str:
        """Return the line, the carets and the sentence."""
        fault = Fault(self.code, self.message, Span(self.start, self.end))
        return render(located(fault, self.text), self.text)
