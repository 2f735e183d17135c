"""Giving out tokens, knowing them again, and taking them back."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from tenants.accounts.models import User
from tenants.api.models import ApiToken
from tenants.audit.services import record
from tenants.jobs.lease import database_now
from tenants.schema import in_public

PREFIX = "cs_"
NOTED_EVERY = timedelta(minutes=5)  # a write for each request would be waste


def give_token(*, user: User) -> tuple[str, ApiToken]:
    """Return a new token, which is never shown again, and the row that knows it."""
    token = PREFIX + secrets.token_urlsafe(32)
    with in_public(), transaction.atomic():
        row = ApiToken.objects.create(
            user=user,
            digest=digest_of(token),
            fingerprint=_fingerprint(user),
            hint=token[:8],
            expires_at=database_now() + timedelta(days=settings.API_TOKEN_DAYS),
        )
        row.refresh_from_db()
        record(
            action="api.token.given",
            object_kind="token",
            object_id=str(row.pk),
            object_name=f"{row.hint}…",
            by=user,
        )
    return token, row


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
                object_name=f"{row.hint}…",
                by=by,
            )
    return revoked


def digest_of(token: str) -> str:
    """Return what is kept of a token: it is random, so one plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def _fingerprint(user: User) -> str:
    return str(user.get_session_auth_hash())[:64]
