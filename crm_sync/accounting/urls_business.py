"""Addresses of invoices, payments and accounts, under `/b/<business>/`."""

from django.urls import path

from crm_sync.accounting import views

urlpatterns = [
    path("invoices/", views.invoices, name="invoices"),
    path("invoices/deals/", views.name_deals_by, name="name_deals_by"),
    path("invoices/names/<int:reference_id>/", views.choose, name="choose"),
    path("invoices/names/<int:reference_id>/undo/", views.forget, name="forget"),
    path("customers/<int:customer_id>/account/", views.account, name="account"),
]
