"""The one URLconf: pages of the site, of a group and of a business.

An app offers its pages in `urls.py`; what it has at another level stands in
`urls_site.py`, `urls_group.py` or `urls_business.py`. The middleware takes the group's or
business's name off before the view is called.
"""

from importlib.util import find_spec

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from commissions_saas import health


OURS = ("tenants.", "crm_sync.", "commissions.", "payouts.", "commissions_saas.")
GROUP_APPS = ("crm_sync.connections", "tenants.rollup")


def pages_of(kind: str) -> list[URLPattern | URLResolver]:
    """Return the pages of one kind, of every app of ours that has some."""
    modules = []
    for app in settings.INSTALLED_APPS:
        if app.startswith(OURS):
            modules += [f"{app}.urls"] if kind == main_kind(app) else []
            modules += [f"{app}.urls_{kind}"]
    return [path("", include(module)) for module in modules if find_spec(module)]


def main_kind(app: str) -> str:
    """Say whose pages an app's own `urls.py` holds."""
    if app in settings.TENANT_APPS:
        return "business"
    return "group" if app in GROUP_APPS else "site"


urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("account/", include("allauth.urls")),
    path("b/<slug:business>/", include(pages_of("business"))),
    path("g/<slug:group>/", include(pages_of("group"))),
    *pages_of("site"),
]
