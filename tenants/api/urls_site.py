"""Addresses of the API that belong to no group: getting and revoking tokens."""

from tenants.api import views
from tenants.api.addresses import both

urlpatterns = [
    *both("api/authenticate/", views.authenticate, "authenticate"),
    *both("api/tokens/", views.tokens, "tokens"),
    *both("api/tokens/<str:id>/", views.token, "token"),
]
