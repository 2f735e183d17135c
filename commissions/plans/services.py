"""Writing plans: drafts, publishing, and nothing that was published ever changes."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils.text import slugify

from commissions.calculation.program import PlanProgram
from commissions.calculation.words import day_words
from commissions.plans import errors
from commissions.plans.compiling import check_plan, compile_plan
from commissions.plans.document import InvalidPlan, PlanDocument, PlanProblem
from commissions.plans.examples import Tried, try_examples
from commissions.plans.models import Plan, PlanVersion, RateTable
from commissions.plans.reading import read_plan
from commissions.plans.selectors import field_catalogue, tables_known, types_read
from commissions.plans.telling import ask_to_tell
from commissions.plans.windows import never_paid
from commissions_saas.lib import clock
from commissions_saas.lib.weeks import is_calendar, weeks_of, words_of
from crm_sync.ledger.changes import latest_change, next_change
from crm_sync.ledger.facts import FieldFact
from tenants.access import Member
from tenants.audit.services import record
from tenants.schema import current_business

LONGEST_NAME = 200


def create_plan(*, document: PlanDocument, by: Member) -> PlanVersion:
    """Make a plan whose first version is a draft."""
    slug = slugify(document.name)[:80]
    if not slug or len(document.name) > LONGEST_NAME:
        raise errors.WrongValue(
            f"A plan's name has a Latin letter or digit, and at most {LONGEST_NAME} signs."
        )
    try:
        with transaction.atomic():
            plan = Plan.objects.create(name=document.name, slug=slug)
            draft = _new_draft(plan, document, by)
            _trail("plans.plan.created", draft, by)
    except IntegrityError:
        raise errors.NameTaken("plan", document.name) from None
    return draft


def start_draft(*, plan: Plan, by: Member) -> PlanVersion:
    """Copy the newest published version into a draft; a draft that exists is kept."""
    existing = plan.versions.filter(state=PlanVersion.State.DRAFT).first()
    if existing:
        return existing
    newest = plan.versions.order_by("-number").first()
    if newest is None:
        raise Plan.DoesNotExist
    with transaction.atomic():
        draft = _new_draft(plan, document_of(newest), by)
        _trail("plans.draft.started", draft, by)
    return draft


def revert_to(*, version: PlanVersion, by: Member) -> PlanVersion:
    """Start a draft that says what an older version said; nothing is taken away."""
    return draft_with(plan=version.plan, document=document_of(version), by=by)


def draft_with(
    *,
    plan: Plan,
    document: PlanDocument,
    by: Member,
    library_edition: int | None = None,
) -> PlanVersion:
    """Start a draft with this document; a draft that stands is not written over."""
    if plan.versions.filter(state=PlanVersion.State.DRAFT).exists():
        raise errors.DraftStands(plan.name)
    try:
        with transaction.atomic():
            draft = _new_draft(plan, document, by, library_edition)
            _trail("plans.draft.started", draft, by)
    except IntegrityError:
        raise errors.DraftStands(plan.name) from None
    return draft


def save_draft(
    *, draft: PlanVersion, document: PlanDocument, seen_edition: int, by: Member
) -> PlanVersion:
    """Replace a draft's document, if nobody saved since it was opened.

    Saving what stands there already edits nothing, so its author stays the author.
    """
    same = PlanVersion.objects.select_related("plan").filter(
        pk=draft.pk, edition=seen_edition, sha256=document.hash
    )
    if unchanged := same.first():
        return unchanged
    with transaction.atomic():
        open_draft = PlanVersion.objects.filter(
            pk=draft.pk, state=PlanVersion.State.DRAFT, edition=seen_edition
        )
        saved = open_draft.update(
            document=document.raw,
            sha256=document.hash,
            edition=F("edition") + 1,
            edited_by_id=by.user_id,
            edited_at=clock.now(),
            # No other edition was saved since, so nobody's name is lost here.
            editor_ids=sorted({*editors_of(draft), by.user_id}),
        )
        fresh = PlanVersion.objects.select_related("plan").get(pk=draft.pk)
        if saved != 1:
            if fresh.state != PlanVersion.State.DRAFT:
                raise errors.NotADraft(fresh.number)
            raise errors.SomebodySaved(fresh.number)
        before = {"sha256": draft.sha256}
        _trail("plans.draft.saved", fresh, by, before)
    return fresh


def publish_version(
    *, draft: PlanVersion, starts_on: date, by: Member, moves: Decimal | None = None
) -> PlanVersion:
    """Put a draft in force from a day, once its examples pass and a second person asks.

    `moves` is how much pay it is known to move, which may make one person enough.
    Nothing in a closed period moves: what would differ there becomes a proposal.
    """
    document = document_of(draft)
    require_publishable(document)
    if not may_publish(draft, by, moves):
        raise errors.NeedsSecondPerson
    with transaction.atomic():
        number = next_change(
            kind="plan",
            words=f"{draft.plan} v{draft.number} in force from {day_words(starts_on)}",
            source=f"published by {by.name}",
            by_id=by.user_id,
        )
        published = PlanVersion.objects.filter(
            pk=draft.pk, state=PlanVersion.State.DRAFT, edition=draft.edition
        ).update(
            state=PlanVersion.State.PUBLISHED,
            starts_on=starts_on,
            opened=number,
            published_by_id=by.user_id,
            published_at=clock.now(),
            field_types=types_read(_compiled(document)),
        )
        fresh = PlanVersion.objects.select_related("plan").get(pk=draft.pk)
        if published != 1:
            if fresh.state == PlanVersion.State.PUBLISHED:
                raise errors.NotADraft(fresh.number)
            raise errors.SomebodySaved(fresh.number)
        _trail("plans.version.published", fresh, by)
        ask_to_tell(fresh, by)
    return fresh


def discard_draft(*, draft: PlanVersion, by: Member) -> None:
    """Give a draft up; what was published is not touched."""
    with transaction.atomic():
        _trail("plans.draft.discarded", draft, by, {"document": draft.document})
        gone, _ = PlanVersion.objects.filter(
            pk=draft.pk, state=PlanVersion.State.DRAFT
        ).delete()
        if not gone:
            raise errors.NotADraft(draft.number)


def editors_of(draft: PlanVersion) -> set[int]:
    """Return the users who had a hand in a draft."""
    return {*draft.editor_ids, *filter(None, [draft.edited_by_id])}


def may_publish(draft: PlanVersion, by: Member, moves: Decimal | None) -> bool:
    """Say whether the member may publish a draft: no editor may, but for small ones.

    Small is what the business's limit says; where it has none, nothing is small.
    """
    business = current_business()
    if business.solo_mode or by.user_id not in editors_of(draft):
        return True
    limit = business.second_publisher_above
    return moves is not None and limit is not None and moves <= limit


def require_sound(document: PlanDocument) -> None:
    """Refuse a plan that cannot be compiled or paid in this business."""
    problems = problems_of(document)
    if problems:
        raise InvalidPlan(problems)


def problems_of(document: PlanDocument) -> list[PlanProblem]:
    """Return why a plan cannot be compiled or paid in this business."""
    tables = RateTable.objects.values_list("key", flat=True)
    problems = list(check_plan(document, field_catalogue(), tables))
    own = current_business().currency
    if document.currency != own:
        wrong = errors.WrongCurrency(document.name, document.currency, own)
        problems.append(PlanProblem("currency", wrong.message, wrong.hint, code="plan"))
    return [*problems, *_missing_their_pay(document)]


def _missing_their_pay(document: PlanDocument) -> Iterator[PlanProblem]:
    """Yield the components whose window no pay period of the business ends with."""
    calendar = current_business().pay_calendar
    if document.pays != calendar and (weeks_of(calendar) or weeks_of(document.pays)):
        # Its months, quarters and years are not those of the calendar.
        own = words_of(calendar) if is_calendar(calendar) else calendar
        words = f"{current_business()} does not pay by {words_of(document.pays)}."
        yield PlanProblem("pays", words, f"Write pays: {own}.", code="plan")
        return
    for part in document.components:
        missed = never_paid(part.over, calendar, document.year_starts)
        if part.per == "period" and missed is not None:
            path = f"components.{part.key}.over"
            yield PlanProblem(path, *missed, code="plan")


def require_publishable(document: PlanDocument) -> None:
    """Refuse a plan with a problem, without an example, or with one that fails."""
    require_sound(document)
    if not document.examples:
        raise errors.NoExamples
    failed = [r.example for r in try_document(document).results if not r.ok]
    if failed:
        raise errors.ExamplesFail(sorted(set(failed)))


def _compiled(document: PlanDocument) -> PlanProgram:
    tables = RateTable.objects.values_list("key", flat=True)
    return compile_plan(document, field_catalogue(), tables)


def document_of(version: PlanVersion) -> PlanDocument:
    """Return a version's document as code reads it."""
    return read_plan(version.document)


def try_document(
    document: PlanDocument, fields: tuple[FieldFact, ...] | None = None
) -> Tried:
    """Run a plan's worked examples against this business's fields and tables.

    A version in force is tried with the `fields` as it reads them.
    """
    found = field_catalogue() if fields is None else fields
    return try_examples(document, found, tables_known(latest_change()))


def _new_draft(
    plan: Plan, document: PlanDocument, by: Member, library_edition: int | None = None
) -> PlanVersion:
    last = plan.versions.aggregate(last=Max("number"))["last"] or 0
    return PlanVersion.objects.create(
        plan=plan,
        number=last + 1,
        document=document.raw,
        sha256=document.hash,
        edited_by_id=by.user_id,
        edited_at=clock.now(),
        editor_ids=[by.user_id],
        library_edition=library_edition,
    )


def _trail(
    action: str,
    version: PlanVersion,
    by: Member,
    before: Mapping[str, object] | None = None,
) -> None:
    record(
        action=action,
        object_kind="plan_version",
        object_id=version.pk,
        object_name=f"{version.plan} v{version.number}",
        before=before,
        after={"sha256": version.sha256, "state": version.state},
        by=by,
    )
