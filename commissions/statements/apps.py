"""The Django app statements."""

from django.apps import AppConfig


class StatementsConfig(AppConfig):
    name = "commissions.statements"
    label = "statements"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from commissions.statements.start import own_statement
        from tenants.frame import hooks

        hooks.offer("home.statements:mine", own_statement)
