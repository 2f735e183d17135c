"""How gunicorn serves: a few processes with threads, loaded once and then forked."""

from typing import Any

from commissions_saas import env

wsgi_app = "commissions_saas.wsgi:application"
worker_class = "gthread"
workers = env.whole_number("WEB_PROCESSES", 2, least=1, most=64)
threads = env.whole_number("WEB_THREADS", 6, least=1, most=64)
preload_app = True
timeout = 60
graceful_timeout = 10
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000
accesslog = None  # django-structlog writes one line a request, with its id
control_socket_disable = True


def pre_fork(server: Any, worker: Any) -> None:
    """A connection must not be shared between processes."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        if connection.settings_dict["OPTIONS"].get("pool"):
            connection.close_pool()  # type: ignore[attr-defined]
