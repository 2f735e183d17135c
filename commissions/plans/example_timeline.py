"""Goes through the periods of an example: each is frozen at its end, as then known.

What a later event changes in a frozen period is posted in the period of the event:
recomputed − frozen − already posted, line by line, as statements do it. Measures are
carried from period to period as they read with what is known by then.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from commissions.calculation.facts import (
    AdjustmentFact,
    LineDraft,
    PayeeInputs,
    StatementDraft,
)
from commissions.calculation.group import calculate_group
from commissions.calculation.windows import precedes, stored_period
from commissions.plans.example_facts import Setting, refuse_unread
from commissions.plans.example_people import Person
from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.periods import Period, period_of
from crm_sync.ledger.facts import EntryFact

ZERO = Decimal(0)
_POSTED_FROM = 1_000_000
_MOST_BEFORE = 60
_MOST_STATEMENTS = 20_000

Drafts = Mapping[int, StatementDraft]
LineOf = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Reckoned:
    """One statement of an example; `released` are frozen lines whose gate opened.

    `carried` is what measures had in earlier periods.
    """

    person: Person
    period: Period
    draft: StatementDraft
    released: tuple[LineDraft, ...] = ()
    carried: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)


def reckon(setting: Setting) -> list[Reckoned]:
    """Work out every statement of an example, period by period."""
    if setting.span.alone:
        return _alone(setting)
    refuse_unread(setting, setting.span.periods)
    timeline = _Timeline(setting)
    return [done for period in setting.span.periods for done in timeline.take(period)]


def _alone(setting: Setting) -> list[Reckoned]:
    """Reckon one period with all that is known; earlier ones only for what they carry."""
    entries = setting.reader.known(setting.entries, None)
    (period,) = setting.span.periods
    carried: dict[int, dict[tuple[str, str], Decimal]] = {}
    before = _earlier(setting, entries, period)
    refuse_unread(setting, [*before, period])
    for earlier in before:
        drafts = _drafts(setting, earlier, entries, carried, {})
        _carry(drafts, earlier, carried)
    drafts = _drafts(setting, period, entries, carried, _adjustments(setting, period))
    return [
        Reckoned(
            p, period, drafts[p.number], (), _all_before(setting, p, period, carried)
        )
        for p in setting.people
    ]


def _earlier(
    setting: Setting, entries: Iterable[EntryFact], period: Period
) -> list[Period]:
    """Return the periods before, where a measure is carried and nothing says what."""
    carries = any(
        (measure.of_components or measure.value or measure.per == "period")
        and measure.over != "period"
        for measure in setting.program.measures
    )
    if not carries or any(setting.stored.values()):
        return []
    days = [entry.occurred_on for entry in entries if entry.occurred_on is not None]
    days += setting.days_of_facts(period.kind)
    first = min(days, default=period.starts_on)
    found: list[Period] = []
    at = period
    while at.starts_on > first and len(found) < _MOST_BEFORE:
        at = at.previous()
        found.append(at)
    return found[::-1]


def _drafts(
    setting: Setting,
    period: Period,
    entries: tuple[EntryFact, ...],
    carried: Mapping[int, Mapping[tuple[str, str], Decimal]],
    adjustments: Mapping[int, Sequence[AdjustmentFact]],
) -> Drafts:
    inputs = [
        setting.inputs(
            person,
            period,
            entries,
            _before(carried.get(person.number, {}), period),
            tuple(adjustments.get(person.number, ())),
        )
        for person in setting.people
    ]

    def members(of_payee: PayeeInputs, of: str) -> Sequence[int]:
        return _members(setting, of_payee, of)

    return calculate_group(inputs, members)


def _before(
    carried: Mapping[tuple[str, str], Decimal], period: Period
) -> dict[tuple[str, str], Decimal]:
    """Return what earlier periods left, and what a payee began with."""
    return {
        key: carried[key] for key in carried if precedes(stored_period(key[1]), period)
    }


def _all_before(
    setting: Setting,
    person: Person,
    period: Period,
    carried: Mapping[int, Mapping[tuple[str, str], Decimal]],
) -> dict[tuple[str, str], Decimal]:
    stored = {
        **setting.stored.get(person.number, {}),
        **carried.get(person.number, {}),
    }
    return _before(stored, period)


def _members(setting: Setting, inputs: PayeeInputs, of: str) -> Sequence[int]:
    """Return who is in a set of a payee, as of the last day of the period."""
    last = inputs.period.ends_on
    if of == "business":
        return [person.number for person in setting.people]
    if of == "plan":
        first = inputs.period.starts_on
        return [p.number for p in setting.people if p.on_plan(first, last)]
    if of in ("team", "legs"):
        return setting.below(inputs.payee_id, last)
    found: list[int] = []
    ways = setting.below(inputs.payee_id, last)
    while ways:
        number = ways.pop(0)
        if number not in found and number != inputs.payee_id:
            found.append(number)
            ways += setting.below(number, last)
    return found


def _carry(
    drafts: Drafts,
    period: Period,
    carried: dict[int, dict[tuple[str, str], Decimal]],
) -> None:
    for number, draft in drafts.items():
        own = carried.setdefault(number, {})
        # A measure by customer may have lost a customer since it was carried.
        for gone in [place for place in own if place[1] == period.slug]:
            del own[gone]
        for key, added in draft.measures.items():
            own[key, period.slug] = added


def _adjustments(setting: Setting, period: Period) -> dict[int, list[AdjustmentFact]]:
    found: dict[int, list[AdjustmentFact]] = {}
    for adjusted in setting.adjusted:
        if adjusted.period == period.slug:
            numbers = [p.number for p in setting.people if p.name == adjusted.payee]
            number = numbers[0] if numbers else setting.people[0].number
            found.setdefault(number, []).append(adjusted.fact)
    return found


@dataclass(slots=True)
class _Frozen:
    """One statement as it was frozen, and what was posted against it since."""

    period: Period
    draft: StatementDraft
    posted: dict[LineOf, Decimal] = field(default_factory=dict)
    lines: dict[LineOf, LineDraft] = field(default_factory=dict)  # that were posted
    released: set[LineOf] = field(default_factory=set)


@dataclass(slots=True)
class _Timeline:
    """What has been frozen and carried so far."""

    setting: Setting
    frozen: dict[int, list[_Frozen]] = field(default_factory=dict)
    carried: dict[int, dict[tuple[str, str], Decimal]] = field(default_factory=dict)
    known: tuple[EntryFact, ...] = ()
    _numbered: int = _POSTED_FROM
    _reckoned: int = 0

    def take(self, period: Period) -> Iterator[Reckoned]:
        """Reckon a period at its end, with what came too late for those before it."""
        setting = self.setting
        entries = setting.reader.known(setting.entries, period.ends_on)
        adjustments = _adjustments(setting, period)
        released: dict[int, list[LineDraft]] = {}
        if self._changed(entries, period):
            self._again(entries, period, adjustments, released)
        self.known = entries
        drafts = _drafts(setting, period, entries, self.carried, adjustments)
        _carry(drafts, period, self.carried)
        for person in setting.people:
            draft = drafts[person.number]
            frozen = self.frozen.setdefault(person.number, [])
            frozen.append(_Frozen(period, draft))
            gates = tuple(released.get(person.number, ()))
            before = _all_before(setting, person, period, self.carried)
            yield Reckoned(person, period, draft, gates, before)

    def _changed(self, entries: Sequence[EntryFact], period: Period) -> bool:
        """Say whether anything of the frozen periods reads differently now."""
        return _past(entries, period) != _past(self.known, period)

    def _again(
        self,
        entries: tuple[EntryFact, ...],
        now: Period,
        adjustments: dict[int, list[AdjustmentFact]],
        released: dict[int, list[LineDraft]],
    ) -> None:
        """Reckon the frozen periods again, in order, and post the differences."""
        counts = {entry.id: entry for entry in entries}
        earlier = [p for p in self.setting.span.periods if p.ends_on < now.starts_on]
        self._reckoned += len(earlier) * len(self.setting.people)
        if self._reckoned > _MOST_STATEMENTS:
            words = "Too many late changes of too many periods for one example."
            raise ProductError(words, hint="Make several smaller examples of it.")
        for at, period in enumerate(earlier):
            past = _adjustments(self.setting, period)
            drafts = _drafts(self.setting, period, entries, self.carried, past)
            _carry(drafts, period, self.carried)
            for person in self.setting.people:
                frozen = self.frozen[person.number][at]
                fresh = drafts[person.number]
                posted = adjustments.setdefault(person.number, [])
                for late in _late(frozen, fresh):
                    self._numbered += 1
                    posted.append(_posting(late, counts, now, self._numbered))
                    key = late.line.component, late.line.entry_id, late.line.role
                    frozen.posted[key] = frozen.posted.get(key, ZERO) + late.due
                    frozen.lines[key] = late.line
                gates = _opened(frozen, fresh)
                released.setdefault(person.number, []).extend(gates)


@dataclass(frozen=True, slots=True)
class _Late:
    line: LineDraft
    due: Decimal
    waiting_for: str


def _past(entries: Iterable[EntryFact], now: Period) -> list[EntryFact]:
    first = now.starts_on
    return [e for e in entries if e.occurred_on is None or e.occurred_on < first]


def _late(frozen: _Frozen, fresh: StatementDraft) -> Iterator[_Late]:
    """Return what is still to be booked of a frozen statement, line by line."""
    before, after = _by_line(frozen.draft), _by_line(fresh)
    # What was only ever posted is still due back where it no longer applies.
    for key in dict.fromkeys((*before, *after, *frozen.lines)):
        was, now = before.get(key, []), after.get(key, [])
        if any(line.failed for line in now):
            continue  # What cannot be worked out is not known to be zero.
        due = _sum(now) - _sum(was) - frozen.posted.get(key, ZERO)
        if due:
            line = (now or was or [frozen.lines[key]])[0]
            waits = (
                bool(was) and bool(was[0].waiting_for) and key not in frozen.released
            )
            waits = waits and all(fresh_line.waiting_for for fresh_line in now)
            yield _Late(line, due, was[0].waiting_for if waits else "")


def _opened(frozen: _Frozen, fresh: StatementDraft) -> Iterator[LineDraft]:
    """Return the frozen lines whose gate has opened since, each once."""
    after = _by_line(fresh)
    for key, lines in _by_line(frozen.draft).items():
        now = after.get(key, [])
        waited = lines[0].waiting_for and key not in frozen.released
        if waited and now and not any(line.waiting_for for line in now):
            frozen.released.add(key)
            posted = frozen.posted.get(key, ZERO)
            yield replace(lines[0], amount=_sum(lines) + posted)


def _by_line(draft: StatementDraft) -> dict[LineOf, list[LineDraft]]:
    found: dict[LineOf, list[LineDraft]] = {}
    for line in draft.lines:
        if not line.key.adjustment_id:
            key = line.component, line.entry_id, line.role
            found.setdefault(key, []).append(line)
    return found


def _sum(lines: Iterable[LineDraft]) -> Decimal:
    return sum((line.amount for line in lines), ZERO)


def _posting(
    late: _Late, entries: Mapping[int, EntryFact], now: Period, number: int
) -> AdjustmentFact:
    line = late.line
    entry = entries.get(line.entry_id)
    lost = entry is not None and not entry.counts
    earned_on: date = now.ends_on
    if entry is not None and entry.reversed_on is not None:
        earned_on = max(entry.reversed_on, now.starts_on)
    return AdjustmentFact(
        id=number,
        kind="clawback" if lost and late.due < 0 else "adjustment",
        amount=late.due,
        currency=line.currency,
        reason=f"{period_of(now.kind, line.earned_on).slug} came out otherwise",
        earned_on=min(earned_on, now.ends_on),
        plan_id=line.key.plan_id,
        version_id=line.version_id,
        component=line.component,
        component_name=line.component_name,
        entry_id=line.entry_id,
        role=line.role,
        waiting_for=late.waiting_for,
    )
