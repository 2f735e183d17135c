"""A plan tried on real deals as it is being written: what they pay with it, and now.

The deals are those on which plans break: the biggest, shared ones, negative amounts,
other currencies, blank fields.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Q, QuerySet

from commissions.calculation.facts import LineDraft, PayeeInputs
from commissions.calculation.receipt import NoSuchLine, Receipt
from commissions.calculation.receipts import explain
from commissions.plans.document import PlanDocument
from commissions.plans.models import (
    Assignment,
    Plan,
    PlanVersion,
    PreviewedStatement,
)
from commissions.plans.services import document_of, require_sound
from commissions.statements.differences import money
from commissions.statements.impact import reckoned, standing
from commissions.statements.inputs import Key, Loaded, load
from commissions.statements.periods import current_period, pay_period_of
from commissions_saas.lib.periods import Period, parse_period
from crm_sync.ledger.models import Credit, Entry
from tenants.schema import current_business

MOST_DEALS = 8
MOST_STATEMENTS = 24
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Picked:
    """A deal to try, and why it was picked."""

    entry: Entry
    why: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What a deal pays one payee by one component, with the draft and in force."""

    picked: Picked
    payee_id: int
    payee: str
    component: str
    draft: Decimal | None
    in_force: Decimal | None
    failed: str
    receipt: Receipt | None

    @property
    def difference(self) -> Decimal:
        """Return by how much the draft pays more."""
        return (self.draft or ZERO) - (self.in_force or ZERO)


@dataclass(frozen=True, slots=True)
class Trial:
    """The deals that were tried, those that fail first, and those that pay nobody.

    Where nobody is on the plan it is tried `as_if` those were whose deals they are;
    `needs` are the values without which it cannot be.
    """

    period: Period
    rows: tuple[Tried, ...]
    unpaid: tuple[Picked, ...]
    as_if: bool = False
    needs: tuple[str, ...] = ()


def try_live(plan: Plan, document: PlanDocument, query: str = "") -> Trial:
    """Try a document on the deals of this period, or of the last one that has any."""
    require_sound(document)
    period = current_period()
    as_if = not _on_plan(plan).exists()
    needs = tuple(set(document.variables) - set(document.defaults)) if as_if else ()
    if needs:
        return Trial(period, (), (), as_if, tuple(sorted(needs)))
    picked = picked_deals(plan, period, query)
    if not picked:
        period = period.previous()
        picked = picked_deals(plan, period, query)
    rows = list(_tried(plan, document, period, picked)) if picked else []
    paid = {row.picked.entry.pk for row in rows}
    return Trial(
        period,
        tuple(sorted(rows, key=lambda row: not row.failed)),
        tuple(each for each in picked if each.entry.pk not in paid),
        as_if,
    )


def picked_deals(plan: Plan, period: Period, query: str = "") -> list[Picked]:
    """Return a few deals of people on the plan, the awkward ones among them."""
    rows = _deals(plan, period)
    if query:
        found = rows.filter(name__icontains=query).order_by("-occurred_on", "pk")
        return [Picked(entry, "searched for") for entry in found[:MOST_DEALS]]
    own = current_business().currency
    blank = Q(product="") | Q(amount__isnull=True) | Q(territory="")
    kinds: list[tuple[str, QuerySet[Entry], int]] = [
        ("the biggest", rows.order_by("-amount", "pk"), 2),
        ("shared", rows.filter(pk__in=_shared(rows)).order_by("-amount", "pk"), 1),
        ("a negative amount", rows.filter(amount__lt=0).order_by("amount", "pk"), 1),
        ("another currency", rows.exclude(currency__in=["", own]).order_by("pk"), 1),
        ("a blank field", rows.filter(blank).order_by("pk"), 1),
        ("the latest", rows.order_by("-occurred_on", "-pk"), MOST_DEALS),
    ]
    reasons: dict[int, list[str]] = {}
    entries: dict[int, Entry] = {}
    for why, some, most in kinds:
        for entry in some[:most]:
            if entry.pk in reasons and why != kinds[-1][0]:
                reasons[entry.pk].append(why)
            elif entry.pk not in reasons and len(reasons) < MOST_DEALS:
                entries[entry.pk], reasons[entry.pk] = entry, [why]
    return [Picked(entries[pk], ", ".join(whys)) for pk, whys in reasons.items()]


def _deals(plan: Plan, period: Period) -> QuerySet[Entry]:
    """Return what is credited in the period to whom the plan is tried on."""
    credited = _credits(plan).filter(
        occurred_on__gte=period.starts_on, occurred_on__lte=period.ends_on
    )
    return Entry.objects.filter(pk__in=credited.values("entry_id"), deleted=False)


def _credits(plan: Plan) -> QuerySet[Credit]:
    """Return the credits of who is on the plan; of everybody, where nobody is."""
    credited = Credit.objects.filter(closed__isnull=True)
    people = _on_plan(plan)
    if not people.exists():
        return credited
    return credited.filter(payee_id__in=people.values("payee_id"))


def _on_plan(plan: Plan) -> QuerySet[Assignment]:
    return plan.assignments.filter(closed__isnull=True)


def _shared(rows: QuerySet[Entry]) -> QuerySet[Credit, int]:
    live = Credit.objects.filter(entry_id__in=rows.values("pk"), closed__isnull=True)
    live = live.filter(role__in=["owner", "split"])
    many = live.values("entry_id").annotate(people=Count("payee_id", distinct=True))
    return many.filter(people__gt=1).values_list("entry_id", flat=True)


def _tried(
    plan: Plan, document: PlanDocument, period: Period, picked: Sequence[Picked]
) -> Iterator[Tried]:
    by_entry = {each.entry.pk: each for each in picked}
    with standing(plan, document, period.starts_on) as fence:
        keys = _statements(plan, by_entry.values())
        if not keys:
            return
        if not _on_plan(plan).exists():
            _put_on_plan(plan, keys, period, fence + 1)
        before, after = load(keys, fence), load(keys, fence + 1)
        for key in keys:
            yield from _of_statement(plan, key, before, after, by_entry)


def _put_on_plan(plan: Plan, keys: Iterable[Key], period: Period, change: int) -> None:
    """Let people be on the plan for as long as the document stands."""
    Assignment.objects.bulk_create(
        Assignment(
            payee_id=payee_id, plan=plan, starts_on=period.starts_on, opened=change
        )
        for payee_id in dict.fromkeys(payee_id for payee_id, _ in keys)
    )


def _of_statement(
    plan: Plan, key: Key, before: Loaded, after: Loaded, picked: dict[int, Picked]
) -> Iterator[Tried]:
    _, old = reckoned(before, key, {})
    inputs, new = reckoned(after, key, {})
    then = {line.key: line for line in new.lines}
    now = {line.key: line for line in old.lines}
    for line_key in dict.fromkeys((*then, *now)):
        if line_key.entry_id not in picked or line_key.plan_id != plan.pk:
            continue
        line, other = then.get(line_key), now.get(line_key)
        yield Tried(
            picked=picked[line_key.entry_id],
            payee_id=key[0],
            payee=inputs.payee_name,
            component=(line or other).component_name,  # type: ignore[union-attr]
            draft=_amount(line),
            in_force=_amount(other),
            failed=line.failed if line else "",
            receipt=_receipt(inputs, line),
        )


def _receipt(inputs: PayeeInputs, line: LineDraft | None) -> Receipt | None:
    if line is None:
        return None
    try:
        return explain(inputs, line.key)
    except NoSuchLine:
        return None


@dataclass(frozen=True, slots=True)
class Traced:
    """How one line comes to its amount on one side of a preview."""

    side: str
    amount: Decimal | None
    failed: str
    receipt: Receipt | None


def trace_both(
    row: PreviewedStatement, component: str, entry_id: int, role: str
) -> tuple[Traced, ...]:
    """Explain a line of a preview, now and after; a side without it has no receipt."""
    preview = row.preview
    document = document_of(PlanVersion(document=preview.document))
    own = preview.statements.filter(payee_id=row.payee_id)
    slugs = own.values_list("period_slug", flat=True)
    periods = sorted(parse_period(slug) for slug in slugs)
    found = []
    with standing(preview.plan, document, preview.starts_on) as fence:
        for side, change in (("Now", fence), ("After", fence + 1)):
            keys = [(row.payee_id, period) for period in periods]
            loaded = load(keys, change, with_names=True)
            kept: dict[str, Mapping[str, Decimal]] = {}
            for key in keys:
                inputs, draft = reckoned(loaded, key, kept)
                if key[1].slug == row.period_slug:
                    break
            line = next(
                (
                    each
                    for each in draft.lines
                    if (each.component, each.key.entry_id, each.role)
                    == (component, entry_id, role)
                ),
                None,
            )
            failed = line.failed if line else ""
            found.append(Traced(side, _amount(line), failed, _receipt(inputs, line)))
    return tuple(found)


def _amount(line: LineDraft | None) -> Decimal | None:
    return None if line is None or line.failed else money(line.amount)


def _statements(plan: Plan, picked: Iterable[Picked]) -> list[Key]:
    """Return whose statements these deals stand on, of whom the plan is tried on."""
    days: dict[int, date] = {
        each.entry.pk: each.entry.occurred_on
        for each in picked
        if each.entry.occurred_on is not None
    }
    rows = _credits(plan).filter(entry_id__in=days).order_by("payee_id", "entry_id")
    keys = {
        (payee_id, pay_period_of(days[entry_id])): None
        for payee_id, entry_id in rows.values_list("payee_id", "entry_id")
    }
    return list(keys)[:MOST_STATEMENTS]
