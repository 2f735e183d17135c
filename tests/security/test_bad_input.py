"""Whatever is sent, the answer is a page below 500: never a fault of ours."""

import base64
import json
from datetime import date
from urllib.parse import quote

import pytest
from django.test import Client

from commissions.statements.disputes import open_dispute
from commissions.statements.models import Line, Statement
from commissions_saas.lib.money import NotAnAmount, parse_decimal
from crm_sync.ledger.models import Payee
from payouts.runs.models import PayoutRun
from tenants.access import Member
from tenants.accounts.models import Business
from tests.security.hostile import check

pytestmark = pytest.mark.usefixtures("early_november", "without_logs")
LONG_NUMBER = "9" * 5000
WORDS = [
    "\x00",
    "a\x00b",
    "'\"<>\\%_",
    LONG_NUMBER,
    "NaN",
    "٣",
    "0001-01-01",
    "9999-12-31",
    "x" * 3000,
]


def a_cursor(*words: object, back: object = 0, number: object = 51) -> str:
    text = json.dumps([back, number, *words])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


CURSORS = [
    a_cursor(["s", "abc"], ["s", "abc"], ["s", "abc"]),
    a_cursor(["s", "abc"], ["s", "abc"]),
    a_cursor(["s", "abc"]),
    a_cursor(["s", "\x00"], ["i", "1"]),
    a_cursor(["s", "\ud800"], ["i", "1"]),
    a_cursor(["n", "NaN"], ["n", "Infinity"]),
    a_cursor(["n", "1e999999"], ["i", "9" * 40]),
    a_cursor(["m", "2026-01-01T00:00:00"], ["i", "1"]),
    a_cursor(["d", "2026-01-01"], ["u", "00000000-0000-0000-0000-000000000000"]),
    a_cursor(["i", "1"], ["i", "1"], number=float("inf")),
    a_cursor(["i", "1"], ["i", "1"], number=10**30),
    a_cursor(["i", "1"]),
    "9" * 400,
    "٣٣٣",
    "-5",
    "0",
]
LISTS = [
    "/b/acme/statements/",
    "/b/acme/deals/",
    "/b/acme/adjustments/",
    "/b/acme/periods/2026-10/",
    "/b/acme/audit/",
    "/b/acme/jobs/",
    "/b/acme/products/",
    "/b/acme/refused/",
    "/b/acme/assignments/",
    "/b/acme/plans/",
    "/b/acme/runs/",
    "/g/northwind/audit/",
    "/g/northwind/jobs/",
    "/g/northwind/",
]


def test_a_forged_cursor_leads_to_no_fault(
    boss: Client, run: PayoutRun, maya: Payee
) -> None:
    for path in (*LISTS, f"/b/acme/statements/{maya.pk}/2026-10/"):
        assert check(boss, "get", path) == 200, path
        for cursor in CURSORS:
            check(boss, "get", f"{path}?page={quote(cursor, safe='')}")


QUESTIONS = {
    "/b/acme/statements/": ["period", "q"],
    "/b/acme/periods/2026-10/": ["by", "only"],
    "/b/acme/periods/2026-10/?by=product": ["only"],
    "/b/acme/deals/": ["q"],
    "/b/acme/audit/": ["q", "by", "kind", "since", "until", "as"],
    "/b/acme/refused/": ["code", "detail"],
    "/b/acme/products/": ["q"],
    "/b/acme/assignments/": ["plan", "q", "show", "format"],
    "/b/acme/assignments/new/": ["payee", "plan"],
    "/b/acme/plans/new/": ["template"],
    "/b/acme/runs/1/": ["show", "page", "state"],
    "/b/acme/runs/1/approve/": ["payouts", "all", "show"],
    "/b/acme/runs/1/export/": ["format"],
    "/b/acme/months/2026-10/": ["by", "show"],
    "/g/northwind/": ["year", "months", "by", "currency", "show", "from", "format"],
    "/g/northwind/audit/": ["q", "by", "kind", "since", "until"],
}


def test_a_hostile_question_leads_to_no_fault(boss: Client, run: PayoutRun) -> None:
    for path, names in QUESTIONS.items():
        assert check(boss, "get", path) in (200, 302), path
        sign = "&" if "?" in path else "?"
        for word in WORDS:
            for name in names:
                check(boss, "get", f"{path}{sign}{name}={quote(word, safe='')}")


def test_hostile_questions_about_a_statement_lead_to_no_fault(
    boss: Client, run: PayoutRun, maya: Payee
) -> None:
    here = f"/b/acme/statements/{maya.pk}/2026-10/"
    for page in ("?show=", "changes/?since=", "missing/?q=", "estimate/?asked=1&deal="):
        for word in WORDS:
            check(boss, "get", f"{here}{page}{quote(word, safe='')}")


def test_a_date_at_the_edge_of_time_leads_to_no_fault(
    boss: Client, acme: Business
) -> None:
    for zone in ("Asia/Tokyo", "America/New_York"):
        Business.objects.filter(pk=acme.pk).update(time_zone=zone)
        for name in ("since", "until"):
            for day in ("0001-01-01", "9999-12-31"):
                check(boss, "get", f"/b/acme/audit/?{name}={day}")


@pytest.mark.parametrize(
    "path",
    [
        "/b/acme/statements/1/{}/",
        "/b/acme/statements/{}/2026-10/",
        "/b/acme/periods/{}/",
        "/b/acme/deals/{}/",
        "/b/acme/disputes/{}/",
        "/b/acme/jobs/{}/",
        "/b/acme/runs/{}/",
        "/b/acme/runs/1/files/{}/",
        "/b/acme/plans/{}/",
        "/b/acme/payees/{}/",
        "/b/acme/connections/{}/",
        "/b/acme/months/{}/",
        "/b/{}/",
        "/g/{}/",
    ],
)
def test_a_malformed_address_is_not_found(boss: Client, path: str) -> None:
    slugs = ["0000-00", "9999-12", "0001-01", "2026-13", "2026-w54", "2026-q9", "9999"]
    slugs += ["2026-w53", "9999-w52", "9999-q4", "0001-w01", "٢٠٢٦-١١", "2" * 300]
    ids = ["99999999999999999999", LONG_NUMBER, "-1", "00000000-0000-0000-0000"]
    for word in (*slugs, *ids, *WORDS[:4]):
        url = path.format(quote(word, safe=""))
        assert check(boss, "get", url) in (200, 301, 400, 404), url


NUMBERS = ["NaN", "-0", "1e15", "1e400", "0.00001", "1e-400", "٣", ""]
NUMBERS += ["Infinity", "sNaN", "1,000", "\x00", "9" * 400]


def test_hostile_numbers_in_money_forms_are_refused(
    boss: Client, run: PayoutRun, maya: Payee, theo: Payee, alice: Member
) -> None:
    line = Line.objects.filter(payee_id=maya.pk, closed_run__isnull=True)[0]
    dispute = open_dispute(
        line=Line.objects.filter(payee_id=theo.pk, closed_run__isnull=True)[0],
        reason="amount",
        claimed=None,
        note="?",
        by=alice,
    )
    row = Statement.objects.get(payee=maya, period__slug="2026-10")
    for number in NUMBERS:
        for url, body in {
            "/b/acme/adjustments/": {
                "payee": maya.pk,
                "period": row.period_id,
                "amount": number,
                "reason": "because",
            },
            f"/b/acme/statements/{maya.pk}/2026-10/lines/{line.pk}/": {
                "reason": "amount",
                "claimed": number,
                "note": "n",
            },
            f"/b/acme/disputes/{dispute.pk}/": {
                "decision": "adjust",
                "amount": number,
                "answer": "so",
            },
            "/b/acme/runs/1/sign/": {"seen_version": number, "seen_total": number},
            "/b/acme/runs/1/approve/": {
                "seen_version": 1,
                "seen_total": number,
                "payouts": [number],
            },
            "/b/acme/runs/1/export/": {"format": number, "seen_total": number},
            "/b/acme/runs/1/paid/": {
                "paid_on": number,
                "reference": "r",
                "seen_total": number,
            },
            "/g/northwind/rates/": {
                "month": "2026-10",
                "currency": "EUR",
                "rate": number,
                "source": "ECB",
            },
        }.items():
            check(boss, "post", url, body)
    assert not Line.objects.filter(amount__gt=10**12).exists()


def test_hostile_words_in_other_forms_are_refused(boss: Client, run: PayoutRun) -> None:
    plan = "/b/acme/plans/comfort-advisor/"
    for word in WORDS:
        for url, body in {
            "/b/acme/runs/prepare/": {"period": word, "idempotency_key": word},
            "/b/acme/assignments/new/": {
                "payee": word,
                "plan": word,
                "starts_on": word,
            },
            "/b/acme/assignments/upload/": {"text": word, "do": "commit"},
            "/b/acme/tables/new/": {"key": word, "starts_on": word, "rows": word},
            "/b/acme/refused/retry/": {"code": word, "detail": word},
            f"{plan}start/": {},
            f"{plan}draft/?as=yaml": {"text": word, "edition": word},
            f"{plan}draft/": {"edition": word, "name": word},
            f"{plan}draft/publish/": {"starts_on": word},
            "/b/acme/payees/new/": {"name": word, "attributes": f"a: {word}"},
            "/b/acme/products/new/": {"name": word, "attributes": f"a: {word}"},
            "/b/acme/access/": {"email": word, "place": word, "role": word},
            "/b/acme/settings/": {"name": word},
            "/g/northwind/rates/": {
                "month": word,
                "currency": word,
                "rate": "1",
                "source": word,
            },
            "/g/northwind/people/": {"email": "a@b.example", "starts_on": word},
            "/b/acme/connections/new/": {
                "name": "x",
                "secret": word,
                "objects": ["deal"],
                "base_url": word,
            },
            "/account/login/": {"login": word, "password": word},
            "/account/password/reset/": {"email": word},
        }.items():
            check(boss, "post", url, body)


def test_fields_that_are_left_out_are_asked_for(boss: Client, run: PayoutRun) -> None:
    for url in (
        "/b/acme/tables/new/",
        "/b/acme/assignments/new/",
        "/b/acme/assignments/upload/",
        "/b/acme/plans/new/",
        "/b/acme/plans/comfort-advisor/draft/publish/",
        "/b/acme/runs/prepare/",
        "/b/acme/runs/1/approve/",
        "/b/acme/runs/1/export/",
        "/b/acme/adjustments/",
        "/b/acme/connections/upload/",
        "/b/acme/products/import/",
        "/g/northwind/rates/",
        "/g/northwind/businesses/new/",
    ):
        check(boss, "post", url, {})


def test_a_body_of_11_mb_is_refused(boss: Client, run: PayoutRun) -> None:
    big = {"payee": "1", "reason": "x" * 11_000_000}

    assert check(boss, "post", "/b/acme/adjustments/", big) in (400, 413, 422)
    many = {f"f{n}": "1" for n in range(10_500)}
    assert check(boss, "post", "/b/acme/adjustments/", many) in (400, 413, 422)


def test_an_assignment_at_the_edge_of_time_leads_to_no_fault(
    boss: Client, run: PayoutRun, maya: Payee
) -> None:
    for starts_on, ends_on in (
        (date.min, date.max),
        (date.max, ""),
        (date(2026, 1, 1), date.max),
    ):
        body = {
            "payee": maya.pk,
            "plan": "comfort_advisor",
            "starts_on": starts_on,
            "ends_on": ends_on,
            "value-quota": "1e15",
        }
        check(boss, "post", "/b/acme/assignments/new/", body)
        table = {"key": "edge", "starts_on": starts_on, "rows": "from,rate\n0,6%"}
        check(boss, "post", "/b/acme/tables/new/", table)
        check(boss, "post", "/b/acme/tables/edge/moves/", table)


@pytest.mark.parametrize("text", ["1e-999999999", "-1e-400", "0e-999999", "1e15"])
def test_a_number_that_cannot_be_kept_is_none(text: str) -> None:
    """Written out in full, the first would take a gigabyte."""
    with pytest.raises(NotAnAmount):
        parse_decimal(text)
