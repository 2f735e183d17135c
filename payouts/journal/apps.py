"""The Django app journal."""

from django.apps import AppConfig


class JournalConfig(AppConfig):
    name = "payouts.journal"
    label = "journal"
    default_auto_field = "django.db.models.BigAutoField"
