"""What the pages of a draft's impact and of a ghost show, as one literal context."""

import csv
from collections.abc import Iterable, Iterator
from decimal import Decimal
from io import StringIO
from typing import Any

from django.db.models import Case, QuerySet, Value, When
from django.db.models.functions import Abs

from commissions.plans import pages as plan_pages
from commissions.plans.diff import PlanChange, diff_plans
from commissions.plans.models import Plan, PlanVersion, Preview, PreviewedStatement
from commissions.plans.services import document_of, editors_of, may_publish
from commissions.plans.telling import users_paid_by
from commissions.statements.exports import safe
from commissions.statements.impact_lines import lines_of
from commissions.statements.previews import changes_own_pay, moved_by
from commissions.statements.prices import headline, signed
from commissions_saas.lib import clock
from commissions_saas.lib.money import round_money
from commissions_saas.lib.periods import parse_period
from commissions_saas.lib.weeks import is_calendar, weeks_of
from crm_sync.ledger.changes import latest_change
from tenants.access import MemberRequest, Role, others_who_may
from tenants.accounts.models import User
from tenants.frame.pagination import paginate
from tenants.jobs.models import Job
from tenants.jobs.selectors import card
from tenants.schema import current_business, in_public
from tenants.urls_for import business_url

A_YEAR = {"month": 12, "half_month": 24, "week": 52, "quarter": 4}
COLUMNS = (
    *("payee", "period", "frozen", "now", "after", "difference"),
    *("component", "deal", "role", "line now", "line after", "currency"),
)
ORDER = ("-loses", "-size", "payee_name", "id")


def newest_preview(draft: PlanVersion) -> Preview | None:
    """Return what was asked last about this draft."""
    asked = Preview.objects.filter(version=draft, kind=Preview.Kind.IMPACT)
    return asked.select_related("plan").order_by("-pk").first()


def impact_page(draft: PlanVersion, request: MemberRequest) -> dict[str, Any]:
    """The price of a draft, why, who gets less first, and whether it may be published."""
    preview = newest_preview(draft)
    before = _in_force(draft.plan)
    document = document_of(draft)
    context = {
        "plan": draft.plan,
        "draft": draft,
        "preview": preview,
        "before": before,
        "currency": current_business().currency,
        "starts_on": preview.starts_on if preview else first_day(),
        "job": None,
    }
    if preview is None:
        return context
    if preview.state != Preview.State.READY:
        return {**context, "job": job_card(preview, request)}
    changes = diff_plans(document_of(before), document) if before else []
    return {
        **context,
        **_figures(preview, request.GET.get("page", "")),
        **plan_pages.check_part(draft, document),
        "changes": [change for change in changes if change.pay],
        "other_changes": [change for change in changes if not change.pay],
        "diff": plan_pages.text_diff(before, draft) if before else (),
        "components": _by_component(preview.summary, changes),
        "stale": _stale(preview, draft),
        "told": len(users_paid_by(draft.plan_id, preview.starts_on)),
        "price": headline(preview.summary, current_business().currency),
        **_hands(preview, draft, request),
    }


def ghost_page(ghost: Preview, request: MemberRequest) -> dict[str, Any]:
    """A period under a version that pays nobody, beside the real one."""
    context = {
        "plan": ghost.plan,
        "preview": ghost,
        "currency": current_business().currency,
        "period": parse_period(ghost.period_slug),
        "asked_by": _user(ghost.asked_by_id),
        "job": None,
    }
    if ghost.state != Preview.State.READY:
        return {**context, "job": job_card(ghost, request)}
    return {
        **context,
        **_figures(ghost, request.GET.get("page", "")),
        "stale": latest_change() != ghost.change,
    }


def statement_page(row: PreviewedStatement) -> dict[str, Any]:
    """One payee's period in a preview: each line that differs, now and after."""
    preview = row.preview
    return {
        "plan": preview.plan,
        "preview": preview,
        "row": row,
        "period": parse_period(row.period_slug),
        "currency": current_business().currency,
        "lines": [
            {
                **line,
                "before": Decimal(line["before"]),
                "after": Decimal(line["after"]),
                "difference": Decimal(line["after"]) - Decimal(line["before"]),
            }
            for line in lines_of(row)
        ],
        "is_fresh": preview.change == latest_change(),
    }


def impact_csv(preview: Preview) -> str:
    """Return each line that differs, with the statement that it stands on.

    Where none was kept, what each component comes to on the statement.
    """
    currency = current_business().currency
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in _sorted(preview.statements.all()).iterator(chunk_size=500):
        own = [
            safe(row.payee_name),
            row.period_slug,
            "yes" if row.is_frozen else "no",
            *(_plain(each, currency) for each in (row.now, row.after, row.difference)),
        ]
        for line in row.lines if row.parts is None else map(_together, row.parts):
            writer.writerow(
                [*own, safe(str(line["name"])), safe(str(line["deal"])), line["role"]]
                + [
                    _plain(Decimal(line[side]), currency)
                    for side in ("before", "after")
                ]
                + [currency]
            )
    return out.getvalue()


def first_day() -> Any:
    """Return the day from which a draft is compared when nobody says another."""
    return clock.today(current_business().time_zone).replace(day=1)


def job_card(preview: Preview, request: MemberRequest) -> dict[str, Any] | None:
    """Return how far the comparison is."""
    if preview.job_id is None:
        return None
    with in_public():
        job = Job.objects.filter(pk=preview.job_id).first()
    if job is None:
        return None
    place = request.business
    return card(
        job,
        url=business_url(place, "jobs:job", job.pk),
        cancel_url=business_url(place, "jobs:cancel", job.pk),
    )


def _figures(preview: Preview, cursor: str) -> dict[str, Any]:
    summary = preview.summary
    period = summary["periods"][-1] if summary["periods"] else None
    kind = parse_period(period["slug"]).kind if period else ""
    rows = preview.statements.filter(is_frozen=False)
    return {
        "summary": {
            name: Decimal(value) if name in _AMOUNTS else value
            for name, value in summary.items()
        },
        "page": paginate(_sorted(rows), order=ORDER, cursor=cursor),
        "frozen_rows": list(_sorted(preview.statements.filter(is_frozen=True))[:50]),
        "failing": list(rows.exclude(failures=[]).order_by("payee_name")[:20]),
        "periods": [
            {**each, "label": parse_period(each["slug"]).label}
            | {"total": Decimal(each["total"])}
            for each in summary["periods"]
        ],
        "a_year": Decimal(period["total"]) * _a_year(kind) if period else None,
    }


def _a_year(kind: str) -> int:
    """Return how many pay periods of a kind there are in a year."""
    if is_calendar(kind):
        return 12 if weeks_of(kind) else 26
    return A_YEAR.get(kind, 0)


_AMOUNTS = {"total", "smallest", "median", "largest", "frozen_total", "now", "after"}
_AMOUNTS |= {"moved"}


def _hands(
    preview: Preview, draft: PlanVersion, request: MemberRequest
) -> dict[str, Any]:
    """Say whether this member may press the button, and if not, who may."""
    member = request.member
    moved = Decimal(preview.summary["moved"])
    limit = current_business().second_publisher_above
    return {
        "wrote_it": not may_publish(draft, member, moved_by(preview)),
        "own_pay": changes_own_pay(preview, member),
        "editors": _names(editors_of(draft)),
        "others": _others(draft, request),
        "is_owner": member.has(Role.OWNER),
        "limit": limit,
        "moves": signed(moved, current_business().currency).lstrip("+"),
    }


def _others(draft: PlanVersion, request: MemberRequest) -> list[str]:
    names = set(_names(editors_of(draft)))
    return [name for name in others_who_may(request, [Role.ADMIN]) if name not in names]


def _names(user_ids: Iterable[int]) -> list[str]:
    return sorted(str(user) for user in User.objects.filter(pk__in=set(user_ids)))


def _user(user_id: int) -> User | None:
    return User.objects.filter(pk=user_id).first()


def _stale(preview: Preview, draft: PlanVersion) -> str:
    if preview.sha256 != draft.sha256:
        return "draft"
    return "data" if preview.change != latest_change() else ""


def _sorted(rows: QuerySet[PreviewedStatement]) -> QuerySet[PreviewedStatement]:
    """Who gets less comes first, then the largest differences."""
    loses = Case(When(difference__lt=0, then=Value(1)), default=Value(0))
    return rows.annotate(loses=loses, size=Abs("difference")).order_by(*ORDER)


def _by_component(
    summary: dict[str, Any], changes: Iterable[PlanChange]
) -> Iterator[dict[str, Any]]:
    """Name what each component moves; one that is not edited itself is a knock-on."""
    edited = {change.path.split(".")[1] for change in changes if "." in change.path}
    for part in summary["components"]:
        yield {
            **part,
            "total": Decimal(part["total"]),
            "knock_on": bool(edited) and part["key"] not in edited,
        }


def _in_force(plan: Plan) -> PlanVersion | None:
    published = plan.versions.filter(state=PlanVersion.State.PUBLISHED)
    return published.order_by("-starts_on", "-number").first()


def _together(part: dict[str, Any]) -> dict[str, Any]:
    return {**part, "deal": f"all lines; {part['lines']} differ", "role": ""}


def _plain(amount: Decimal, currency: str) -> str:
    return f"{round_money(amount, currency):f}"
