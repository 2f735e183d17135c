"""Addresses of a group's people and of a new business."""

from django.urls import path

from tenants.accounts import views

urlpatterns = [
    path("people/", views.group_people, name="group_people"),
    path("people/roles/<int:grant>/end/", views.group_end_role, name="group_end_role"),
    path("businesses/new/", views.group_new_business, name="group_new_business"),
]
