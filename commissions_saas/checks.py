"""Deployment mistakes, as numbered system checks with hints."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security, deploy=True)
def check_deployment(
    app_configs: Sequence[AppConfig] | None, **_: Any
) -> list[CheckMessage]:
    """Refuse what is fine for the demo and wrong for a server."""
    found: list[CheckMessage] = []
    if not settings.IS_HTTPS:
        found.append(
            Error(
                "Cookies travel unencrypted.",
                hint="Set SITE_URL to an https:// address.",
                id="commissions.E001",
            )
        )
    if settings.DEMO:
        found.append(
            Error(
                "The demo lets everybody log in as anybody.",
                hint="Set DEMO to no.",
                id="commissions.E002",
            )
        )
    if not settings.ENCRYPTION_KEYS:
        found.append(
            Error(
                "There is no key to keep the connections' secrets with.",
                hint="Set ENCRYPTION_KEYS; .env.example says how to make one.",
                id="commissions.E003",
            )
        )
    if "*" in settings.ALLOWED_HOSTS:
        found.append(
            Error(
                "ALLOWED_HOSTS lets a request claim any host, also in mails.",
                hint="List the hosts.",
                id="commissions.E004",
            )
        )
    if "console" in settings.EMAIL_BACKEND or "filebased" in settings.EMAIL_BACKEND:
        found.append(
            Error(
                "Mail is not sent, so nobody can reset a password.",
                hint="Set MAIL_URL to smtp://user:password@host:587.",
                id="commissions.E005",
            )
        )
    return found
