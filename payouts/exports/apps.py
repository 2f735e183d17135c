"""The Django app exports."""

from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "payouts.exports"
    label = "exports"
    default_auto_field = "django.db.models.BigAutoField"
