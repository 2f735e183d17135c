"""The frame has no tables; it is an app so that its tags are found."""

from django.apps import AppConfig


class FrameConfig(AppConfig):
    name = "tenants.frame"
    label = "frame"
