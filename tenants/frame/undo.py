"""Messages, some of which carry their own undo."""

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from tenants.frame.states import TONE_SHAPES

MARK = "undo:"
TONES = {"success": "good", "warning": "warn", "error": "bad"}


def say_with_undo(request: HttpRequest, text: str, undo_url: str) -> None:
    """Say what was done and offer a POST to `undo_url` that takes it back."""
    messages.success(request, text, extra_tags=f"{MARK}{undo_url}")


def message_html(request: HttpRequest, message: Message) -> SafeString:
    """Return one message, with its undo where it has one."""
    tone = TONES.get(message.level_tag, "info")
    tags = (message.extra_tags or "").split()
    undo = next((tag[len(MARK) :] for tag in tags if tag.startswith(MARK)), "")
    context = {
        "text": str(message),
        "tone": tone,
        "shape": TONE_SHAPES[tone],
        "undo_url": undo if undo.startswith("/") else "",
        "csrf_token": get_token(request) if undo else "",
    }
    return SafeString(render_to_string("frame/message.html", context))
