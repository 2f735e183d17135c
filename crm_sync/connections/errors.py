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


class NotSyncable(SourceError):
    """The connection is paused, removed, or is a file."""


class BadUpload(SourceError):
    """A file that cannot be committed."""
