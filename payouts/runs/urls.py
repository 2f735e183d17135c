"""Addresses of payout runs, under `/b/<business>/runs/`."""

from django.urls import path

from payouts.runs import views

app_name = "runs"
urlpatterns = [
    path("", views.run_list, name="runs"),
    path("prepare/", views.prepare_run, name="prepare"),
    path("<int:number>/", views.run, name="run"),
    path("<int:number>/refreeze/", views.refreeze, name="refreeze"),
    path("<int:number>/approve/", views.approve, name="approve"),
    path("<int:number>/sign/", views.sign, name="sign"),
    path("<int:number>/recall/", views.recall, name="recall"),
    path("<int:number>/export/", views.export, name="export"),
    path("<int:number>/files/<int:file_number>/", views.file, name="file"),
    path("<int:number>/paid/", views.paid, name="paid"),
    path("<int:number>/payees/<int:payee_id>/", views.payout, name="payout"),
    path("<int:number>/payees/<int:payee_id>/hold/", views.hold, name="hold"),
    path("<int:number>/payees/<int:payee_id>/reject/", views.reject, name="reject"),
    path("<int:number>/payees/<int:payee_id>/undo/", views.undo, name="undo"),
    path(
        "<int:number>/payees/<int:payee_id>/returned/", views.returned, name="returned"
    ),
]
