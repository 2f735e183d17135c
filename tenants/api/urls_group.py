"""Addresses of a group's jobs, for programs."""

from tenants.api import jobs
from tenants.api.addresses import both

urlpatterns = [
    *both("api/v1/jobs/", jobs.group_jobs, "group_jobs"),
    *both("api/v1/jobs/<uuid:id>/", jobs.group_job, "group_job"),
]
