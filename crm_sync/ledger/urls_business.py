"""Addresses of payees, named things and facts by date, under `/b/<business>/`."""

from django.urls import path

from crm_sync.ledger import api, views, views_dated, views_named, views_upload
from tenants.api.addresses import both

urlpatterns = [
    path("payees/new/", views.payee_new, name="payee_new"),
    path("payees/csv/", views.payees_file, name="payees_file"),
    path("payees/upload/", views_upload.payees, name="payees_upload"),
    path("payees/<int:payee_id>/", views.payee, name="payee"),
    path("payees/<int:payee_id>/edit/", views.payee_edit, name="payee_edit"),
    path("payees/<int:payee_id>/place/", views.place, name="place"),
    path("payees/<int:payee_id>/merge/", views.merge, name="merge"),
    path("payees/<int:payee_id>/unmerge/", views.undo_merge, name="undo_merge"),
    path("products/", views_named.products, name="products"),
    path("products/new/", views_named.product_new, name="product_new"),
    path("products/csv/", views_named.products_file, name="products_file"),
    path("products/upload/", views_upload.products, name="products_upload"),
    path("products/<int:row_id>/", views_named.product, name="product"),
    path("territories/", views_named.territories, name="territories"),
    path("territories/new/", views_named.territory_new, name="territory_new"),
    path("territories/csv/", views_named.territories_file, name="territories_file"),
    path("territories/upload/", views_upload.territories, name="territories_upload"),
    path("territories/<int:row_id>/", views_named.territory, name="territory"),
    path("services/", views_named.services_list, name="services"),
    path("services/new/", views_named.service_new, name="service_new"),
    path("services/csv/", views_named.services_file, name="services_file"),
    path("services/upload/", views_upload.services, name="services_upload"),
    path("services/<int:row_id>/", views_named.service, name="service"),
    path("customers/", views_named.customers_list, name="customers"),
    path("customers/new/", views_named.customer_new, name="customer_new"),
    path("customers/csv/", views_named.customers_file, name="customers_file"),
    path("customers/upload/", views_upload.customers, name="customers_upload"),
    path("customers/<int:row_id>/", views_named.customer, name="customer"),
    path("facts/", views_dated.facts, name="facts"),
    path("facts/<slug:kind>/csv/", views_dated.facts_file, name="facts_file"),
    path("facts/<slug:kind>/upload/", views_dated.facts_upload, name="facts_upload"),
    path("facts/rates/new/", views_dated.rate_new, name="rate_new"),
    path("facts/rates/<int:pk>/remove/", views_dated.rate_remove, name="rate_remove"),
    path("facts/values/<slug:kind>/<int:pk>/", views_dated.value_new, name="value_new"),
    path("payees/<int:payee_id>/leave/", views_dated.leave_new, name="leave_new"),
    path("facts/leave/<int:pk>/remove/", views_dated.leave_remove, name="leave_remove"),
    path("payees/<int:payee_id>/sells/", views_dated.right_new, name="right_new"),
    path("facts/sells/<int:pk>/remove/", views_dated.right_remove, name="right_remove"),
    *both("api/v1/entries/", api.entries, "api_entries"),
    *both("api/v1/entries/<int:id>/", api.entry, "api_entry"),
]
