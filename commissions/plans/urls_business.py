"""Addresses of plans, assignments and rate tables, under `/b/<business>/`."""

from django.urls import path

from commissions.plans import library_views, views, views_assigning, views_formulas

urlpatterns = [
    path("plans/", views.plan_list, name="plans"),
    path("plans/new/", views.plan_new, name="new"),
    path("plans/<slug:slug>/", views.plan, name="plan"),
    path("plans/<slug:slug>/start/", views.draft_start, name="draft_start"),
    path("plans/<slug:slug>/draft/", views.draft, name="draft"),
    path("plans/<slug:slug>/draft/check/", views.draft_check, name="draft_check"),
    path("plans/<slug:slug>/draft/discard/", views.draft_discard, name="draft_discard"),
    path("plans/<slug:slug>/versions/<int:number>/", views.version, name="version"),
    path(
        "plans/<slug:slug>/versions/<int:before>..<int:number>/",
        views.versions,
        name="versions",
    ),
    path(
        "plans/<slug:slug>/versions/<int:number>/revert/", views.revert, name="revert"
    ),
    path(
        "plans/<slug:slug>/versions/<int:number>/file/",
        views.version_file,
        name="version_file",
    ),
    path(
        "plans/<slug:slug>/versions/<int:number>/share/",
        library_views.put_plan,
        name="library_put_plan",
    ),
    path("tables/<slug:key>/share/", library_views.put_table, name="library_put_table"),
    path("library/", library_views.shelf, name="library"),
    path(
        "library/plans/<int:pk>/take/",
        library_views.take_plan,
        name="library_take_plan",
    ),
    path(
        "plans/<slug:slug>/draft/formula/",
        views_formulas.draft_formula,
        name="draft_formula",
    ),
    path("functions/", views_formulas.functions, name="functions"),
    path("assignments/", views_assigning.assignments, name="assignments"),
    path("assignments/new/", views_assigning.assign, name="assign"),
    path(
        "assignments/upload/",
        views_assigning.assignments_upload,
        name="assignments_upload",
    ),
    path("assignments/<int:pk>/", views_assigning.assignment, name="assignment"),
    path(
        "assignments/<int:pk>/change/", views_assigning.change, name="assignment_change"
    ),
    path("tables/", views_assigning.tables, name="tables"),
    path("tables/new/", views_assigning.table_new, name="table_new"),
    path("tables/<slug:key>/", views_assigning.table, name="table"),
]
