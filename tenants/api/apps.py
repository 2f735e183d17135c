"""The Django app api."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "tenants.api"
    label = "api"
    default_auto_field = "django.db.models.BigAutoField"
