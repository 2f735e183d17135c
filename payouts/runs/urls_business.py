"""Addresses of payout runs, under `/b/<business>/`."""

from django.urls import path

from payouts.runs import views

urlpatterns = [
    path("runs/", views.run_list, name="runs"),
    path("runs/prepare/", views.prepare_run, name="prepare"),
    path("runs/<int:number>/", views.run, name="run"),
    path("runs/<int:number>/refreeze/", views.refreeze, name="refreeze"),
    path("runs/<int:number>/approve/", views.approve, name="approve"),
    path("runs/<int:number>/sign/", views.sign, name="sign"),
    path("runs/<int:number>/recall/", views.recall, name="recall"),
    path("runs/<int:number>/export/", views.export, name="export"),
    path("runs/<int:number>/files/<int:file_number>/", views.file, name="file"),
    path("runs/<int:number>/paid/", views.paid, name="paid"),
    path("runs/<int:number>/payees/<int:payee_id>/", views.payout, name="payout"),
    path("runs/<int:number>/payees/<int:payee_id>/hold/", views.hold, name="hold"),
    path(
        "runs/<int:number>/payees/<int:payee_id>/reject/", views.reject, name="reject"
    ),
    path("runs/<int:number>/payees/<int:payee_id>/undo/", views.undo, name="undo"),
    path(
        "runs/<int:number>/payees/<int:payee_id>/returned/",
        views.returned,
        name="returned",
    ),
    path(
        "runs/<int:number>/payees/<int:payee_id>/arrived/",
        views.arrived,
        name="arrived",
    ),
]
