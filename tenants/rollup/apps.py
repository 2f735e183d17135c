"""The Django app rollup."""

from django.apps import AppConfig


class RollupConfig(AppConfig):
    name = "tenants.rollup"
    label = "rollup"
    default_auto_field = "django.db.models.BigAutoField"
