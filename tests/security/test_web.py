"""What a browser is told: no script of others, no way out, no forged request."""

import csv
import io
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core import mail
from django.test import Client, override_settings
from django.urls import URLPattern

from commissions.plans.models import Plan
from commissions.statements.models import Line
from crm_sync.ledger import services as ledger
from crm_sync.ledger.models import Payee
from payouts.exports.payroll_csv import plain
from tenants.access import Member
from tenants.accounts.invitations import bring_in
from tenants.accounts.models import Business, Role, User
from tests.commissions.statements import world
from tests.people import a_group_member, a_member, a_user

pytestmark = pytest.mark.usefixtures("early_november")

Browser = Callable[[Member], Client]
SCRIPT = "<img src=x onerror=alert(1)>\"'`{{7*7}}</script>"
FORMULA = '=HYPERLINK("http://evil.example","x")'


def a_hostile_deal(text: str, payee: Payee) -> int:
    """A deal in which every text that a CRM user can write is hostile."""
    plan = world.a_plan("technician", starts_on=date(2020, 1, 1))
    world.assign(payee, plan, date(2020, 1, 1))
    world.sync(
        world.a_deal(
            "hostile",
            date(2026, 10, 5),
            "240",
            world.CARE,
            name=text,
            status=text,
            territory=text,
            note_of_theirs=text,
        )
    )
    world.catch_up()
    Line.objects.get(closed_run__isnull=True)
    return world.entry("hostile").pk


def test_names_of_the_crm_are_text_on_every_page(acme: Business, boss: Client) -> None:
    payee = world.a_payee(SCRIPT, "user_maya")
    ledger.create_product(name=SCRIPT, attributes={"note": SCRIPT})
    ledger.create_territory(name=SCRIPT)
    Plan.objects.create(name=SCRIPT, slug="hostile-plan")
    deal = a_hostile_deal(SCRIPT, payee)
    line = Line.objects.get(closed_run__isnull=True)
    here = f"statements/{payee.pk}/2026-10/"
    seen = 0
    for path in (
        "statements/?period=2026-10",
        here,
        f"{here}lines/{line.pk}/",
        f"{here}changes/?since=start",
        f"{here}missing/?q=img",
        f"{here}estimate/",
        f"deals/{deal}/",
        "deals/?q=<img src=x onerror=alert(1)>",
        "periods/2026-10/",
        "periods/2026-10/?by=product",
        "periods/2026-10/?by=territory",
        "adjustments/",
        "people/",
        f"payees/{payee.pk}/",
        "products/",
        "territories/",
        "assignments/",
        "plans/",
        "audit/",
        "refused/",
        "runs/",
        "months/2026-10/",
    ):
        answer = boss.get(f"/b/acme/{path}")
        assert answer.status_code == 200, path
        text = answer.content.decode()
        seen += "&lt;img src=x" in text
        assert "<img src=x" not in text, path
        assert "\"'`{{7*7}}</script>" not in text, path
    overview = boss.get("/g/northwind/?by=payee").content.decode()
    assert "<img src=x" not in overview
    assert seen > 8, "the hostile names must be there, else this proves nothing"


def cells(answer: Any) -> list[str]:
    content = answer.getvalue() if answer.streaming else answer.content
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return [cell for row in rows for cell in row]


def test_no_export_holds_a_formula(acme: Business, boss: Client) -> None:
    payee = world.a_payee(FORMULA, "user_maya")
    ledger.create_product(name=FORMULA, attributes={"note": FORMULA})
    ledger.create_territory(name=FORMULA, attributes={"note": FORMULA})
    a_hostile_deal(FORMULA, payee)
    Business.objects.filter(pk=acme.pk).update(name=FORMULA)
    boss.post(
        "/g/northwind/rates/",
        {"month": "2026-10", "currency": "=A1", "rate": "1", "source": FORMULA},
    )
    boss.post(
        "/b/acme/tables/new/",
        {
            "key": "hostile",
            "starts_on": "2026-10-01",
            "rows": f'product,rate\n"{FORMULA.replace(chr(34), chr(34) * 2)}",6%\n',
        },
    )
    found = 0
    for path in (
        f"/b/acme/statements/{payee.pk}/2026-10/csv/",
        "/b/acme/audit/?as=csv",
        "/b/acme/assignments/?format=csv",
        "/b/acme/tables/hostile/?format=csv",
        "/b/acme/products/csv/",
        "/b/acme/territories/csv/",
        "/b/acme/payees/csv/",
        "/g/northwind/?format=csv",
        "/g/northwind/audit/?as=csv",
    ):
        answer = boss.get(path)
        assert answer.status_code == 200, path
        assert "attachment" in answer["Content-Disposition"]
        for cell in cells(answer):
            found += FORMULA in cell
            assert not cell.startswith(("=", "+", "@", "\t", "\r")), (path, cell)
    assert found > 6
    assert plain(FORMULA).startswith("'=")


EVIL = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https:///evil.example",
    "https://evil.example",
    "/%09/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    " //evil.example",
    "javascript:alert(1)",
    "//evil.example\\@testserver",
    "http://testserver@evil.example",
    "/%5cevil.example",
]


@pytest.mark.parametrize("way_out", EVIL)
def test_a_log_in_leads_to_no_other_site(db: None, way_out: str) -> None:
    user = User.objects.create_user("u@people.example", "correct horse battery")
    client = Client()

    answer = client.post(
        "/account/login/",
        {"login": user.email, "password": "correct horse battery", "next": way_out},
    )

    assert answer.status_code == 302
    assert answer["Location"].startswith("/")
    assert not re.match(r"[/\\\s]{2}|/(%09|\t)/|/\\", answer["Location"]) or (
        answer["Location"] == way_out == "/%09/evil.example"
    )


def routes_that_take_a_post() -> list[str]:
    from tests.test_isolation import ROUTES

    def address(pattern: str) -> str:
        sample = {
            "slug": "acme",
            "int": "1",
            "uuid": "0" * 8 + "-0000-0000-0000-000000000000",
        }
        return "/" + re.sub(
            r"<(?:(\w+):)?(\w+)>",
            lambda m: {"group": "northwind"}.get(m[2], sample.get(m[1] or "", "x")),
            pattern,
        )

    assert all(isinstance(route.pattern, URLPattern) for route in ROUTES)
    return [address(r.path) for r in ROUTES if "(?" not in r.path]


def test_no_post_is_taken_without_a_token(acme: Business) -> None:
    owner = a_group_member(acme, "Olga", Role.OWNER)
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(owner.user)
    paths = routes_that_take_a_post()

    assert len(paths) > 100
    for path in paths:
        if path in ("/healthz", "/readyz"):
            continue
        answer = client.post(path, {"x": "1"})
        assert answer.status_code in (403, 404, 405), (path, answer.status_code)
        if answer.status_code != 403:
            assert client.get(path).status_code in (404, 405), path


def test_every_answer_forbids_frames_and_scripts_of_others(boss: Client) -> None:
    for path in ("/account/login/", "/b/acme/statements/", "/b/acme/nothing/", "/b/x/"):
        answer = boss.get(path)
        policy = answer["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"


def test_cookies_are_not_for_scripts_and_change_at_log_in(db: None) -> None:
    user = User.objects.create_user("u@people.example", "correct horse battery")
    client = Client()
    client.get("/account/login/")
    session = client.session
    session["planted"] = "yes"
    session.save()
    before = session.session_key

    answer = client.post(
        "/account/login/", {"login": user.email, "password": "correct horse battery"}
    )

    cookie = answer.cookies["sessionid"]
    assert cookie.value != before
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_forged_host_is_in_no_mail(db: None) -> None:
    User.objects.create_user("u@people.example", "correct horse battery")
    body = {"email": "u@people.example"}

    for headers in (
        {"HTTP_HOST": "evil.example"},
        {"HTTP_X_FORWARDED_HOST": "evil.example"},
        {"HTTP_HOST": "localhost:80@evil.example"},
        {"HTTP_FORWARDED": "host=evil.example"},
        {"HTTP_X_HOST": "evil.example"},
    ):
        Client().post("/account/password/reset/", body, **headers)  # type: ignore[arg-type]

    assert mail.outbox
    assert not any("evil" in str(letter.body) for letter in mail.outbox)


def test_whoever_signed_up_with_another_s_address_gets_no_role_by_it(
    acme: Business,
) -> None:
    """Anybody can sign up as alice@acme.example before Alice is invited."""
    with override_settings(ACCOUNT_RATE_LIMITS={}):
        answer = Client().post(
            "/account/signup/",
            {
                "email": "alice@acme.example",
                "password1": "a password of a thief",
                "business_name": "Thieves",
                "currency": "USD",
                "time_zone": "UTC",
            },
        )
    assert answer.status_code == 302
    thief = User.objects.get(email="alice@acme.example")
    ada = a_member(acme, "Ada", Role.ADMIN)

    from tenants.accounts.errors import EmailNotConfirmed

    with pytest.raises(EmailNotConfirmed):
        bring_in(
            email="Alice@acme.example",
            name="Alice",
            role=Role.FINANCE,
            group=ada_group(acme),
            business=acme,
            by=ada.user,
        )
    assert not thief.members.filter(business=acme).exists()


def ada_group(business: Business) -> Any:
    return business.group


def test_a_stranger_s_log_in_is_asked_for_again_in_no_page(acme: Business) -> None:
    client = Client()
    client.force_login(a_user("Nobody"))

    assert client.get("/b/acme/statements/").status_code == 404
