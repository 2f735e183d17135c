"""The Django app accounting."""

from django.apps import AppConfig


class AccountingConfig(AppConfig):
    name = "crm_sync.accounting"
    label = "accounting"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from crm_sync.accounting.settling import Accounting
        from crm_sync.ledger.following import use_follower

        use_follower(Accounting())
