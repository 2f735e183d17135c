"""Addresses of write-back, under `/b/<business>/`."""

from django.urls import path

from crm_sync.writeback import views

urlpatterns = [
    path("connections/<int:id>/writeback/", views.writeback, name="writeback"),
    path("connections/<int:id>/writeback/<int:number>/", views.values, name="values"),
    path(
        "connections/<int:id>/writeback/<int:number>/off/", views.off, name="turn_off"
    ),
    path(
        "connections/<int:id>/writeback/<int:number>/again/", views.again, name="again"
    ),
    path(
        "connections/<int:id>/writeback/<int:number>/rewrite/",
        views.rewrite,
        name="rewrite",
    ),
]
