"""Whatever is sent, the answer is a page below 500: never a fault of ours."""

import base64
import json
import logging
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from commissions.plans.services import create_plan
from commissions.plans.yaml_form import plan_from_yaml
from commissions.statements.disputes import open_dispute
from commissions.statements.models import Line, Statement
from commissions_saas.lib import clock
from commissions_saas.lib.money import NotAnAmount, parse_decimal
from crm_sync.ledger.models import Payee
from payouts.runs.models import PayoutRun
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tests.payouts.conftest import NOVEMBER_2
from tests.people import a_group_member, a_member

Browser = Callable[[Member], Client]
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


@pytest.fixture(autouse=True)
def without_logs() -> Iterator[None]:
    """Long traces of faults would take longer than the tests."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(autouse=True)
def early_november(acme: Business) -> Iterator[None]:
    with clock.at(NOVEMBER_2):
        yield


@pytest.fixture
def boss(acme: Business, log_in: Browser) -> Client:
    """Somebody who may do everything in the business and the group."""
    owner = a_group_member(acme, "Olga", Role.OWNER)
    a_member(acme, "Olga", Role.FINANCE, Role.ADMIN, Role.REP, user=owner.user)
    return log_in(owner)


def check(client: Client, method: str, url: str, data: Any = None) -> int:
    answer = client.generic("GET", url) if method == "get" else client.post(url, data)
    assert answer.status_code < 500, (method, url[:200], str(data)[:200])
    if answer.status_code == 400:
        assert b"<h1" in answer.content, "a 400 says in a sentence what is wrong"
    return int(answer.status_code)


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


PLANS = {
    "deep flow": "plan: " + "[" * 100_000,
    "deep mappings": "plan: " + "{a: " * 50_000,
    "an alias bomb": "a: &a [x, x]\nb: &b [*a, *a]\nplan: [*b, *b]\n",
    "a merge key": "a: &a {x: 1}\nplan:\n  <<: *a\n",
    "a tag that makes an object": "plan: !!python/object/apply:os.system ['true']",
    "a zero byte": 'plan: "a\\0b"\ncurrency: USD\n',
    "half a character": 'plan: "\\ud800"\ncurrency: USD\n',
    "a zero byte deep inside": 'plan: a\ncurrency: USD\nsays: "x\\0y"\n'
    "components:\n  - {key: d, name: D, base: deal.amount, amount: base}\n",
    "half a character deep inside": 'plan: a\ncurrency: USD\nsays: "x\\udfff"\n'
    "components:\n  - {key: d, name: D, base: deal.amount, amount: base}\n",
    "a list as key": "? [a, b]\n: c\n",
    "two documents": "plan: a\n---\nplan: b\n",
    "too much": "plan: " + "x" * 600_000,
    "a long name": "plan: " + "x" * 5_000 + "\ncurrency: USD\n"
    "components:\n  - {key: d, name: D, base: deal.amount, amount: base}\n",
    "only signs as name": "plan: '!!!'\ncurrency: USD\n"
    "components:\n  - {key: d, name: D, base: deal.amount, amount: base}\n",
    "a control character": "plan: \x07",
    "a huge number": "plan: a\ncurrency: USD\ncomponents:\n"
    "  - {key: d, name: D, base: 9" + "9" * 1500 + ", amount: base}\n",
    "a list": "[1, 2]",
    "text": "plan",
    "a number as component": "plan: a\ncurrency: USD\ncomponents: 5\n",
    "a mapping as currency": "plan: a\ncurrency: {a: b}\ncomponents: [[]]\n",
}


@pytest.mark.parametrize("what", sorted(PLANS))
def test_a_hostile_plan_is_refused_in_words(boss: Client, what: str) -> None:
    status = check(boss, "post", "/b/acme/plans/new/", {"text": PLANS[what]})

    assert status in (302, 422)


def test_a_plan_s_draft_takes_no_hostile_file(acme: Business, boss: Client) -> None:
    good = (
        "plan: Mine\ncurrency: USD\n"
        "components:\n  - {key: d, name: D, base: deal.amount, amount: base}\n"
    )
    draft = create_plan(
        document=plan_from_yaml(good), by=a_member(acme, "Ada", Role.ADMIN)
    )
    for text in PLANS.values():
        for url in (
            f"/b/acme/plans/{draft.plan.slug}/draft/{x}" for x in ("", "check/")
        ):
            check(boss, "post", url, {"text": text, "edition": "1"})


HEAD = "id,name,amount,currency,won_on,status_type,owner,product\r\n"
FILES: dict[str, bytes] = {
    "a line of 2 MB": (HEAD + "1," + "x" * 2_000_000).encode(),
    "a header of 2 MB": b"id," + b"x" * 2_000_000,
    "a header cell of 100,000": b"id," + b"x" * 100_000 + b"\n1,2\n",
    "a header cell of 3,000": b"id," + b"x" * 3_000 + b"\n1,2\n",
    "100,000 columns": ",".join(f"c{n}" for n in range(100_000)).encode(),
    "zero bytes": (HEAD + "1,a\x00b,5\r\n").encode(),
    "another encoding": (HEAD + "1,Müller,5\r\n").encode("latin-1"),
    "UTF-16": (HEAD + "1,a,5\r\n").encode("utf-16"),
    "an open quotation mark": (HEAD + '1,"a\r\n' * 50).encode(),
    "nothing": b"",
    "only line ends": b"\r\n" * 5000,
    "hostile numbers": (
        HEAD
        + "".join(
            f"{n},Deal,{number},USD,2026-10-05,won,a@b.example,Air quality\r\n"
            for n, number in enumerate(
                [
                    "NaN",
                    "1e400",
                    "-1e30",
                    "1e15",
                    "Infinity",
                    "0x1",
                    "-0",
                    "1e-300",
                    "9" * 5000,
                    "1" + "0" * 16,
                    "999999999999999.99999",
                    "٣",
                ]
            )
        )
    ).encode(),
    "hostile days": (
        HEAD
        + "".join(
            f"{n},Deal,5,USD,{day},won,a@b.example,Air quality\r\n"
            for n, day in enumerate(
                [
                    "0001-01-01",
                    "9999-12-31",
                    "2026-02-30",
                    "99999-01-01",
                    "-1-1-1",
                    "2026-10-05T00:00:00+99:00",
                    "=TODAY()",
                    "9" * 400,
                ]
            )
        )
    ).encode(),
    "hostile words": (
        HEAD
        + "".join(
            f"{n},{word},5,{word},2026-10-05,{word},{word},{word}\r\n"
            for n, word in enumerate(["=1+1", "<b>", "x" * 30_000, "\u202e", "\x07"])
        )
    ).encode(),
    "long ids": (HEAD + "x" * 5000 + ",a,5,USD,2026-10-05,won,o,p\r\n").encode(),
}


@pytest.mark.parametrize("what", sorted(FILES))
def test_a_hostile_file_of_deals_is_refused_in_words(boss: Client, what: str) -> None:
    file = SimpleUploadedFile("deals.csv", FILES[what], "text/csv")

    status = check(
        boss, "post", "/b/acme/connections/upload/", {"object": "deal", "file": file}
    )

    assert status in (302, 422)
    if status == 302:
        uploads = Client.get(boss, "/b/acme/connections/")
        assert uploads.status_code == 200
        from crm_sync.connections.models import Upload

        number = Upload.objects.latest("pk").pk
        here = f"/b/acme/connections/uploads/{number}/"
        check(boss, "get", here)
        check(boss, "get", f"{here}refused/")
        check(boss, "post", here, {})


@pytest.mark.parametrize("what", sorted(FILES))
def test_a_hostile_file_of_other_rows_is_refused_in_words(
    boss: Client, what: str
) -> None:
    content = FILES[what].replace(b"id,name", b"plan,from,name", 1)
    for url in (
        "/b/acme/products/import/",
        "/b/acme/territories/import/",
        "/b/acme/assignments/upload/",
    ):
        file = SimpleUploadedFile("rows.csv", content, "text/csv")
        check(boss, "post", url, {"file": file, "do": "commit"})
    for url in ("/b/acme/tables/new/", "/b/acme/assignments/upload/"):
        text = content.decode("latin-1")
        body = {"key": "k", "starts_on": "2026-10-01", "rows": text, "text": text}
        check(boss, "post", url, body)


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
        check(boss, "post", "/b/acme/tables/edge/", table)


@pytest.mark.parametrize("text", ["1e-999999999", "-1e-400", "0e-999999", "1e15"])
def test_a_number_that_cannot_be_kept_is_none(text: str) -> None:
    """Written out in full, the first would take a gigabyte."""
    with pytest.raises(NotAnAmount):
        parse_decimal(text)
