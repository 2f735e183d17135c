"""The draft of the story: its price on the page, refused once it moved, kept once paid."""

from datetime import date
from decimal import Decimal
from typing import Literal

from playwright.sync_api import Page, expect

from commissions.plans.models import PlanVersion
from commissions.statements.models import Statement
from crm_sync.ledger.models import Entry, ExternalId
from crm_sync.ledger.recording import Origin, record
from tenants.accounts.models import Business
from tenants.jobs.services import run_all_jobs, without_sending
from tenants.schema import in_business
from tests.browser.accessibility import violations
from tests.browser.conftest import Enter
from tests.browser.test_small_screens import PROBLEMS
from tests.chromium import follow
from tests.commissions.statements import world

SEEN = "Publishing changes 37 statements by +$1,240.00"


def brightwater() -> Business:
    found: Business = Business.objects.get(slug="brightwater")
    return found


def totals() -> dict[int, Decimal]:
    rows = Statement.objects.filter(period__slug="2026-11")
    return dict(rows.values_list("pk", "total"))


def work() -> None:
    with without_sending():
        run_all_jobs()


def another_plan_is_won() -> None:
    """Maya sells a sixth maintenance plan while somebody reads the price."""
    sold = Entry.objects.filter(owner__name="Maya Okafor", product=world.CARE).first()
    assert sold is not None
    user = ExternalId.objects.filter(payee_id=sold.owner_id or 0).first()
    assert user is not None
    deal = world.a_deal(
        "one_more", date(2026, 11, 24), "240", world.CARE, owner=user.external_id
    )
    with without_sending():
        record(records=[deal], origin=Origin(sold.connection_id, "Close"))


def test_the_price_is_looked_at_refused_once_it_moved_and_then_kept(
    enter: Enter, demo_site: str
) -> None:
    place = brightwater()
    with in_business(place):
        draft = PlanVersion.objects.select_related("plan").get(state="draft")
        url = f"/b/brightwater/plans/{draft.plan.slug}/draft/"
        before = totals()
    page = enter("Priya", java_script_enabled=False)
    page.goto(url)
    follow(page.get_by_role("button", name="Publish…"))
    expect(page.locator("main")).to_contain_text("Queued")
    work()
    page.reload()
    expect(page.locator("h1")).to_have_text(SEEN)
    expect(page.locator("main")).to_contain_text("Maya Okafor, 5 lines")
    expect(page.locator("main")).to_contain_text("nobody")
    expect(page.locator("main")).to_contain_text("40 * deal.share → 60 * deal.share")

    with in_business(place):
        another_plan_is_won()
    follow(page.get_by_role("button", name="Publish v4 — 37 statements, +$1,240.00"))
    expect(page.get_by_role("alert")).to_contain_text(
        "Figures moved: now 37 statements, +$1,260.00."
    )

    follow(page.get_by_role("button", name="Publish v4 — 37 statements, +$1,260.00"))
    expect(page.locator("main")).to_contain_text("Version 4 in force since")
    work()
    with in_business(place):
        risen = [total - before[pk] for pk, total in totals().items()]
    # One plan more at the old rate is the 40.00 that publishing did not move.
    assert (sum(map(bool, risen)), sum(risen)) == (37, Decimal(1300))


def test_the_impact_page_is_readable_and_whole_on_every_screen(
    enter: Enter, demo_site: str
) -> None:
    with in_business(brightwater()):
        draft = PlanVersion.objects.select_related("plan").get(state="draft")
        url = f"/b/brightwater/plans/{draft.plan.slug}/draft/impact/"
    page = enter("Priya")
    page.goto(url)
    follow(page.get_by_role("button", name="See what it changes"))
    work()
    expect(page.locator("h1")).to_have_text(SEEN)  # the page looks by itself
    look_at(page)
    follow(page.locator("main tbody th a").first)
    look_at(page)


def look_at(page: Page) -> None:
    """Light and dark, wide and narrow: axe finds nothing and nothing is cut off."""
    schemes: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        for width in (1280, 375):
            page.set_viewport_size({"width": width, "height": 800})
            assert violations(page) == []
            assert page.evaluate(PROBLEMS) == []
