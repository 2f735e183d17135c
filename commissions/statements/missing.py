"""Why a deal is not on a statement: the first rule that failed, and what to do."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Q, QuerySet

from commissions.calculation.facts import AssignmentFact
from commissions.plans.selectors import programs_for
from commissions.statements.models import Line, Statement
from commissions.statements.periods import as_period, pay_period_of
from commissions.statements.sources import Source, sources_of
from commissions.statements.words import day_text
from crm_sync.ledger.changes import latest_change
from crm_sync.ledger.models import Credit, Entry, RefusedRecord
from crm_sync.ledger.selectors import entries_visible_to
from tenants.access import Member

MOST = 20


@dataclass(frozen=True, slots=True)
class Rule:
    """One question about a deal, and its answer."""

    words: str
    holds: bool


@dataclass(slots=True)
class Verdict:
    """A deal, the rules in their order, and the first one that failed."""

    name: str
    entry: Entry | None = None
    rules: list[Rule] = field(default_factory=list)
    advice: str = ""
    slug: str = ""  # of the period where it is
    line: Line | None = None

    @property
    def failed(self) -> Rule | None:
        """Return the first rule that does not hold."""
        return next((rule for rule in self.rules if not rule.holds), None)

    def ask(self, holds: bool, yes: str, no: str, advice: str = "") -> bool:
        """Add a rule; say whether to go on."""
        self.rules.append(Rule(yes if holds else no, holds))
        if not holds:
            self.advice = advice
        return holds


def not_counted(row: Statement) -> list[Verdict]:
    """Return the payee's won deals of a period that are not on its statement."""
    period = as_period(row.period)
    credited = Credit.objects.filter(
        entry_id=OuterRef("pk"), payee_id=row.payee_id, closed__isnull=True
    )
    lines = Line.objects.filter(
        entry_id=OuterRef("pk"), payee_id=row.payee_id, closed_run__isnull=True
    )
    entries = Entry.objects.filter(
        Exists(credited),
        ~Exists(lines),
        counts=True,
        occurred_on__gte=period.starts_on,
        occurred_on__lte=period.ends_on,
    ).order_by("occurred_on", "pk")
    return _judged(row, entries[:MOST])


def why_not_here(row: Statement, query: str, member: Member) -> list[Verdict]:
    """Search deals by name or id and say of each why it is, or is not, on a statement."""
    words = query.strip()
    if not words:
        return []
    match = Q(name__icontains=words) | Q(external_id=words)
    entries = entries_visible_to(member).filter(match).order_by("-occurred_on", "pk")
    verdicts = _judged(row, entries[:MOST])
    refused = RefusedRecord.objects.filter(
        match, state=RefusedRecord.State.WAITING
    ).exclude(external_id__in=[v.entry.external_id for v in verdicts if v.entry])
    return [*verdicts, *(_refused(record, member) for record in refused[:MOST])]


def _refused(record: RefusedRecord, member: Member) -> Verdict:
    verdict = Verdict(record.name or record.external_id)
    source = sources_of([record.connection_id]).get(record.connection_id, Source())
    verdict.ask(True, f"It is in {source.name}.", "")
    # Whose deal this is, nobody knows yet: a rep learns the reason, not the amount.
    verdict.ask(
        False,
        "",
        f"It was refused: {record.reason}",
        "Ask an admin to mend the mapping; it is tried again on every sync.",
    )
    return verdict


def _judged(row: Statement, entries: QuerySet[Entry]) -> list[Verdict]:
    found = list(entries)
    if not found:
        return []
    days = [e.occurred_on for e in found if e.occurred_on] or [row.period.ends_on]
    programs = programs_for([row.payee_id], (min(days), max(days)), latest_change())
    lines = {
        line.entry_id: line
        for line in Line.objects.filter(
            entry_id__in=[e.pk for e in found],
            payee_id=row.payee_id,
            closed_run__isnull=True,
        )
    }
    credits = set(
        Credit.objects.filter(
            entry_id__in=[e.pk for e in found],
            payee_id=row.payee_id,
            closed__isnull=True,
        ).values_list("entry_id", flat=True)
    )
    sources = sources_of([e.connection_id for e in found])
    return [
        _judge(
            row,
            entry,
            sources.get(entry.connection_id, Source()),
            entry.pk in credits,
            programs.get(row.payee_id, ()),
            lines.get(entry.pk),
        )
        for entry in found
    ]


def _judge(
    row: Statement,
    entry: Entry,
    source: Source,
    is_credited: bool,
    programs: Iterable[AssignmentFact],
    line: Line | None,
) -> Verdict:
    name, period = row.payee.name, as_period(row.period)
    verdict = Verdict(entry.name, entry, line=line)
    won = f"It is won in {source.name}."
    status = entry.status or "open"
    gone = f"It was deleted in {source.name}."
    _ = (
        verdict.ask(not entry.deleted, f"It is in {source.name}.", gone)
        and verdict.ask(
            is_credited,
            f"{name} is credited.",
            f"{name} is not credited: its owner is {entry.owner or 'nobody we know'}.",
            f"Change the owner or the split in {source.name}.",
        )
        and verdict.ask(
            entry.counts and entry.occurred_on is not None,
            won,
            f"Its status in {source.name} is {status}, not won.",
            f"It counts once it is won in {source.name}.",
        )
        and _in_period(verdict, entry, period.slug)
        and _on_a_plan(verdict, entry, tuple(programs), name)
        and _on_the_statement(verdict, line)
    )
    return verdict


def _in_period(verdict: Verdict, entry: Entry, slug: str) -> bool:
    day = entry.occurred_on
    if day is None:
        return False
    theirs = pay_period_of(day)
    verdict.slug = theirs.slug
    return verdict.ask(
        theirs.slug == slug,
        f"It was won on {day_text(day)}, in this period.",
        f"It was won on {day_text(day)}, which is in {theirs.label}.",
        f"See the statement of {theirs.label}.",
    )


def _on_a_plan(
    verdict: Verdict, entry: Entry, programs: tuple[AssignmentFact, ...], name: str
) -> bool:
    day = entry.occurred_on
    holding = [fact for fact in programs if day is not None and fact.covers(day)]
    plans = ", ".join(fact.program.name for fact in holding)
    return verdict.ask(
        bool(holding),
        f"{name} was on {plans}.",
        f"{name} was on no plan on {day_text(day) if day else 'that day'}.",
        "Ask an admin to assign a plan from that day.",
    ) and verdict.ask(
        any(
            component.object == entry.object
            for fact in holding
            for component in fact.program.components
        ),
        f"The plan pays for {entry.object}s.",
        f"No component of {plans} pays for {entry.object}s.",
        "Ask an admin whether the plan should.",
    )


def _on_the_statement(verdict: Verdict, line: Line | None) -> bool:
    product = verdict.entry.product if verdict.entry else ""
    about = f" of {product}" if product else ""
    if not verdict.ask(
        line is not None,
        "It is on the statement.",
        f"No component's condition is met by a deal{about}.",
        "Ask an admin whether the plan should pay for it.",
    ):
        return False
    if line is not None and line.failed:
        return verdict.ask(False, "", line.failed, "Ask an admin to mend the record.")
    if line is not None and line.waiting_for:
        return verdict.ask(
            False,
            "",
            f"It is earned, and waits for: {line.waiting_for}.",
            "It becomes payable when that has happened.",
        )
    return True
