"""The Django app statements."""

from django.apps import AppConfig


class StatementsConfig(AppConfig):
    name = "commissions.statements"
    label = "statements"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from commissions.statements.dry_run import measure_moved
        from commissions.statements.held_up import estimate_held_up
        from commissions.statements.opening import look_at_balances
        from commissions.statements.paid_out import commission_paid
        from commissions.statements.start import own_statement
        from commissions.statements.written_back import StatementAmounts
        from crm_sync.accounting.paid_out import use_paid_out
        from crm_sync.ledger import sheet_jobs
        from crm_sync.ledger.held_up import use_estimate
        from crm_sync.ledger.money_moved import use_measure
        from crm_sync.writeback.amounts import use_commissions
        from tenants.access import Role
        from tenants.frame import hooks

        sheet_jobs.offer("opening-balances", look_at_balances, Role.FINANCE, Role.ADMIN)
        use_estimate(estimate_held_up)
        use_measure(measure_moved)
        use_paid_out(commission_paid)
        use_commissions(StatementAmounts())
        hooks.offer("home.statements:mine", own_statement)
