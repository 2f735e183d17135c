"""What can stop a plan, an assignment or a rate table, in words for its author."""

from collections.abc import Sequence
from datetime import date

from commissions.calculation.words import day_words
from commissions_saas.lib.errors import ProductError


class PlanError(ProductError):
    """The family of plan errors."""


class NameTaken(PlanError):
    def __init__(self, what: str, name: str) -> None:
        super().__init__(f"There is a {what} called “{name}” already.")


class ExamplesFail(PlanError):
    """A worked example does not give what it promises, so the plan is not published."""

    def __init__(self, names: Sequence[str]) -> None:
        which = ", ".join(f"“{name}”" for name in names)
        super().__init__(
            f"These worked examples fail: {which}.",
            hint="Mend the formula or what the example expects, then publish.",
        )
        self.names = tuple(names)


class NoExamples(PlanError):
    def __init__(self) -> None:
        super().__init__(
            "The plan has no worked example.",
            hint="Write at least one: a deal, and what it should earn.",
        )


class WrongCurrency(PlanError):
    """A statement has one currency, so all plans of a business pay in it."""

    def __init__(self, plan: str, currency: str, own: str) -> None:
        super().__init__(
            f"{plan} pays in {currency}, and statements here are in {own}.",
            hint=f"Write “currency: {own}” in the plan. Deals in other currencies are"
            f" converted to {own} at the rate of their day.",
        )


class NotADraft(PlanError):
    def __init__(self, number: int) -> None:
        super().__init__(
            f"Version {number} is published and never changes.",
            hint="Start a draft from it.",
        )


class SomebodySaved(PlanError):
    """Two people edited the same draft; the later save is not lost, but not taken."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"Somebody saved version {number} after you opened it.",
            hint="Your text is still here. Look at their change, then save again.",
        )


class DraftStands(PlanError):
    """A plan has one draft, and what somebody wrote there is not written over."""

    def __init__(self, plan: str) -> None:
        super().__init__(
            f"{plan} has a draft already.",
            hint="Publish it or give it up first.",
        )


class NeedsSecondPerson(PlanError):
    def __init__(self) -> None:
        super().__init__(
            "You edited this draft, so someone else must publish it.",
            hint="Ask another admin; an owner may turn on solo mode.",
        )


class Overlaps(PlanError):
    def __init__(self, payee: str, plan: str, starts: date) -> None:
        super().__init__(
            f"{payee} is on {plan} already from {day_words(starts)}.",
            hint="End that assignment first, or begin later.",
        )


class OwnAssignment(PlanError):
    def __init__(self) -> None:
        super().__init__(
            "This is your own plan and quota, so someone else must set them.",
            hint="Ask another person with the finance or admin role.",
        )


class OwnTable(PlanError):
    def __init__(self) -> None:
        super().__init__(
            "A plan that pays you reads this table, so someone else must set its rows.",
            hint="Ask another admin; an owner may turn on solo mode.",
        )


class WrongValue(PlanError):
    """A value of an assignment that the plan asks for is missing or not readable."""


class WrongTable(PlanError):
    """A rate table that cannot be read."""


class TableExists(PlanError):
    """New rows of a table change what plans pay, so they are not given in passing."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"There is a rate table “{key}” already.",
            hint="Give it new rows on its own page, or write another key.",
        )


class NotPreviewed(PlanError):
    """Publishing shows its price first, and this draft's was not looked at."""

    def __init__(self) -> None:
        super().__init__(
            "Nobody has looked at what this draft changes as it stands now.",
            hint="Open its impact, then publish from there.",
        )


class FiguresMoved(PlanError):
    """What was on the page when the button was pressed is no longer so."""

    def __init__(self, now: str) -> None:
        super().__init__(f"Figures moved: {now}.", hint="Review again.")


class OwnPay(PlanError):
    def __init__(self) -> None:
        super().__init__(
            "This draft changes your own pay, so someone else must publish it.",
            hint="Ask another admin; an owner may turn on solo mode.",
        )


class LinesFail(PlanError):
    """The draft cannot work out what the version in force could."""

    def __init__(self, count: int) -> None:
        lines = "1 line that" if count == 1 else f"{count} lines that"
        super().__init__(
            f"The draft fails on {lines} can be worked out now.",
            hint="Look at the deals that are named, and mend the formula.",
        )


class NotPublished(PlanError):
    """Other businesses are offered what pays somebody, not what is being written."""

    def __init__(self, number: int) -> None:
        super().__init__(f"Version {number} is a draft.", hint="Publish it here first.")
