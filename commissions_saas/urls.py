"""The one URLconf: pages of the site, of a group and of a business.

An app offers its pages by `urlpatterns` in `urls_site.py`, `urls_group.py` or
`urls_business.py` beside its views; their names are in one namespace, the app's label:
`runs:run`. The middleware takes the group's or business's name off before the view is
called.
"""

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig, apps
from django.urls import URLPattern, URLResolver, include, path

from commissions_saas import health
from tenants.accounts import views

OURS = ("tenants.", "crm_sync.", "commissions.", "payouts.", "commissions_saas.")


def pages_of(app: AppConfig) -> URLResolver:
    """Return all pages of one app of ours, in its namespace.

    Django finds only one of two places that share a namespace, so the three kinds of
    pages are put under their prefixes here and not further up.
    """
    patterns = [
        path("b/<slug:business>/", include(_patterns(app, "urls_business"))),
        path("g/<slug:group>/", include(_patterns(app, "urls_group"))),
        *_patterns(app, "urls_site"),
    ]
    return path("", include((patterns, app.label)))


def _patterns(app: AppConfig, module: str) -> list[URLPattern | URLResolver]:
    name = f"{app.name}.{module}"
    return import_module(name).urlpatterns if find_spec(name) else []


urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("account/signup/", views.sign_up),
    path("account/", include("allauth.urls")),
    *(pages_of(app) for app in apps.get_app_configs() if app.name.startswith(OURS)),
]

# Programs are answered in JSON, people with pages.
handler400 = "tenants.api.problems.bad_request"
handler403 = "tenants.api.problems.not_allowed"
handler404 = "tenants.api.problems.not_found"
handler500 = "tenants.api.problems.our_fault"
