"""`/healthz` says that the process answers, `/readyz` that the whole can work."""

from collections.abc import Callable

import structlog
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from commissions_saas.celery import HEARTBEAT_KEY

log = structlog.get_logger(__name__)


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer; nothing else is asked, so that a slow database restarts no process."""
    return JsonResponse({"status": "up"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Say whether database, Redis and a worker answer; 503 where one does not."""
    parts: dict[str, Callable[[], bool]] = {
        "database": database_answers,
        "redis": redis_answers,
        "worker": worker_answers,
    }
    found = {name: "ok" if answers() else "down" for name, answers in parts.items()}
    is_ready = set(found.values()) == {"ok"}
    status = {"status": "ready" if is_ready else "not ready", **found}
    return JsonResponse(status, status=200 if is_ready else 503)


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as problem:
        log.warning("database_does_not_answer", problem=str(problem))
        return False
    return True


def redis_answers() -> bool:
    try:
        cache.get("readyz")
    except (RedisError, OSError) as problem:
        log.warning("redis_does_not_answer", problem=str(problem))
        return False
    return True


def worker_answers() -> bool:
    try:
        return cache.get(HEARTBEAT_KEY) is not None
    except (RedisError, OSError):
        return False
