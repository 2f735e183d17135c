"""The Django app ledger."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "crm_sync.ledger"
    label = "ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from crm_sync.ledger.offers import offer_files

        offer_files()
