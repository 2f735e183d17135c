"""Addresses of a business's jobs."""

from django.urls import path

from tenants.jobs import views

urlpatterns = [
    path("jobs/", views.jobs, name="jobs"),
    path("jobs/<uuid:id>/", views.job, name="job"),
    path("jobs/<uuid:id>/cancel/", views.cancel, name="cancel"),
    path("jobs/<uuid:id>/again/", views.again, name="again"),
]
