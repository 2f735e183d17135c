"""The Django app connections."""

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "crm_sync.connections"
    label = "connections"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from crm_sync.connections.bar import offer_to_the_frame

        offer_to_the_frame()
