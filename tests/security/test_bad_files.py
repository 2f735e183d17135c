"""Whatever plan or file is sent, it is refused in words or taken: never a fault."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from commissions.plans.services import create_plan
from commissions.plans.yaml_form import plan_from_yaml
from tenants.accounts.models import Business, Role
from tests.people import a_member
from tests.security.hostile import check

pytestmark = pytest.mark.usefixtures("early_november", "without_logs")

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
