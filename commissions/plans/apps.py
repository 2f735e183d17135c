"""The Django app of plans."""

from django.apps import AppConfig


class PlansConfig(AppConfig):
    name = "commissions.plans"
    label = "plans"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the setup page how far the plans are."""
        from commissions.plans.bar import offer_to_the_frame

        offer_to_the_frame()
