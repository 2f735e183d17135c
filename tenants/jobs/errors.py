"""How a job's work can end before its end."""

from datetime import timedelta


class NoSuchKind(Exception):
    """A job has a kind that no app handles: our fault."""


class OutsideTransaction(Exception):
    """A job was asked for apart from its cause: our fault."""


class LostLease(Exception):
    """Another worker has taken the job over; this one writes nothing any more."""


class Cancelled(Exception):
    """A person cancelled the job; what is committed stays."""


class RunLater(Exception):
    """What the job needs is not there for now; run it again after a while."""

    def __init__(self, words: str, after: timedelta) -> None:
        super().__init__(words)
        self.words = words
        self.after = after
