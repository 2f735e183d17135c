"""Where the stand-in for Close keeps its state, and which address it has."""

from pathlib import Path

from django.conf import settings
from django.db import connection as database

from crm_sync.connections.models import Connection
from tenants.accounts.models import Business
from tenants.schema import in_business

PORT = 8790  # the first that is tried; links to deals name the one that was free
APP = f"http://localhost:{PORT}"


def store_file() -> Path:
    """Return the file with everything that is in the stand-in."""
    return Path(settings.DEMO_FOLDER) / "close.sqlite3"


def address(port: int = PORT) -> str:
    """Return what a connection needs to read from the stand-in."""
    return f"http://127.0.0.1:{port}/api/v1/"


def point_connections_at(base_url: str) -> None:
    """Let the demo's connections read from this address, and be told of changes."""
    rows = Connection.objects.filter(kind="close", options__stand_in=True)
    rows.update(base_url=base_url)
    for row in rows.filter(options__webhooks=False):
        row.options = {k: v for k, v in row.options.items() if k != "webhooks"}
        row.save(update_fields=["options"])


def point_links_at(app_url: str) -> None:
    """Let the links to deals lead to where people can open them."""
    rows = Connection.objects.filter(kind="close", options__stand_in=True)
    for row in rows.exclude(options__app_url=app_url):
        before = row.options["app_url"]
        row.options = {**row.options, "app_url": app_url}
        row.save(update_fields=["options"])
        for business in Business.objects.filter(group_id=row.group_id, state="ready"):
            with in_business(business), database.cursor() as cursor:
                cursor.execute(
                    "UPDATE ledger_entry SET source_url = replace(source_url, %s, %s)"
                    " WHERE connection_id = %s",
                    [before, app_url, row.pk],
                )
