"""Address of a business's trail."""

from django.urls import path

from tenants.audit import views

urlpatterns = [path("audit/", views.trail, name="audit")]
