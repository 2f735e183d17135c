"""Addresses of a group's jobs."""

from django.urls import path

from tenants.jobs import views

urlpatterns = [
    path("jobs/", views.jobs, name="group_jobs"),
    path("jobs/<uuid:id>/", views.job, name="group_job"),
    path("jobs/<uuid:id>/cancel/", views.cancel, name="group_cancel"),
    path("jobs/<uuid:id>/again/", views.again, name="group_again"),
]
