"""The Django app jobs."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "tenants.jobs"
    label = "jobs"
    default_auto_field = "django.db.models.BigAutoField"
