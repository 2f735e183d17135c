"""Celery: how a worker starts, its heartbeat, and the fixed table of what beat sends."""

import os
import time
from typing import Any

from celery import Celery, signals
from django.core.cache import cache
from django_structlog.celery.steps import DjangoStructLogInitStep

from commissions_saas.lib.memory import settle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commissions_saas.settings")

HEARTBEAT_KEY = "worker-heartbeat"
HEARTBEAT_SECONDS = 15

app = Celery("commissions_saas")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)  # a task logs its request's id

# Nothing here is per business: each task looks for rows that are due.
app.conf.beat_schedule = {
    "send jobs again that nobody holds": {
        "task": "tenants.jobs.tasks.send_due",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "seal the audit trail": {
        "task": "tenants.audit.tasks.seal",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "read the sources that are due": {
        "task": "crm_sync.connections.tasks.poll",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "write into the sources what was missed": {
        "task": "crm_sync.writeback.tasks.sweep",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
}

_last_beat = 0.0


@signals.worker_process_init.connect
def settle_down(**_: Any) -> None:
    """Let no job wait while the collector goes through all that was imported."""
    settle()


@signals.heartbeat_sent.connect
def note_heartbeat(**_: Any) -> None:
    """Leave word for `/readyz` that a worker is alive."""
    global _last_beat
    now = time.monotonic()
    if now - _last_beat >= HEARTBEAT_SECONDS or not _last_beat:
        _last_beat = now
        cache.set(HEARTBEAT_KEY, int(time.time()), timeout=4 * HEARTBEAT_SECONDS)
