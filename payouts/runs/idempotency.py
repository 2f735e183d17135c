"""A money request that is sent twice is carried out once.

The key comes with the request, as the header `Idempotency-Key` or a hidden field of
the form. Key and effect commit together; a repeat waits for the first and is given its
answer, and the same key with other contents is refused.
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.db import transaction
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.shortcuts import render

from payouts.runs.errors import KeyUsedDifferently
from payouts.runs.models import IdempotencyKey

P = ParamSpec("P")
View = Callable[Concatenate[Any, P], HttpResponse]
_NOT_CONTENT = {"csrfmiddlewaretoken"}


def once(view: View[P]) -> View[P]:
    """Carry a POST out once for each key; without a key it is carried out as it is."""

    @wraps(view)
    def wrapped(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        key = _key_of(request)
        if request.method != "POST" or not key:
            return view(request, *args, **kwargs)
        with transaction.atomic():
            row, is_new = _claim(request, key)
            if not is_new:
                return _repeat(request, row)
            answer = view(request, *args, **kwargs)
            _remember(row, answer)
            return answer

    return cast("View[P]", wrapped)


def _key_of(request: HttpRequest) -> str:
    sent = request.headers.get("Idempotency-Key", "")
    return str(sent or request.POST.get("idempotency_key", ""))[:100]


def _claim(request: Any, key: str) -> tuple[IdempotencyKey, bool]:
    """Insert the key; a second caller waits here until the first has committed."""
    body = _digest(request)
    IdempotencyKey.objects.bulk_create(
        [
            IdempotencyKey(
                key=key,
                user_id=request.member.user_id,
                path=request.path,
                body_sha256=body,
            )
        ],
        ignore_conflicts=True,
    )
    row = IdempotencyKey.objects.select_for_update().get(key=key)
    return row, row.status is None and row.body_sha256 == body


def _repeat(request: Any, row: IdempotencyKey) -> HttpResponse:
    same = (
        row.user_id == request.member.user_id
        and row.path == request.path
        and row.body_sha256 == _digest(request)
    )
    if not same:
        problem = KeyUsedDifferently()
        return render(request, "runs/refused.html", {"problem": problem}, status=409)
    if row.location:
        return HttpResponseRedirect(row.location)
    return HttpResponse(row.answer, status=row.status or 200)


def _remember(row: IdempotencyKey, answer: HttpResponseBase) -> None:
    location = answer.headers.get("Location", "")
    body = "" if location or answer.streaming else bytes(answer.content).decode()  # type: ignore[attr-defined]
    IdempotencyKey.objects.filter(pk=row.pk).update(
        status=answer.status_code, location=location, answer=body
    )


def _digest(request: HttpRequest) -> str:
    fields = sorted(
        (name, value)
        for name, values in request.POST.lists()
        if name not in _NOT_CONTENT
        for value in values
    )
    return hashlib.sha256(repr((request.path, fields)).encode()).hexdigest()
