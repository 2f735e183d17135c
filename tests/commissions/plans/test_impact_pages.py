"""The pages of a draft's impact say its price, why, and who may publish it."""

from datetime import date
from decimal import Decimal

from django.test import Client

from commissions.plans.models import (
    Plan,
)
from commissions.statements import previews
from crm_sync.ledger.models import Payee
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.jobs.services import run_all_jobs
from tests.commissions.plans.drafts import DEARER, IMPACT, a_draft, previewed, text_of
from tests.commissions.statements import world
from tests.people import a_group_member

PUBLISH = "/b/acme/plans/comfort_advisor/draft/publish/"


def test_the_page_says_the_price_and_carries_it_on_the_button(
    plan: Plan, ada: Member, page: Client
) -> None:
    a_draft(plan, ada)
    page.post(IMPACT, {"starts_on": "2026-11-01"})
    computing = text_of(page.get(IMPACT))
    run_all_jobs()

    body = text_of(page.get(IMPACT))

    assert "Queued" in computing
    assert "Publishing changes 1 statement by +$100.00" in body
    assert "Maintenance plan: the amount: 40 * deal.share → 60 * deal.share" in body
    assert "Publish v2 — 1 statement, +$100.00" in body
    assert "1 statement unchanged" in body
    assert "No worked example touches System replacement, Air quality" in body


def test_pressing_publishes_what_was_seen_and_pressing_twice_does_not(
    plan: Plan, ada: Member, ben: Member, page: Client
) -> None:
    seen = previewed(a_draft(plan, ada), ben)

    first = page.post(PUBLISH, {"preview": seen.pk})
    second = page.post(PUBLISH, {"preview": seen.pk})

    assert (first.status_code, second.status_code) == (302, 404)
    assert plan.versions.filter(state="published").count() == 2


def test_stale_figures_answer_409_with_those_of_now(
    plan: Plan, ada: Member, ben: Member, page: Client
) -> None:
    seen = previewed(a_draft(plan, ada), ben)
    world.sync(world.a_deal("plan_21", date(2026, 11, 21), "240", world.CARE))

    answer = page.post(PUBLISH, {"preview": seen.pk})

    body = text_of(answer)
    assert answer.status_code == 409
    assert "Figures moved: now 1 statement, +$120.00." in body
    assert "Review again" in body
    assert "Publish v2 — 1 statement, +$120.00" in body
    assert plan.versions.filter(state="draft").exists()


def test_a_press_without_a_look_is_refused(
    plan: Plan, ada: Member, page: Client
) -> None:
    a_draft(plan, ada)

    answer = page.post(PUBLISH, {"starts_on": "2026-11-01"})

    assert answer.status_code == 409
    assert plan.versions.filter(state="draft").exists()


def test_who_gets_less_is_listed_first_with_a_difference_for_each_line(
    plan: Plan, maya: Payee, ada: Member, ben: Member, page: Client
) -> None:
    theo = Payee.objects.get(name="Theo Brandt")
    world.sync(
        world.a_deal("theos", date(2026, 11, 6), "1000", world.AIR, owner="user_theo")
    )
    run_all_jobs()
    found = previewed(a_draft(plan, ada, DEARER, ("base * 10%", "base * 9%")), ben)

    body = text_of(page.get(IMPACT))
    rows = [row.payee_id for row in page.get(IMPACT).context["page"].rows]
    row = found.statements.get(payee_id=theo.pk)
    lines = text_of(page.get(f"/b/acme/plans/comfort_advisor/impact/{row.pk}/"))
    file = page.get(f"{IMPACT}file/").content.decode()

    assert rows == [theo.pk, maya.pk]
    assert "1 statement gets less." in body
    assert "Theos Air quality 100.00 90.00 −10.00" in lines
    assert "Theo Brandt,2026-11,no," in file.splitlines()[1]


def test_each_line_opens_to_both_of_its_receipts(
    plan: Plan, ada: Member, ben: Member, page: Client
) -> None:
    found = previewed(a_draft(plan, ada), ben)
    row = found.statements.get()
    url = f"/b/acme/plans/comfort_advisor/impact/{row.pk}/"

    diff = page.get(url).content.decode()
    body = text_of(page.get(f"{url}line/?line=4"))

    assert f"{url}line/?line=4" in diff
    sides = page.get(f"{url}line/?line=4").context["sides"]
    assert "+$20.00" in body
    assert [(each.side, each.amount) for each in sides] == [
        ("Now", Decimal(40)),
        ("After", Decimal(60)),
    ]
    assert body.count("needs no rounding") == 2
    assert body.count(", version 1, ") == body.count(", the draft, ") == 1
    assert page.get(f"{url}line/?line=5").status_code == 404


def test_only_an_owner_says_how_much_one_person_may_publish(
    acme: Business, ada: Member, client: Client
) -> None:
    nina = a_group_member(acme, "Nina", Role.OWNER)
    form = {"name": "Acme", "second_publisher_above": "250"}

    client.force_login(ada.user)
    client.post("/b/acme/settings/", form)
    acme.refresh_from_db()
    before = acme.second_publisher_above
    client.force_login(nina.user)
    client.post("/b/acme/settings/", form)

    acme.refresh_from_db()
    assert (before, acme.second_publisher_above) == (None, Decimal(250))


def test_an_older_version_is_drafted_again_and_compared_with_any_other(
    plan: Plan, ada: Member, ben: Member, page: Client
) -> None:
    previews.publish_previewed(preview=previewed(a_draft(plan, ada), ben), by=ben)
    base = "/b/acme/plans/comfort_advisor/versions"

    body = text_of(page.get(f"{base}/1..2/"))
    answer = page.post(f"{base}/1/revert/")

    draft = plan.versions.get(state="draft")
    assert "Maintenance plan: the amount: 40 * deal.share → 60 * deal.share" in body
    assert answer["Location"].endswith("/draft/")
    assert draft.sha256 == plan.versions.get(number=1).sha256
    assert draft.editor_ids == [ben.user_id]
    assert plan.versions.count() == 3
