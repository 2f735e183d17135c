"""Helen approves Ridgeline's run with its three odd payees; Sam may not."""

import csv
import io
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Page, expect

from payouts.runs.models import Payout
from tenants.accounts.models import Business, Member, Role, RoleGrant, User
from tenants.audit.models import AuditRow
from tests.browser import places
from tests.browser.conftest import Enter
from tests.chromium import follow

ODD = {
    "Dana Whitlock": ("11,240.00", "no reason found"),
    "Marcus Bell": ("−318.20", "carried"),
    "Ines Caro": ("4,872.50", "bank details"),
}
PERIOD = "2026-11a"
APPROVE_ALL = re.compile("^Approve 13")


@pytest.fixture
def run_path(demo_site: str) -> str:
    """Ridgeline's run of the first half of November, on a demo of the test's own."""
    return places.run("ridgeline", PERIOD)


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    """Whether the browser runs scripts; every page works without them."""
    return bool(request.param)


def states() -> dict[str, int]:
    """Return how many payouts of the run are in each state."""
    with places.business("ridgeline"):
        found = Payout.objects.filter(run__period__slug=PERIOD)
        names = list(found.exclude(run__state="void").values_list("state", flat=True))
    return {name: names.count(name) for name in set(names)}


def forged(page: Page, path: str, **fields: str) -> APIResponse:
    """Send a form that no page offers, with the token of the person's session."""
    page.goto("/")
    token = page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    form: dict[str, str | float | bool] = {"csrfmiddlewaretoken": token, **fields}
    headers = {"Referer": page.url}
    return page.request.post(path, form=form, headers=headers, max_redirects=0)


def test_the_three_odd_payees_stand_above_the_fold(enter: Enter, run_path: str) -> None:
    page = enter("Helen")
    page.goto(run_path)

    cards = page.locator("section:has(#flagged) .card")
    assert cards.count() == len(ODD)
    for name, (amount, reason) in ODD.items():
        card = cards.filter(has_text=name)
        expect(card).to_contain_text(amount)
        expect(card).to_contain_text(re.compile(reason, re.IGNORECASE))
        box = card.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 800, name


def test_the_thirteen_ready_payees_are_approved_in_three_clicks(
    enter: Enter, run_path: str, scripts: bool
) -> None:
    page = enter("Helen", java_script_enabled=scripts)
    page.goto("/b/ridgeline/runs/")
    follow(page.locator(f"main a[href='{run_path}']").first)
    approve = page.get_by_role("button", name=APPROVE_ALL)
    expect(approve).to_contain_text("32,734.70")
    follow(approve)
    confirm = page.get_by_role("button", name=APPROVE_ALL)
    expect(confirm).to_contain_text("32,734.70")
    follow(confirm)

    expect(page).to_have_url(re.compile(f"{run_path}$"))
    expect(page.locator(".message")).to_contain_text("Approved 13")
    assert states()["approved"] == 13


def test_a_sum_that_no_longer_holds_approves_nobody(
    enter: Enter, run_path: str
) -> None:
    page = enter("Helen")
    page.goto(f"{run_path}approve/?all=ready")
    other = page.context.new_page()
    other.goto(run_path)
    ready = other.locator("section:has(#ready) tbody th a")
    follow(ready.first)
    follow(other.get_by_role("button", name="Hold", exact=True))
    answer = follow(page.get_by_role("button", name=APPROVE_ALL))

    assert answer is not None
    assert answer.status == 409
    expect(page.locator("h1")).to_have_text("Nothing was done")
    assert "approved" not in states()


def test_who_prepared_the_run_sees_who_may_approve_it(
    enter: Enter, run_path: str
) -> None:
    page = enter("Sam")
    page.goto(run_path)

    approve = page.get_by_role("button", name="Approve")
    expect(approve.first).to_be_disabled()
    expect(page.locator("main")).to_contain_text("You prepared this run.")
    expect(page.locator("main")).to_contain_text("Helen Cho")
    assert page.get_by_role("button", name=APPROVE_ALL).count() == 0


@pytest.mark.parametrize("every_role", [False, True], ids=["finance", "every role"])
def test_who_prepared_the_run_cannot_approve_it_by_forging_the_form(
    enter: Enter, run_path: str, every_role: bool
) -> None:
    if every_role:
        give_every_role("Sam Ortiz")
    page = enter("Sam")
    helen = enter("Helen")
    helen.goto(f"{run_path}approve/?all=ready")
    fields = {
        name: helen.locator(f"form.confirm [name={name}]").first.input_value()
        for name in ("seen_version", "seen_total", "payouts")
    }
    before = AuditRow.objects.filter(action="runs.run.refused").count()

    for verb in ("approve/", "sign/"):
        answer = forged(page, run_path + verb, idempotency_key=verb, **fields)
        assert answer.status == 403, verb
        assert "Helen Cho" in answer.text()

    assert "approved" not in states()
    written = AuditRow.objects.filter(action="runs.run.refused", by="Sam Ortiz")
    assert written.count() == before + 2


def give_every_role(name: str) -> None:
    """Let a person hold all roles of the business and its group, and run the servers."""
    user = User.objects.get(name=name)
    business = Business.objects.get(slug="ridgeline")
    User.objects.filter(pk=user.pk).update(is_operator=True)
    here = Member.objects.get(user=user, business=business)
    above = Member.objects.create(user=user, group_id=business.group_id)
    for row, roles in (
        (here, (Role.ADMIN, Role.MANAGER, Role.AUDITOR)),
        (above, (Role.OWNER, Role.GROUP_ADMIN)),
    ):
        for role in roles:
            RoleGrant.objects.create(member=row, role=role, starts_on=date(2026, 1, 1))


def test_the_file_pays_exactly_what_was_approved(
    enter: Enter, run_path: str, scripts: bool, tmp_path: Path
) -> None:
    page = enter("Helen", java_script_enabled=scripts)
    approve_and_sign(page, run_path)
    page = enter("Amir", java_script_enabled=scripts)
    page.goto(run_path)
    follow(page.get_by_role("link", name="Export"))
    expect(page.locator("main")).to_contain_text("Equals the approved total")
    expect(page.locator("main")).to_contain_text("37,607.20")
    follow(page.get_by_role("button", name="Make the file"))

    rows = downloaded(page, tmp_path)
    assert len(rows) == 14
    assert sum(Decimal(row["commission"]) for row in rows) == Decimal("37607.20")
    names = {row["name"] for row in rows}
    assert names.isdisjoint({"Dana Whitlock", "Marcus Bell"})
    assert "Ines Caro" in names

    again = forged(page, f"{run_path}export/", **fields_of(page, f"{run_path}export/"))
    assert again.status == 409
    assert "reason" in again.text()
    page.goto(f"{run_path}export/")
    page.get_by_label("Why another file?").fill("The bank asked for another name.")
    follow(page.get_by_role("button", name="Make the file"))
    expect(page.locator("section:has(#files)")).to_contain_text("Void")


def approve_and_sign(page: Page, run_path: str) -> None:
    """Approve the ready ones and Ines, hold Dana, and sign the run."""
    page.goto(run_path)
    follow(page.get_by_role("button", name=APPROVE_ALL))
    follow(page.get_by_role("button", name=APPROVE_ALL))
    flagged = page.locator("section:has(#flagged)")
    follow(flagged.get_by_role("link", name="Dana Whitlock", exact=True))
    follow(page.get_by_role("button", name="Hold", exact=True))
    follow(flagged.get_by_role("link", name="Ines Caro", exact=True))
    follow(page.get_by_role("button", name="Approve 4,872.50"))
    follow(page.get_by_role("button", name="Approve 1"))
    follow(page.get_by_role("link", name="Sign the run"))
    follow(page.get_by_role("button", name="Sign 37,607.20"))


def downloaded(page: Page, folder: Path) -> list[dict[str, str]]:
    """Take the run's file as a person would, and read its rows."""
    with page.expect_download() as coming:
        page.locator("section:has(#files) a").first.click()
    file = folder / "payroll.csv"
    coming.value.save_as(file)
    text = file.read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def fields_of(page: Page, path: str) -> dict[str, str]:
    """Return what the page's form would send, without what a person types."""
    page.goto(path)
    hidden = page.locator("form.confirm input[type=hidden]")
    pairs = [(f.get_attribute("name"), f.input_value()) for f in hidden.all()]
    return {name: value for name, value in pairs if name and "csrf" not in name}
