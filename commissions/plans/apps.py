"""The Django app plans."""

from django.apps import AppConfig


class PlansConfig(AppConfig):
    name = "commissions.plans"
    label = "plans"
    default_auto_field = "django.db.models.BigAutoField"
