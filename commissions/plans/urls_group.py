"""Addresses of what a group's businesses share, under `/g/<group>/`."""

from django.urls import path

from commissions.plans import library_group_views

urlpatterns = [
    path("library/", library_group_views.group_library, name="group_library"),
    path(
        "library/plans/<int:pk>/",
        library_group_views.group_library_plan,
        name="group_library_plan",
    ),
    path(
        "library/tables/<int:pk>/",
        library_group_views.group_library_table,
        name="group_library_table",
    ),
]
