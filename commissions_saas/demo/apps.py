"""The Django app demo: only management commands, no models."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "commissions_saas.demo"
    label = "demo"
