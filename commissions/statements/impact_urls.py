"""Addresses of what plans would pay; `urls_business` adds them to its own."""

from django.urls import path

from commissions.statements import impact_views, parity_views

PLAN = "plans/<slug:slug>/"

urlpatterns = [
    path("parity/", parity_views.parity_page, name="parity"),
    path(f"{PLAN}draft/live/", impact_views.live, name="live"),
    path(f"{PLAN}draft/impact/", impact_views.impact, name="impact"),
    path(f"{PLAN}draft/impact/file/", impact_views.impact_file, name="impact_file"),
    path(
        f"{PLAN}impact/<int:row_id>/",
        impact_views.impact_statement,
        name="impact_statement",
    ),
    path(
        f"{PLAN}impact/<int:row_id>/line/",
        impact_views.impact_line,
        name="impact_line",
    ),
    path(f"{PLAN}draft/publish/", impact_views.publish, name="publish"),
    path(f"{PLAN}ghosts/", impact_views.ghost_start, name="ghost_start"),
    path(f"{PLAN}ghosts/<int:ghost_id>/", impact_views.ghost, name="ghost"),
]
