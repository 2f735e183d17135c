"""The Django app accounts."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "tenants.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say where the making of a business leads, and who has access already."""
        from tenants.accounts.setup import offer_to_the_frame

        offer_to_the_frame()
