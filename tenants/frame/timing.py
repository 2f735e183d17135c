"""Tells the browser how long the server took and how many queries it made."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from time import perf_counter
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponseBase


class ServerTimingMiddleware:
    """Adds `Server-Timing: total;dur=…, db;dur=…;desc="7 queries"` to every answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = perf_counter()
        meter = _Meter()
        measured: AbstractContextManager[None] = connection.execute_wrapper(meter)
        with measured:
            response = self.get_response(request)
        total = (perf_counter() - started) * 1000
        noun = "query" if meter.count == 1 else "queries"
        response["Server-Timing"] = (
            f"total;dur={total:.1f}, "
            f'db;dur={meter.seconds * 1000:.1f};desc="{meter.count} {noun}"'
        )
        return response


class _Meter:
    """Counts what is asked of the database; naming the schema asks nothing."""

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: Any,
        params: Any,
        many: bool,
        context: Any,
    ) -> Any:
        started = perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.count += not str(sql).startswith("SET search_path")
            self.seconds += perf_counter() - started
