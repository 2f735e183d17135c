"""The Django app connections."""

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "crm_sync.connections"
    label = "connections"
    default_auto_field = "django.db.models.BigAutoField"
