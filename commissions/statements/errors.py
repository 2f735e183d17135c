"""What a person can be told about statements, and what to do next."""

from collections.abc import Sequence

from commissions_saas.lib.errors import ProductError


class StatementError(ProductError):
    """A refusal about statements, periods, adjustments or disputes."""


class FailedLines(StatementError):
    """A statement cannot be frozen while a line of it could not be worked out."""

    def __init__(self, names: Sequence[str]) -> None:
        shown = ", ".join(names[:5])
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        super().__init__(
            f"Lines failed on the statements of {shown}{more}.",
            hint="Open a statement: each failed line says which value is missing.",
        )
        self.names = tuple(names)


class RefusedRecordsWait(StatementError):
    """A period is not locked while records that may belong to it could not go in."""

    def __init__(self, label: str, records: int, worth: str) -> None:
        s, may = ("", "It may") if records == 1 else ("s", "They may")
        holds = f" and hold up about {worth}" if worth else ""
        super().__init__(
            f"{records} refused record{s} wait{'' if s else 's'}. {may} belong to "
            f"{label}{holds}.",
            hint="Mend each under Refused records, or ignore it there with a reason.",
        )


class NotUpToDate(StatementError):
    """Changes have come that no calculation has read yet."""

    def __init__(self, behind: int) -> None:
        super().__init__(
            f"{behind:,} changes are still being worked out.",
            hint="Try again in a moment.",
        )


class WrongState(StatementError):
    """A statement or a period is not in the state that a step needs."""

    def __init__(self, what: str, state: str, verb: str) -> None:
        super().__init__(
            f"{what} is {state.replace('_', ' ')}, so it cannot be {verb}.",
            hint="Load the page again to see what happened meanwhile.",
        )


class BookedAlready(StatementError):
    """A statement stays frozen while a later one that is frozen paid its late change."""

    def __init__(self, names: Sequence[str], labels: Sequence[str]) -> None:
        shown = ", ".join(names[:5])
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        later = " and ".join(labels)
        super().__init__(
            f"Late changes of {shown}{more} are booked in {later}, where their "
            "statements are no longer open.",
            hint=f"Open {later} again first. If that is locked, lock this period too: "
            "what changes then is booked in the open period.",
        )


class PeriodLocked(StatementError):
    """Nothing is added to a period that is locked."""

    def __init__(self, label: str) -> None:
        super().__init__(
            f"{label} is locked.",
            hint="Put the adjustment into the open period; it can name what it corrects.",
        )


class OwnPay(StatementError):
    """Nobody decides about money that is paid to themselves."""

    def __init__(self, verb: str) -> None:
        super().__init__(
            f"You are paid by this statement, so somebody else must {verb}.",
            hint="Ask another person with the Finance role.",
        )


class AlreadyDecided(StatementError):
    """Somebody else was faster."""

    def __init__(self, words: str) -> None:
        super().__init__(
            f"“{words}” was decided already.",
            hint="Load the page again to see by whom.",
        )


class NotAnAdjustment(StatementError):
    """The amount or the reason is missing."""


class UndoesAlready(StatementError):
    """What takes an adjustment back is not taken back in turn."""

    def __init__(self) -> None:
        super().__init__(
            "This adjustment takes another one back.",
            hint="Add the amount again, with a reason of its own.",
        )


class MorePostedSince(StatementError):
    """A late change is not undone under another one that rests on it."""

    def __init__(self, words: str) -> None:
        super().__init__(
            f"A later change of the same line was posted since: “{words}”.",
            hint="Take that one back first.",
        )


class NotADispute(StatementError):
    """A dispute is already open, or says nothing."""


class NothingToTransfer(StatementError):
    """A transfer in which manager, territory and plans stay as they are."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Nothing changes for {name}.",
            hint="Choose another manager, territory or plan, or another day.",
        )


class BadBalance(StatementError):
    """This opening balance cannot be entered."""


class Circle(StatementError):
    """What payees take from one another never settles."""

    def __init__(self, times: int) -> None:
        super().__init__(
            f"After {times} rounds the measures that plans take from other payees still"
            " move one another.",
            hint="Look for plans that take from each other in a circle.",
        )
