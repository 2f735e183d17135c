"""Giving out tokens, knowing them again, and taking them back."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from commissions_saas.lib.errors import ProductError
from tenants.accounts.models import User
from tenants.api.models import ApiToken
from tenants.audit.services import record
from tenants.jobs.lease import database_now
from tenants.schema import in_public

PREFIX = "cs_"
MOST_TOKENS = 50  # of one person
NOTED_EVERY = timedelta(minutes=5)  # a write for each request would be waste


class TooManyTokens(ProductError):
    """Somebody has as many tokens as anybody may have."""

    def __init__(self) -> None:
        super().__init__(
            f"You have {MOST_TOKENS} tokens already.",
            hint="Revoke those that nothing uses any more.",
        )


def give_token(
    *, user: User, name: str = "", reads_only: bool = False
) -> tuple[str, ApiToken]:
    """Return a new token, which is never shown again, and the row that knows it."""
    token = PREFIX + secrets.token_urlsafe(32)
    with in_public(), transaction.atomic():
        row = ApiToken.objects.create(
            user=user,
            digest=digest_of(token),
            fingerprint=_fingerprint(user),
            hint=token[:8],
            name=name[:100],
            reads_only=reads_only,
            expires_at=database_now() + timedelta(days=settings.API_TOKEN_DAYS),
        )
        row.refresh_from_db()
        record(
            action="api.token.given",
            object_kind="token",
            object_id=str(row.pk),
            object_name=_called(row),
            after={"name": row.name, "reads_only": row.reads_only},
            by=user,
        )
    return token, row


def make_token(*, user: User, name: str, reads_only: bool) -> tuple[str, ApiToken]:
    """Give a person a token that they name; nobody collects them without end."""
    if live_tokens(user).count() >= MOST_TOKENS:
        raise TooManyTokens
    return give_token(user=user, name=name.strip(), reads_only=reads_only)


def live_tokens(user: User) -> QuerySet[ApiToken]:
    """Return a person's own tokens that can still be used, newest first."""
    own = ApiToken.objects.filter(user=user, fingerprint=_fingerprint(user))
    live = own.filter(revoked_at=None, expires_at__gt=database_now())
    return live.order_by("-pk")


def known_token(token: str) -> ApiToken | None:
    """Return the token's row while it may be used, else nothing.

    It ends when it expires or is revoked, and with the user's password and right to
    log in, all at once.
    """
    with in_public():
        live = ApiToken.objects.filter(
            expires_at__gt=database_now(), revoked_at__isnull=True
        )
        row = live.select_related("user").filter(digest=digest_of(token)).first()
        if row is None or not row.user.is_active:
            return None
        if not secrets.compare_digest(row.fingerprint, _fingerprint(row.user)):
            return None
        ApiToken.objects.filter(pk=row.pk).filter(
            Q(last_used_at__isnull=True)
            | Q(last_used_at__lt=database_now() - NOTED_EVERY)
        ).update(last_used_at=Now())
    return row


def revoke(*, tokens: list[ApiToken], by: User) -> int:
    """Take tokens back, now and for ever."""
    with in_public(), transaction.atomic():
        live = ApiToken.objects.filter(
            pk__in=[row.pk for row in tokens], revoked_at__isnull=True
        )
        revoked = live.update(revoked_at=Now())
        for row in tokens if revoked else []:
            record(
                action="api.token.revoked",
                object_kind="token",
                object_id=str(row.pk),
                object_name=_called(row),
                by=by,
            )
    return revoked


def _called(row: ApiToken) -> str:
    return f"{row.name} ({row.hint}…)" if row.name else f"{row.hint}…"


def digest_of(token: str) -> str:
    """Return what is kept of a token: it is random, so one plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def _fingerprint(user: User) -> str:
    return str(user.get_session_auth_hash())[:64]
