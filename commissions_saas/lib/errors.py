"""The root of every error that a person can act on."""


class ProductError(Exception):
    """Something a person can mend: a message, and a hint about what to do next.

    Each app has its own family under this class. A fault of ours is never one of
    these; it is left to crash.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()
