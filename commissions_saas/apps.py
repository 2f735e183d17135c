"""The project as an app: loads Celery and the deployment checks with Django."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "commissions_saas"
    label = "commissions_saas"

    def ready(self) -> None:
        """Make `shared_task` find our Celery, and register the checks."""
        from commissions_saas import celery, checks  # noqa: F401
