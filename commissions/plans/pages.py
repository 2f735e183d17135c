"""What each plan page shows, as one literal context."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q

from commissions.calculation.names import TYPE_WORDS
from commissions.plans import services
from commissions.plans.days_of_gates import gates_on_days
from commissions.plans.diff import diff_plans
from commissions.plans.document import InvalidPlan, PlanDocument, Raw
from commissions.plans.examples import ExampleResult, Tried, untouched_components
from commissions.plans.form_door import form_of, raw_from_form
from commissions.plans.formula_names import every_name
from commissions.plans.models import (
    Assignment,
    Plan,
    PlanVersion,
    Preview,
    RateTableRows,
)
from commissions.plans.selectors import as_published, field_catalogue, retyped
from commissions.plans.sentences import plan_words
from commissions.plans.stale_sentences import stale_sentences
from commissions.plans.yaml_form import plan_to_yaml
from commissions_saas.lib import clock
from commissions_saas.lib.weeks import words_of
from tenants.access import Member, may
from tenants.accounts.models import Role, User
from tenants.schema import current_business

S = PlanVersion.State
SHOWN = 12  # assignments on a plan's page; its list has all


def plan_list_page(member: Member) -> dict[str, Any]:
    """Plans by name, each with its version in force and its draft."""
    today = clock.today(current_business().time_zone)
    on_it = Q(assignments__closed__isnull=True) & (
        Q(assignments__ends_on__isnull=True) | Q(assignments__ends_on__gte=today)
    )
    plans = list(
        Plan.objects.annotate(payees=Count("assignments", filter=on_it)).order_by(
            "name"
        )
    )
    versions = PlanVersion.objects.defer("document").order_by("plan_id", "number")
    by_plan: dict[int, list[PlanVersion]] = {}
    for version in versions:
        by_plan.setdefault(version.plan_id, []).append(version)
    return {
        "rows": [
            {
                "plan": plan,
                "in_force": _in_force(by_plan.get(plan.pk, []), today),
                "draft": _draft_of(by_plan.get(plan.pk, [])),
            }
            for plan in plans
        ],
        "may_write": may(member, "plans.write"),
    }


def plan_page(plan: Plan, member: Member) -> dict[str, Any]:
    """The version in force in words, with examples, versions and assignments."""
    today = clock.today(current_business().time_zone)
    versions = list(plan.versions.order_by("-number"))
    shown = _in_force(versions[::-1], today) or (versions[0] if versions else None)
    document = services.document_of(shown) if shown else None
    catalogue = field_catalogue()
    fields = as_published(shown, catalogue) if shown else catalogue
    tried = services.try_document(document, fields) if document else None
    assigned = (
        Assignment.objects.filter(plan=plan, closed__isnull=True)
        .select_related("payee")
        .order_by("payee__name", "starts_on")
    )
    return {
        "plan": plan,
        "shown": shown,
        "retyped": [
            (f"{then.object}.{then.key}", TYPE_WORDS[then.type], TYPE_WORDS[now.type])
            for then, now in (retyped(shown, catalogue) if shown else ())
        ],
        "document": document,
        "words": plan_words(document, _labels()) if document else (),
        "examples": _examples(tried.results) if tried else (),
        "untouched": _untouched(document, tried) if document and tried else (),
        "versions": _with_people(versions),
        "draft": _draft_of(versions),
        "ghosts": list(
            plan.previews.filter(kind=Preview.Kind.GHOST).order_by("-pk")[:SHOWN]
        ),
        "assigned": list(assigned[:SHOWN]),
        "assigned_count": assigned.count(),
        "may_write": may(member, "plans.write"),
        "may_assign": may(member, "assignments.write"),
        "today": today,
    }


def version_page(
    version: PlanVersion, member: Member, before: PlanVersion | None = None
) -> dict[str, Any]:
    """One version in words, and what is different from another, or the one before."""
    document = services.document_of(version)
    others = version.plan.versions.exclude(pk=version.pk).order_by("-number")
    if before is None:
        before = others.filter(number__lt=version.number).first()
    changes = diff_plans(services.document_of(before), document) if before else []
    stands = others.filter(state=S.DRAFT).exists() or version.state == S.DRAFT
    return {
        "plan": version.plan,
        "others": list(others.values_list("number", flat=True)),
        "diff": text_diff(before, version) if before else (),
        "may_put": version.state == S.PUBLISHED
        and member.has(Role.OWNER, Role.GROUP_ADMIN),
        "may_revert": may(member, "plans.write") and not stands,
        "version": _with_people([version])[0],
        "before": before,
        "changes": changes,
        "words": plan_words(document, _labels()),
        "yaml": plan_to_yaml(document),
    }


def draft_page(
    draft: PlanVersion, document: PlanDocument, way: str, text: str = ""
) -> dict[str, Any]:
    """The editor, with what is wrong and what the examples give."""
    return {
        **_editor(draft, way),
        **check_part(draft, document),
        "names": every_name(document),
        **_form(document.raw),
        "text": text or plan_to_yaml(document),
    }


def unreadable_page(
    draft: PlanVersion, way: str, sent: Mapping[str, str], problem: InvalidPlan
) -> dict[str, Any]:
    """The editor with what was typed, though it is no plan yet."""
    return {
        **_editor(draft, way),
        "problems": problem.problems,
        **_form(raw_from_form(draft.document, sent)),
        "text": sent.get("text", ""),
    }


def check_part(draft: PlanVersion, document: PlanDocument) -> dict[str, Any]:
    """What is wrong with a plan, or what its examples give."""
    problems = services.problems_of(document)
    if problems:
        return {"problems": problems}
    tried = services.try_document(document)
    return {
        "problems": (),
        "examples": _examples(tried.results),
        "passes": tried.ok and bool(tried.results),
        "untouched": _untouched(document, tried),
        "stale": stale_sentences(document, _shared_rows()),
        "gates_on_days": gates_on_days(document),
        "words": plan_words(document, _labels()),
    }


def _examples(results: Iterable[ExampleResult]) -> list[dict[str, Any]]:
    """Return the worked examples in their order, each with its promises."""
    found: dict[str, list[ExampleResult]] = {}
    for result in results:
        found.setdefault(result.example, []).append(result)
    return [
        {
            "name": name or "The examples",
            "payee": ", ".join(dict.fromkeys(r.payee for r in rows if r.payee)),
            "period": rows[0].period,
            "rows": rows,
            "kept": sum(row.ok for row in rows),
            "ok": all(row.ok for row in rows),
        }
        for name, rows in found.items()
    ]


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of two texts: added, removed or the same."""

    kind: str
    word: str
    text: str


def text_diff(before: PlanVersion, after: PlanVersion) -> list[DiffLine]:
    """Return two versions' files line by line, with some lines around each change."""
    old, new = (
        plan_to_yaml(services.document_of(each)).splitlines()
        for each in (before, after)
    )
    kinds = {"+": ("added", "added"), "-": ("removed", "removed"), " ": ("same", "")}
    lines = list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]
    return [DiffLine(*kinds[x[0]], x[1:]) for x in lines if x[0] in kinds]


def _shared_rows() -> list[dict[str, str]]:
    """Return the rows of the business's rate tables, whatever their days."""
    rows = RateTableRows.objects.filter(closed__isnull=True)
    return [row for held in rows.values_list("rows", flat=True) for row in held]


def _untouched(document: PlanDocument, tried: Tried) -> list[str]:
    """Name the components that no worked example has a line of."""
    keys = set(untouched_components(document, tried))
    return [part.name for part in document.components if part.key in keys]


def day_of(text: str) -> date | None:
    """Return the day that was typed; nothing where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def number_of(text: str) -> int:
    """Return the id or number that was sent; 0, which nothing has, where it is none."""
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def _form(raw: Mapping[str, Raw]) -> dict[str, Any]:
    """The guided form, and the names of what only the file can say."""
    parts = form_of(raw, words_of(current_business().pay_calendar))
    blocks = [*parts["tables"], *parts["variables"], *parts["examples"]]
    return {
        "form_parts": parts,
        "in_file": [
            block.title or "an example" for block in blocks if not block.fields
        ],
    }


def _editor(draft: PlanVersion, way: str) -> dict[str, Any]:
    return {"plan": draft.plan, "draft": draft, "way": way, "problems": ()}


def _labels() -> dict[str, str]:
    return {f"{fact.object}.{fact.key}": fact.label for fact in field_catalogue()}


def _in_force(versions: Iterable[PlanVersion], today: date) -> PlanVersion | None:
    """Return the published version that holds today; of two, the later."""
    begun = [
        v
        for v in versions
        if v.state == S.PUBLISHED and v.starts_on and v.starts_on <= today
    ]
    return max(begun, key=lambda v: (v.starts_on, v.number), default=None)


def _draft_of(versions: Iterable[PlanVersion]) -> PlanVersion | None:
    return next((v for v in versions if v.state == S.DRAFT), None)


def _with_people(versions: list[PlanVersion]) -> list[dict[str, Any]]:
    ids = {v.edited_by_id for v in versions} | {v.published_by_id for v in versions}
    names = User.objects.in_bulk({pk for pk in ids if pk})
    return [
        {
            "row": version,
            "edited_by": names.get(version.edited_by_id or 0),
            "published_by": names.get(version.published_by_id or 0),
        }
        for version in versions
    ]
