"""Addresses of payees, products and territories, under `/b/<business>/`."""

from django.urls import path

from crm_sync.ledger import views, views_named, views_upload

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
]
