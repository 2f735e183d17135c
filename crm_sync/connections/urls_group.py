"""Addresses of a group's sources, under `/g/<group>/`."""

from django.urls import path

from crm_sync.connections import (
    api,
    views,
    views_objects,
    views_rest,
    views_routes,
    views_webhooks,
)
from tenants.api.addresses import both

urlpatterns = [
    path("connections/", views.group_connections, name="group_connections"),
    path("connections/new/", views.group_new_connection, name="group_new"),
    path("connections/declare/", views_rest.group_new_rest, name="group_new_rest"),
    path("connections/<int:id>/", views.group_connection, name="group_connection"),
    path(
        "connections/<int:id>/routes/", views_routes.group_routes, name="group_routes"
    ),
    path(
        "connections/<int:id>/routes/<int:table_id>/",
        views_routes.group_route_table,
        name="group_route_table",
    ),
    path(
        "connections/<int:id>/routes/<int:table_id>/save/",
        views_routes.group_save_routes,
        name="group_save_routes",
    ),
    path(
        "connections/<int:id>/routes/<int:table_id>/again/",
        views_routes.group_revert_routes,
        name="group_revert_routes",
    ),
    path(
        "connections/<int:id>/syncs/<int:number>/",
        views.group_sync_run,
        name="group_sync_run",
    ),
    path(
        "connections/<int:id>/webhook/",
        views_webhooks.group_webhook,
        name="group_webhook",
    ),
    path(
        "connections/<int:id>/webhook/secret/",
        views_webhooks.group_webhook_secret,
        name="group_webhook_secret",
    ),
    path(
        "connections/<int:id>/webhook/<int:number>/",
        views_webhooks.group_delivery,
        name="group_delivery",
    ),
    path(
        "connections/<int:id>/webhook/<int:number>/replay/",
        views_webhooks.group_replay,
        name="group_replay",
    ),
    path(
        "connections/<int:id>/objects/",
        views_objects.group_objects,
        name="group_objects",
    ),
    path("connections/<int:id>/sync/", views.group_sync, name="group_sync"),
    path("connections/<int:id>/pause/", views.group_pause, name="group_pause"),
    path("connections/<int:id>/resume/", views.group_resume, name="group_resume"),
    path("connections/<int:id>/key/", views.group_key, name="group_key"),
    path(
        "connections/<int:id>/disconnect/",
        views.group_disconnect,
        name="group_disconnect",
    ),
    *both("api/v1/connections/", api.connections, "api_connections"),
    *both("api/v1/connections/<int:id>/", api.connection, "api_connection"),
    *both("api/v1/connections/<int:id>/test/", api.test, "api_test"),
    *both("api/v1/connections/<int:id>/secret/", api.secret, "api_secret"),
    *both("api/v1/connections/<int:id>/sync/", api.sync, "api_sync"),
    *both("api/v1/connections/<int:id>/syncs/", api.syncs, "api_syncs"),
    *both("api/v1/connections/<int:id>/mapping/", api.mapping, "api_mapping"),
    *both("api/v1/connections/<int:id>/fields/", api.fields, "api_fields"),
    *both("api/v1/connections/<int:id>/refused/", api.refused, "api_refused"),
]
