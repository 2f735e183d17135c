"""Addresses of the API that belong to no group: getting and revoking tokens."""

from django.urls import path

from tenants.api import account, views
from tenants.api.addresses import both

urlpatterns = [
    *both("api/authenticate/", views.authenticate, "authenticate"),
    *both("api/tokens/", views.tokens, "tokens"),
    *both("api/tokens/<str:id>/", views.token, "token"),
    path("tokens/", account.my_tokens, name="my_tokens"),
    path("tokens/<int:id>/revoke/", account.revoke_token, name="revoke_token"),
]
