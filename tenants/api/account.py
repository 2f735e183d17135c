"""The page on which people make, name and revoke their own tokens."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from commissions_saas.lib.errors import ProductError
from tenants.access import signed_in
from tenants.accounts.models import User
from tenants.api.tokens import live_tokens, make_token, revoke


class TokenForm(forms.Form):
    """What a token is for, and who asks for it."""

    name = forms.CharField(
        label="What it is for",
        max_length=100,
        help_text="The program that will use it, such as “Nightly export”.",
        error_messages={"required": "Say what it is for."},
    )
    reads_only = forms.BooleanField(
        label="It may only read",
        required=False,
        initial=True,
        help_text="It may look at what you may see, and change nothing.",
    )
    password = forms.CharField(
        label="Your password",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password once more."},
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request = request
        if not _person(request).has_usable_password():
            del self.fields["password"]  # who signs in by a passkey has none

    def clean_password(self) -> str:
        """A screen that was left open makes no token."""
        given = str(self.cleaned_data["password"])
        try:
            found = get_adapter().authenticate(
                self._request, email=_person(self._request).email, password=given
            )
        except ValidationError:
            raise ValidationError("Too many tries. Wait 15 minutes.") from None
        if found != self._request.user:
            raise ValidationError("This is not your password.")
        return given


@signed_in
def my_tokens(request: HttpRequest) -> HttpResponse:
    """List one's own tokens, and make another, which is shown once."""
    form = TokenForm(request.POST or None, request=request)
    shown, status = "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                shown, _ = make_token(
                    user=_person(request),
                    name=form.cleaned_data["name"],
                    reads_only=form.cleaned_data["reads_only"],
                )
            except ProductError as problem:
                form.add_error(None, f"{problem.message} {problem.hint}")
            else:
                form, status = TokenForm(request=request), 200
    context = {"tokens": live_tokens(_person(request)), "form": form, "shown": shown}
    page = render(request, "api/tokens.html", context, status=status)
    page["Cache-Control"] = "no-store"
    return page


@signed_in
@require_POST
def revoke_token(request: HttpRequest, id: int) -> HttpResponse:
    """Take one of one's own tokens back; another person's does not exist."""
    row = get_object_or_404(live_tokens(_person(request)), pk=id)
    revoke(tokens=[row], by=_person(request))
    messages.success(request, f"The token {row.name or row.hint} is revoked.")
    return redirect("api:my_tokens")


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
