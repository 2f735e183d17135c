"""Addresses of a business's jobs, for programs."""

from tenants.api import jobs
from tenants.api.addresses import both

urlpatterns = [
    *both("api/v1/jobs/", jobs.jobs, "jobs"),
    *both("api/v1/jobs/<uuid:id>/", jobs.job, "job"),
]
