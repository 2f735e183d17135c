"""A draft shows its price before it is published, and publishing gives that price."""

import re
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from commissions.plans import errors, services
from commissions.plans.models import (
    Plan,
    PlanVersion,
    Preview,
    PreviewedStatement,
)
from commissions.plans.yaml_form import plan_from_yaml
from commissions.statements import previews
from commissions.statements.models import Line, PayPeriod, Proposal, Run
from commissions.statements.services import freeze
from commissions_saas.lib import clock
from commissions_saas.lib.periods import parse_period
from crm_sync.ledger.models import Payee
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.jobs.services import run_all_jobs
from tests.commissions.statements import world
from tests.people import a_group_member, a_member

NOVEMBER = date(2026, 11, 1)
DEARER = ("40 * deal.share", "60 * deal.share")
EXAMPLE = """
examples:
  - name: A maintenance plan
    period: 2026-11
    payee: {name: Maya, variables: {quota: 90000}}
    deals: [{id: a, won_on: 2026-11-04, product: Maintenance plan, amount: 240, share: 100%, role: owner}]
    expect: {components: {maintenance_plan: 60.00}}
"""


def a_draft(plan: Plan, by: Member, *swaps: tuple[str, str]) -> PlanVersion:
    text = world.plan_text("comfort_advisor")
    for before, after in swaps or (DEARER,):
        assert before in text
        text = text.replace(before, after)
    text = text.partition("\nexamples:")[0] + EXAMPLE
    draft = services.start_draft(plan=plan, by=by)
    return services.save_draft(
        draft=draft,
        document=plan_from_yaml(text),
        seen_edition=draft.edition,
        by=by,
    )


def previewed(draft: PlanVersion, by: Member, starts_on: date = NOVEMBER) -> Preview:
    asked = previews.ask_preview(draft=draft, starts_on=starts_on, by=by)
    run_all_jobs()
    return Preview.objects.get(pk=asked.pk)


def totals() -> dict[int, Decimal]:
    rows = Line.objects.filter(closed_run__isnull=True)
    found: dict[int, Decimal] = {}
    for line in rows:
        found[line.payee_id] = found.get(line.payee_id, Decimal(0)) + line.amount
    return found


def test_the_price_of_a_draft_is_what_publishing_moves(
    plan: Plan, maya: Payee, ada: Member, ben: Member
) -> None:
    before = totals()

    found = previewed(a_draft(plan, ada), ben)
    previews.publish_previewed(preview=found, by=ben)
    run_all_jobs()

    assert (found.summary["statements"], found.summary["total"]) == (1, "100.0000")
    row = found.statements.get()
    assert (row.now, row.after) == (before[maya.pk], totals()[maya.pk])
    assert [line["before"] for line in row.lines] == ["40.0000"] * 5
    assert [line["after"] for line in row.lines] == ["60.0000"] * 5


def test_a_preview_writes_no_line_and_no_version(
    plan: Plan, ada: Member, ben: Member
) -> None:
    draft = a_draft(plan, ada)
    before = world.written(), Run.objects.count(), PlanVersion.objects.count()

    previewed(draft, ben)

    assert (world.written(), Run.objects.count(), PlanVersion.objects.count()) == before


def test_publishing_is_refused_with_new_figures_once_a_deal_changed(
    plan: Plan, ada: Member, ben: Member
) -> None:
    found = previewed(a_draft(plan, ada), ben)
    world.sync(world.a_deal("plan_21", date(2026, 11, 21), "240", world.CARE))

    with pytest.raises(
        errors.FiguresMoved, match=r"Figures moved: now 1 statement, \+\$120\.00\."
    ):
        previews.publish_previewed(preview=found, by=ben)

    instead = Preview.objects.get()
    assert instead.summary["total"] == "120.0000"
    assert PlanVersion.objects.filter(state="draft").exists()
    assert previews.publish_previewed(preview=instead, by=ben).state == "published"


def test_a_change_that_moves_no_figure_is_no_reason_to_look_again(
    plan: Plan, ada: Member, ben: Member
) -> None:
    found = previewed(a_draft(plan, ada), ben)
    world.a_payee("Somebody Else", "user_else")
    world.sync(
        world.a_deal("elsewhere", date(2026, 11, 3), "9", world.CARE, owner="user_else")
    )

    assert previews.publish_previewed(preview=found, by=ben).state == "published"


def test_a_draft_that_was_saved_since_is_looked_at_again(
    plan: Plan, ada: Member, ben: Member
) -> None:
    draft = a_draft(plan, ada)
    found = previewed(draft, ben)
    again = dict(draft.document, says="Other words")
    services.save_draft(
        draft=draft,
        document=services.document_of(PlanVersion(document=again)),
        seen_edition=draft.edition,
        by=ada,
    )

    with pytest.raises(errors.FiguresMoved):
        previews.publish_previewed(preview=found, by=ben)


def test_a_draft_without_a_look_is_not_published(
    plan: Plan, ada: Member, ben: Member
) -> None:
    asked = previews.ask_preview(draft=a_draft(plan, ada), starts_on=NOVEMBER, by=ben)

    with pytest.raises(errors.NotPreviewed):
        previews.publish_previewed(preview=asked, by=ben)


def test_nobody_who_had_a_hand_in_a_draft_publishes_it(
    acme: Business, plan: Plan, ada: Member, ben: Member
) -> None:
    draft = a_draft(plan, ada)
    later = dict(draft.document, says="Ben was here")
    saved = services.save_draft(
        draft=draft,
        document=services.document_of(PlanVersion(document=later)),
        seen_edition=draft.edition,
        by=ben,
    )
    found = previewed(saved, ben)

    for editor in (ada, ben):
        with pytest.raises(errors.NeedsSecondPerson):
            previews.publish_previewed(preview=found, by=editor)

    eve = a_member(acme, "Eve", Role.ADMIN)
    assert previews.publish_previewed(preview=found, by=eve).state == "published"


def test_up_to_the_limit_one_person_is_enough(
    acme: Business, plan: Plan, ada: Member
) -> None:
    found = previewed(a_draft(plan, ada), ada)
    acme.second_publisher_above = Decimal("99.99")
    with pytest.raises(errors.NeedsSecondPerson):
        previews.publish_previewed(preview=found, by=ada)

    acme.second_publisher_above = Decimal(100)

    assert previews.publish_previewed(preview=found, by=ada).state == "published"


def test_what_one_loses_and_another_gains_is_not_small(
    acme: Business, plan: Plan, ada: Member
) -> None:
    """The limit is of the pay that moves, not of what is left of it in the end."""
    found = previewed(a_draft(plan, ada), ada)
    found.summary["total"] = "0.0000"
    acme.second_publisher_above = Decimal(50)

    with pytest.raises(errors.NeedsSecondPerson):
        previews.publish_previewed(preview=found, by=ada)


def test_nobody_publishes_what_changes_their_own_pay(
    plan: Plan, maya: Payee, ada: Member, ben: Member
) -> None:
    Payee.objects.filter(pk=maya.pk).update(email=ben.email)
    found = previewed(a_draft(plan, ada), ben)

    with pytest.raises(errors.OwnPay):
        previews.publish_previewed(preview=found, by=ben)


def test_what_begins_tomorrow_has_no_price_and_is_not_small(
    acme: Business, plan: Plan, ada: Member
) -> None:
    acme.second_publisher_above = Decimal(1)
    tomorrow = clock.today("UTC") + timedelta(days=1)
    found = previewed(a_draft(plan, ada), ada, starts_on=tomorrow)

    with pytest.raises(errors.NeedsSecondPerson):
        previews.publish_previewed(preview=found, by=ada)


def test_nobody_publishes_what_will_change_their_own_pay(
    plan: Plan, maya: Payee, ada: Member, ben: Member
) -> None:
    Payee.objects.filter(pk=maya.pk).update(email=ben.email)
    tomorrow = clock.today("UTC") + timedelta(days=1)
    found = previewed(a_draft(plan, ada), ben, starts_on=tomorrow)

    with pytest.raises(errors.OwnPay):
        previews.publish_previewed(preview=found, by=ben)


def test_a_draft_that_fails_on_a_deal_says_which_and_is_not_published(
    plan: Plan, ada: Member, ben: Member
) -> None:
    draft = a_draft(
        plan,
        ada,
        ("40 * deal.share", "deal.amount * (60 / (deal.amount - 240)) * deal.share"),
    )

    found = previewed(draft, ben)

    assert found.state == "ready", found.problem
    assert found.summary["failures"] == 5
    failures = found.statements.get().failures
    assert len(set(failures)) == 5, failures
    with pytest.raises(errors.PlanError):
        previews.publish_previewed(preview=found, by=ben)


def test_a_frozen_period_would_differ_and_is_not_part_of_the_price(
    plan: Plan, ada: Member, ben: Member, alice: Member
) -> None:
    world.sync(world.a_deal("october", date(2026, 10, 5), "240", world.CARE))
    run_all_jobs()
    freeze(period=PayPeriod.objects.get(slug="2026-10"), by=alice)

    found = previewed(a_draft(plan, ada), ben, date(2026, 10, 1))

    assert found.summary["total"] == "100.0000"
    assert (found.summary["frozen"], found.summary["frozen_total"]) == (1, "20.0000")
    previews.publish_previewed(preview=found, by=ben)
    run_all_jobs()
    assert [row.amount for row in Proposal.objects.all()] == [Decimal(20)]


def test_a_draft_that_changes_nothing_says_so(
    plan: Plan, ada: Member, ben: Member
) -> None:
    found = previewed(a_draft(plan, ada, ("name: Maintenance", "name: Care")), ben)

    assert found.summary["statements"] == 0
    assert not PreviewedStatement.objects.exists()


@pytest.fixture
def page(client: Client, ben: Member) -> Client:
    client.force_login(ben.user)
    return client


def text_of(answer: Any) -> str:
    """Return the words of a page without its tags; cells stand apart."""
    html = re.sub(r"<(td|th|tr|span class=.sub)", r" <\1", answer.content.decode())
    return " ".join(unescape(re.sub(r"<[^>]+>", "", html)).split())


IMPACT = "/b/acme/plans/comfort_advisor/draft/impact/"
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


def test_a_ghost_is_worked_out_apart_and_no_total_has_it(
    plan: Plan, maya: Payee, ada: Member, ben: Member, page: Client
) -> None:
    a_draft(plan, ada)
    before = totals(), world.written()

    page.post(
        "/b/acme/plans/comfort_advisor/ghosts/", {"version": 2, "period": "2026-11"}
    )
    run_all_jobs()

    ghost = Preview.objects.get(kind="ghost")
    body = text_of(page.get(f"/b/acme/plans/comfort_advisor/ghosts/{ghost.pk}/"))
    assert ghost.statements.count() == 2, "everybody stands beside the real period"
    assert "+$100.00" in body and "1 of 2 open statements would differ" in body
    assert (totals(), world.written()) == before


def test_a_ghost_is_hidden_from_reps(
    acme: Business, plan: Plan, maya: Payee, ada: Member, client: Client
) -> None:
    rep = a_member(acme, "Maya", Role.REP)
    ghost = previews.ask_ghost(
        version=a_draft(plan, ada), period=parse_period("2026-11"), by=ada
    )
    run_all_jobs()
    client.force_login(rep.user)

    for path in (IMPACT, f"/b/acme/plans/comfort_advisor/ghosts/{ghost.pk}/"):
        assert client.get(path).status_code == 403


def test_a_ghost_keeps_its_document_and_ends_without_a_trace_in_pay(
    plan: Plan, ada: Member, ben: Member
) -> None:
    draft = a_draft(plan, ada)
    ghost = previews.ask_ghost(version=draft, period=parse_period("2026-11"), by=ada)
    services.discard_draft(draft=draft, by=ada)
    run_all_jobs()
    ghost.refresh_from_db()

    assert ghost.summary["total"] == "100.0000"
    previews.end_ghost(ghost=ghost, by=ada)
    assert not PreviewedStatement.objects.exists()


def test_a_published_version_cannot_be_changed_or_removed_in_the_database(
    plan: Plan, ada: Member, ben: Member
) -> None:
    version = plan.versions.get(state="published")

    for wrong in (
        lambda: PlanVersion.objects.filter(pk=version.pk).update(document={}),
        lambda: PlanVersion.objects.filter(pk=version.pk).update(state="draft"),
        lambda: PlanVersion.objects.filter(pk=version.pk).delete(),
    ):
        with (
            pytest.raises(IntegrityError, match="never changed or removed"),
            transaction.atomic(),
        ):
            wrong()


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
