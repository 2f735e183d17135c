"""Structured logs: one JSON object a line, with the request's id and the business."""

import re
from typing import Any

import structlog
from structlog.typing import EventDict, Processor


def add_business(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Name the schema that is in force, so that a line says whose it is."""
    from django.db import connection  # settings are read before Django is ready

    event.setdefault("schema", getattr(connection, "schema_name", "public"))
    return event


# Whoever knows such an address needs no more: where webhooks are sent, and the links
# by which a password is set and a mail address is confirmed.
_SECRET_ADDRESS = re.compile(
    r"""(/(?:hooks|reset/key|confirm-email)/[^/\s?"'\\]{4})[^/\s?"'\\]+"""
)


def hide_secret_addresses(_logger: Any, _method: str, line: Any) -> str:
    """Leave of such an address only what tells it from others; the last thing done."""
    return _SECRET_ADDRESS.sub(r"\1(hidden)", line)


SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    add_business,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]
# Never with local variables: among them are keys of sources, passwords and pay.
TRACEBACKS: Processor = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def configuration(form: str, level: str) -> dict[str, Any]:
    """Return Django's LOGGING, and set structlog up to feed it."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if form == "json":
        last += [
            TRACEBACKS,
            structlog.processors.JSONRenderer(),
        ]
    else:
        plain = structlog.dev.plain_traceback
        last += [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain)]
    last.append(hide_secret_addresses)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED,
                "processors": last,
            }
        },
        "handlers": {
            "standard": {"class": "logging.StreamHandler", "formatter": "structured"}
        },
        "root": {"handlers": ["standard"], "level": level},
        "loggers": {
            "django": {"level": level, "propagate": True, "handlers": []},
            "django.server": {"level": "WARNING", "propagate": True, "handlers": []},
            "celery": {"level": level},
        },
    }
