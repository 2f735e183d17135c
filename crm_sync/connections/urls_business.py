"""Addresses of sources, refused records and people, under `/b/<business>/`."""

from django.urls import path

from crm_sync.connections import (
    views,
    views_customers,
    views_data,
    views_mapping,
    views_objects,
    views_records,
    views_rest,
    views_upload_people,
    views_webhooks,
    views_winning,
)

urlpatterns = [
    path("customers/all/", views_customers.customer_matching, name="customer_matching"),
    path("customers/all/alike/", views_customers.accept_alike, name="accept_alike"),
    path("customers/all/drift/", views_customers.settle_drift, name="settle_drift"),
    path(
        "customers/all/csv/", views_customers.customer_sheet_file, name="customer_sheet"
    ),
    path(
        "customers/all/upload/",
        views_customers.customer_sheet_upload,
        name="customer_sheet_upload",
    ),
    path("connections/", views.connections, name="connections"),
    path("connections/new/", views.new_connection, name="new"),
    path("connections/declare/", views_rest.new_rest, name="new_rest"),
    path("connections/new/webhook/", views_webhooks.new_inbound, name="new_inbound"),
    path("connections/<int:id>/webhook/", views_webhooks.webhook, name="webhook"),
    path(
        "connections/<int:id>/webhook/secret/",
        views_webhooks.webhook_secret,
        name="webhook_secret",
    ),
    path(
        "connections/<int:id>/webhook/<int:number>/",
        views_webhooks.delivery,
        name="delivery",
    ),
    path(
        "connections/<int:id>/webhook/<int:number>/replay/",
        views_webhooks.replay,
        name="replay",
    ),
    path("connections/<int:id>/schemas/", views_webhooks.schema_pages, name="schemas"),
    path(
        "connections/wins/", views_winning.which_source_wins, name="which_source_wins"
    ),
    path("connections/upload/", views_data.upload, name="upload"),
    path(
        "connections/upload/template/<slug:object_>/",
        views_data.upload_template,
        name="upload_template",
    ),
    path(
        "connections/uploads/<int:upload_id>/",
        views_data.upload_preview,
        name="upload_preview",
    ),
    path(
        "connections/uploads/<int:upload_id>/leave/",
        views_data.upload_leave,
        name="upload_leave",
    ),
    path(
        "connections/uploads/<int:upload_id>/look/",
        views_data.upload_look,
        name="upload_look",
    ),
    path(
        "connections/uploads/<int:upload_id>/people/",
        views_upload_people.upload_people,
        name="upload_people",
    ),
    path(
        "connections/uploads/<int:upload_id>/refused/",
        views_data.upload_bad_rows,
        name="upload_bad_rows",
    ),
    path("connections/<int:id>/", views.connection, name="connection"),
    path("connections/<int:id>/map/", views_mapping.mapping, name="map"),
    path(
        "connections/<int:id>/map/<int:version_id>/revert/",
        views_mapping.revert_mapping,
        name="map_revert",
    ),
    path("connections/<int:id>/refused/", views_records.refused, name="refused"),
    path("connections/<int:id>/syncs/<int:number>/", views.sync_run, name="sync_run"),
    path("connections/<int:id>/objects/", views_objects.objects, name="objects"),
    path("connections/<int:id>/sync/", views.sync, name="sync"),
    path("connections/<int:id>/pause/", views.pause, name="pause"),
    path("connections/<int:id>/resume/", views.resume, name="resume"),
    path("connections/<int:id>/key/", views.key, name="key"),
    path("connections/<int:id>/disconnect/", views.disconnect, name="disconnect"),
    path("refused/", views_records.refused_everywhere, name="refused_everywhere"),
    path("refused/retry/", views_records.retry, name="retry"),
    path(
        "refused/<int:record_id>/",
        views_records.refused_record,
        name="refused_record",
    ),
    path("refused/<int:record_id>/ignore/", views_records.ignore, name="ignore"),
    path(
        "refused/<int:record_id>/undo/",
        views_records.undo_ignore,
        name="undo_ignore",
    ),
    path("people/", views_records.people, name="people"),
    path("people/accept/", views_records.accept_matches, name="accept_matches"),
    path("people/new/", views_records.new_payees, name="new_payees"),
    path("people/users/<int:user_id>/match/", views_records.match, name="match"),
    path("people/users/<int:user_id>/unmatch/", views_records.unmatch, name="unmatch"),
]
