"""Messages that carry their own undo."""

from django.contrib import messages
from django.http import HttpRequest

MARK = "undo:"


def say_with_undo(request: HttpRequest, text: str, undo_url: str) -> None:
    """Say what was done and offer a POST to `undo_url` that takes it back."""
    messages.success(request, text, extra_tags=f"{MARK}{undo_url}")
