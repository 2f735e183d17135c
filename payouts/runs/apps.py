"""The Django app of payout runs."""

from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "payouts.runs"
    label = "runs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell statements what payouts know of their lines."""
        from commissions.statements.really_paid import provide_paid
        from commissions.statements.states import provide_line_states
        from payouts.runs.selectors import (
            came_back,
            line_states,
            paid_in_year,
            paid_of_period,
        )

        provide_line_states(line_states)
        provide_paid(
            in_year=paid_in_year, of_period=paid_of_period, came_back=came_back
        )
