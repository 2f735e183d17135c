"""Addresses of the site itself: the start page and the demo's log-in."""

from django.urls import path

from tenants.accounts import views

urlpatterns = [
    path("", views.start, name="home"),
    path("demo/login/", views.demo_log_in, name="demo_log_in"),
]
