"""Getting a token, seeing one's tokens, and taking them back."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.core.exceptions import ValidationError
from django.http import Http404
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from tenants.access import public_page
from tenants.accounts.models import User
from tenants.accounts.selectors import places_of
from tenants.api.models import ApiToken
from tenants.api.pages import sent, text_of
from tenants.api.problems import problem
from tenants.api.tokens import give_token, revoke

WRONG = "The e-mail or the password is not right."


@public_page
@api_view(["POST"])
@permission_classes([AllowAny])
def authenticate(request: Any) -> Response:
    """Give a token for an e-mail and a password, and a code where the user has one."""
    data = sent(request, ("email", "password", "code"))
    email, password = text_of(data, "email"), data.get("password")
    code = text_of(data, "code", most=20)
    if not email or not isinstance(password, str) or not password:
        return _said(400, "Send your e-mail and password.", '{"email", "password"}')
    try:
        user = get_adapter().authenticate(
            request._request, email=email, password=password
        )
    except ValidationError:
        return _said(429, "Too many tries.", "Wait 15 minutes, or reset the password.")
    if user is None or not user.is_active:
        return _said(401, WRONG, "Both are those that you log in with.")
    try:
        fits = not is_mfa_enabled(user) or _code_fits(user, code)
    except ValidationError:
        return _said(429, "Too many wrong codes.", "Wait 15 minutes, then try again.")
    if not fits:
        return _said(401, "The code is not right.", "Send `code`, from your app.")
    token, row = give_token(user=user)
    return Response(
        {
            "token": token,
            "token_type": "Bearer",
            "expires_at": row.expires_at.isoformat(),
            "user": {"email": user.email, "name": user.name},
            "groups": _places(user),
        }
    )


@api_view(["GET"])
def tokens(request: Any) -> Response:
    """List one's own tokens that are not revoked; never the tokens themselves."""
    rows = ApiToken.objects.filter(user=request.user, revoked_at=None).order_by("-pk")
    return Response({"tokens": [_token(row, request) for row in rows[:200]]})


@api_view(["DELETE"])
def token(request: Any, id: str) -> Response:
    """Take one of one's own tokens back; `this` is the one that asks, `all` all."""
    rows = ApiToken.objects.filter(user=request.user, revoked_at=None)
    if id == "this":
        rows = rows.filter(pk=getattr(request.auth, "pk", 0))
    elif id != "all":
        rows = rows.filter(pk=int(id)) if id.isdecimal() and len(id) < 18 else rows[:0]
    found = list(rows)
    if not found and id != "all":
        raise Http404
    return Response({"revoked": revoke(tokens=found, by=request.user)})


# Whoever asks without a log-in gets a 401 from the framework, not a page to log in on.
_OWN: tuple[Any, ...] = (tokens, token)
for _view in _OWN:
    _view.is_for_users = True


def _said(status: int, detail: str, hint: str) -> Response:
    response = Response(problem(status, detail, hint), status=status)
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def _code_fits(user: User, code: str) -> bool:
    """Say whether the code is of the user's app or a recovery code; wrong ones count
    against the same limit as on the page, and only a right one clears it."""
    if not code:
        return False
    clear = check_rate_limit(user)
    for row in Authenticator.objects.filter(user=user):
        if row.type in ("totp", "recovery_codes") and row.wrap().validate_code(code):
            clear()
            return True
    return False


def _places(user: User) -> list[dict[str, Any]]:
    return [
        {
            "slug": place.group.slug,
            "name": place.group.name,
            "roles": sorted(place.roles),
            "businesses": [
                {"slug": business.slug, "name": business.name, "roles": sorted(roles)}
                for business, roles in place.businesses.items()
            ],
        }
        for place in places_of(user)
    ]


def _token(row: ApiToken, request: Any) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "begins_with": row.hint,
        "reads_only": row.reads_only,
        "created_at": row.created_at.isoformat(),
        "expires_at": row.expires_at.isoformat(),
        "last_used_at": row.last_used_at.isoformat() if row.last_used_at else None,
        "is_this": getattr(request.auth, "pk", None) == row.pk,
    }
