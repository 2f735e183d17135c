"""Addresses of a business's start, its members and its settings."""

from django.urls import path

from tenants.accounts import views

urlpatterns = [
    path("", views.business_start, name="start"),
    path("access/", views.members, name="members"),
    path("access/roles/<int:grant>/end/", views.end_role, name="end_role"),
    path("setup/", views.business_setup, name="setup"),
    path("settings/", views.business_settings, name="settings"),
]
