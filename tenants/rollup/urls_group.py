"""Owners' pages, under `/g/<group>/`."""

from django.urls import path

from tenants.rollup import views

urlpatterns = [
    path("", views.overview, name="overview"),
    path("fx/", views.rates, name="rates"),
]
