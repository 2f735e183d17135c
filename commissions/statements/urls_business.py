"""Addresses of statements, deals and periods, under `/b/<business>/`."""

from django.urls import path

from commissions.statements import (
    finance_views,
    impact_urls,
    moving_views,
    opening_views,
    table_views,
    views,
)

STATEMENT = "statements/<int:payee_id>/<slug:slug>/"

urlpatterns = [
    path("me/", views.mine, name="mine"),
    path("me/plan/", views.my_plan, name="my_plan"),
    path("team/", finance_views.statements, name="team"),
    path("statements/", finance_views.statements, name="statements"),
    path(STATEMENT, views.statement, name="statement"),
    path(f"{STATEMENT}lines/<int:line_id>/", views.line, name="line"),
    path(f"{STATEMENT}changes/", views.changes, name="changes"),
    path(f"{STATEMENT}missing/", views.missing, name="missing"),
    path(f"{STATEMENT}estimate/", views.estimate, name="estimate"),
    path(f"{STATEMENT}csv/", views.csv, name="csv"),
    path(f"{STATEMENT}acknowledge/", views.acknowledge, name="acknowledge"),
    path("deals/", views.deals, name="deals"),
    path("deals/<int:entry_id>/", views.deal, name="deal"),
    path("periods/", finance_views.period, name="period"),
    path("periods/<slug:slug>/", finance_views.period, name="period"),
    path("openings/", opening_views.openings, name="openings"),
    path("openings/csv/", opening_views.openings_file, name="openings_file"),
    path("openings/upload/", opening_views.openings_upload, name="openings_upload"),
    path(
        "openings/<int:pk>/remove/",
        opening_views.opening_remove,
        name="opening_remove",
    ),
    path("quotas/", moving_views.quotas, name="quotas"),
    path("payees/<int:payee_id>/move/", moving_views.move_payee, name="move_payee"),
    path("tables/<slug:key>/moves/", table_views.table_moves, name="table_moves"),
    path(
        "library/tables/<int:pk>/take/",
        table_views.library_take_table,
        name="library_take_table",
    ),
    path("moves/assign/", moving_views.assign_moves, name="assign_moves"),
    path(
        "moves/assignments/<int:pk>/",
        moving_views.assignment_moves,
        name="assignment_moves",
    ),
    path("adjustments/", finance_views.adjustments, name="adjustments"),
    path(
        "adjustments/<int:adjustment_id>/undo/",
        finance_views.undo_adjustment,
        name="undo_adjustment",
    ),
    path(
        "proposals/<int:proposal_id>/",
        finance_views.decide_proposal,
        name="decide_proposal",
    ),
    path("disputes/", finance_views.dispute_list, name="disputes"),
    path("disputes/<int:dispute_id>/", finance_views.dispute, name="dispute"),
    path(
        "disputes/<int:dispute_id>/withdraw/", finance_views.withdraw, name="withdraw"
    ),
    *impact_urls.urlpatterns,
]
