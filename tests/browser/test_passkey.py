"""A passkey is added and then signs its owner in, with a real browser's authenticator."""

import re

from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from tests.chromium import follow
from tests.people import a_user

PASSWORD = "a long password of Ada"


def test_a_passkey_is_added_and_signs_in(page: Page) -> None:
    ada = a_user("Ada")
    ada.set_password(PASSWORD)
    ada.save(update_fields=["password"])
    _with_an_authenticator(page)
    page.goto("/account/login/")
    page.get_by_label("Email").fill(ada.email)
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Sign in", exact=True))

    page.goto("/account/2fa/webauthn/add/")
    if "reauthenticate" in page.url:  # what guards an account asks again
        page.get_by_label("Password").fill(PASSWORD)
        follow(page.get_by_role("button", name="Confirm"))
    page.get_by_label("Name").fill("Laptop")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name=re.compile("Add", re.IGNORECASE)).click()
    page.wait_for_url(lambda url: "webauthn/add" not in url)
    page.context.clear_cookies()
    page.goto("/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    page.wait_for_url(lambda url: "login" not in url)
    expect(page.get_by_text("Successfully signed in as Ada.")).to_be_visible()
    assert Authenticator.objects.filter(user_id=ada.pk, type="webauthn").count() == 1


def _with_an_authenticator(page: Page) -> None:
    """Give the browser an authenticator whose owner is always there and agrees."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
