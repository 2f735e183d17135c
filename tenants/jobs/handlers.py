"""Which function does the work of which kind of job."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar

from django.apps import apps

from tenants.jobs.errors import NoSuchKind
from tenants.jobs.lease import Lease

Handler = Callable[[Lease], dict[str, Any] | None]
H = TypeVar("H", bound=Handler)
_handlers: dict[str, Handler] = {}


def handles(kind: str) -> Callable[[H], H]:
    """Make a function of an app's `tasks.py` do the work of this kind of job.

    It may run twice and half: it commits in `lease.transaction()` and nowhere else.
    What it returns is kept in the job's row.
    """

    def register(handler: H) -> H:
        _handlers[kind] = handler
        return handler

    return register


def handler_of(kind: str) -> Handler:
    """Return the function for this kind, loading the apps' tasks where needed."""
    for app in apps.get_app_configs():
        if kind in _handlers:
            break
        if find_spec(f"{app.name}.tasks"):
            import_module(f"{app.name}.tasks")
    if kind not in _handlers:
        raise NoSuchKind(kind)
    return _handlers[kind]
