"""A dearer draft of Comfort Advisor, its preview, and what the pages say of it."""

import re
from datetime import date
from decimal import Decimal
from html import unescape
from typing import Any

from commissions.plans import services
from commissions.plans.models import Plan, PlanVersion, Preview
from commissions.plans.yaml_form import plan_from_yaml
from commissions.statements import previews
from commissions.statements.models import Line
from tenants.access import Member
from tenants.jobs.services import run_all_jobs
from tests.commissions.statements import world

IMPACT = "/b/acme/plans/comfort_advisor/draft/impact/"
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

FLAT = """
plan: Flat
currency: USD
components:
  - {key: deals, name: Deals, base: deal.amount, amount: base * 6%}
examples:
  - name: Six percent
    period: 2026-11
    deals: [{id: one, won_on: 2026-11-04, amount: 100}]
    expect: {total: 6.00}
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


def text_of(answer: Any) -> str:
    """Return the words of a page without its tags; cells stand apart."""
    html = re.sub(r"<(td|th|tr|span class=.sub)", r" <\1", answer.content.decode())
    return " ".join(unescape(re.sub(r"<[^>]+>", "", html)).split())
