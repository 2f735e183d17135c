"""Deployment mistakes, as numbered system checks with hints."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security, deploy=True)
def check_deployment(
    app_configs: Sequence[AppConfig] | None, **_: Any
) -> list[CheckMessage]:
    """Refuse what is fine for the demo and wrong for a server."""
    return [
        Error(words, hint=hint, id=f"commissions.E{number:03}")
        for number, (is_wrong, words, hint) in enumerate(_faults(), 1)
        if is_wrong
    ]


def _faults() -> Iterator[tuple[bool, str, str]]:
    """Yield what may be wrong: whether it is, what follows from it, what to do."""
    yield (
        not settings.IS_HTTPS,
        "Cookies travel unencrypted.",
        "Set SITE_URL to an https:// address.",
    )
    yield (
        settings.DEMO,
        "The demo lets everybody log in as anybody.",
        "Set DEMO to no.",
    )
    yield (
        not settings.ENCRYPTION_KEYS,
        "There is no key to keep the connections' secrets with.",
        "Set ENCRYPTION_KEYS; .env.example says how to make one.",
    )
    yield (
        "*" in settings.ALLOWED_HOSTS,
        "ALLOWED_HOSTS lets a request claim any host, also in mails.",
        "List the hosts.",
    )
    yield (
        "console" in settings.EMAIL_BACKEND or "filebased" in settings.EMAIL_BACKEND,
        "Mail is not sent, so nobody can reset a password.",
        "Set MAIL_URL to smtp://user:password@host:587.",
    )
