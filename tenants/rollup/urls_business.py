"""One business's month, under `/b/<business>/`."""

from django.urls import path

from tenants.rollup import views

urlpatterns = [path("months/<slug:slug>/", views.month, name="month")]
