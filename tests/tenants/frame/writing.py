"""Renders a piece of template as one reader would see it."""

from types import SimpleNamespace
from typing import Any

from django.http import HttpRequest
from django.template import Context, Template
from django.test import RequestFactory


def a_request(path: str = "/b/acme/runs/", **attributes: Any) -> HttpRequest:
    """Make a request of somebody in a business in Chicago."""
    request = RequestFactory().get(path)
    business = SimpleNamespace(time_zone="America/Chicago", slug="acme", name="Acme")
    defaults = {"business": business, "user": SimpleNamespace(locale="en_US")}
    for name, value in {**defaults, **attributes}.items():
        setattr(request, name, value)
    return request


def written(
    text: str, *, locale: str = "en_US", path: str = "/b/acme/runs/", **values: Any
) -> str:
    """Return what the piece of template prints for a reader with that locale."""
    request = a_request(path, user=SimpleNamespace(locale=locale))
    context = Context({"request": request, **values})
    return Template("{% load frame %}" + text).render(context).strip()
