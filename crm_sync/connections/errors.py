"""What a person can get wrong with connections, mappings and routes."""

from commissions_saas.lib.errors import ProductError


class SourceError(ProductError):
    """Something about a connection that a person can mend."""


class CannotOpenSecret(SourceError):
    """A key was sealed with an encryption key that is not there any more."""

    def __init__(self) -> None:
        super().__init__(
            "The stored key cannot be read.",
            hint="Replace the key; the operator may have lost an encryption key.",
        )


class NoEncryptionKey(SourceError):
    """The installation cannot keep secrets."""

    def __init__(self) -> None:
        super().__init__(
            "Keys of other systems cannot be kept yet.",
            hint="The operator has to set ENCRYPTION_KEYS.",
        )


class BadMapping(SourceError):
    """A mapping that cannot be saved."""


class BadRoute(SourceError):
    """A route that cannot be saved."""


class RoutesChanged(SourceError):
    """What was looked at is not what saving would do any more."""


class BadRule(SourceError):
    """A rule on which source wins that cannot be saved."""


class RuleChanged(SourceError):
    """A rule, or what it would move, is not what was looked at any more."""


class NotSyncable(SourceError):
    """The connection is paused, removed, or is a file."""


class BadUpload(SourceError):
    """A file that cannot be committed."""


class BadSchema(SourceError):
    """A schema of an inbound webhook that cannot be saved."""


class SchemaDrift(SourceError):
    """A record is not as its sender and we have agreed; nothing of it is taken."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(
            "The record is not of its schema: " + " ".join(problems),
            hint="Send it as agreed, or change the schema of the object first.",
        )
        self.problems = problems


class CannotReplay(SourceError):
    """A delivery that was not believed is never taken later."""
