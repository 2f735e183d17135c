"""Tokens by which a program acts for a user; in the public schema."""

from django.conf import settings
from django.contrib.postgres.functions import TransactionNow
from django.db import models


class ApiToken(models.Model):
    """A token's digest; the token itself is given out once and never kept.

    `fingerprint` is that of the user's password: a new password ends every token.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="api_tokens"
    )
    digest = models.CharField(max_length=64, unique=True)
    fingerprint = models.CharField(max_length=64)
    hint = models.CharField(max_length=8)  # the token's first characters
    name = models.CharField(max_length=100, blank=True)  # what it is for
    reads_only = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=TransactionNow())
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["user"], name="api_token_user")]
