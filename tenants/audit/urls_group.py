"""Address of a group's trail, with that of its businesses."""

from django.urls import path

from tenants.audit import views

urlpatterns = [path("audit/", views.trail, name="group_audit")]
