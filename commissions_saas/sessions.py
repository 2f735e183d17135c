"""Sessions end after twelve idle hours, and after seven days however busy."""

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

TOUCH_AFTER = 600  # seconds; writing a row for each request would be waste


class SessionLifetimeMiddleware:
    """Keeps a used session alive and ends an old one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.session.session_key and request.user.is_authenticated:
            now = int(time.time())
            begun = request.session.setdefault("begun", now)
            if now - begun > settings.SESSION_LONGEST_AGE:
                request.session.flush()
                from django.contrib.auth.models import AnonymousUser

                request.user = AnonymousUser()
            elif now - request.session.get("seen", 0) > TOUCH_AFTER:
                request.session["seen"] = now
        return self.get_response(request)
