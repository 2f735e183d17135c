"""The Django app statements."""

from django.apps import AppConfig


class StatementsConfig(AppConfig):
    name = "commissions.statements"
    label = "statements"
    default_auto_field = "django.db.models.BigAutoField"
