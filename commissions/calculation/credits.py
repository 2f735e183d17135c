"""Stage one: which entries count for a payee, and what a formula reads from each."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple

from commissions.calculation.facts import (
    AssignmentFact,
    LeftOut,
    PayeeInputs,
    RateFact,
)
from commissions.calculation.names import OWN_FIELDS as OWN_FIELDS
from commissions.calculation.program import ZERO, FieldRead
from commissions.calculation.readings import (
    DayReader,
    points_elsewhere,
    read_around,
)
from commissions.calculation.scope import (
    CannotReckon,
    Conversion,
    Credited,
    Readable,
    checked,
    foreign_words,
)
from commissions.calculation.words import day_words
from commissions_saas.lib.money import round_money, split
from commissions_saas.lib.periods import Period, period_of
from crm_sync.ledger.facts import CreditFact, EntryFact, Value

UPLINE = "upline"
_SHARED = ("owner", "split")  # who divide an entry between them
_ABOVE = ("manager", UPLINE)  # they do not sell, and may be paid for any sale
_AMOUNT = "amount"

Standing = Literal["whole", "kept", ""]


class _Share(NamedTuple):
    """What the payee holds of an entry in one role, and at one level of the upline."""

    role: str
    line_role: str
    share: Decimal
    level: int
    through: int
    problem: str


def standing(
    entry: EntryFact,
    clawback_days: int | None,
    keeps: bool = False,
    until: date | None = None,
) -> Standing:
    """Say whether an entry earns: as a whole, as what is kept of it, or not at all.

    It earns while it counts, and after that if it was lost after the clawback days or,
    where each period is paid by itself, after the period that ends on `until`.
    """
    if entry.occurred_on is None:
        return ""
    if entry.counts:
        return "whole"
    lost = entry.reversed_on
    if lost is None or (until is not None and lost <= until):
        return ""
    days = clawback_days if until is None else None
    if days is not None and lost > entry.occurred_on + timedelta(days=days):
        return "whole"
    if keeps:
        return "kept"
    return "whole" if until is not None else ""


def stands(entry: EntryFact, clawback_days: int | None) -> bool:
    """Say whether an entry earns: it counts, or it was lost after the clawback days."""
    return standing(entry, clawback_days) == "whole"


def credited_in_order(
    inputs: PayeeInputs,
    assignments: Iterable[AssignmentFact],
    days: DayReader,
    left_out: list[LeftOut],
) -> list[Credited]:
    """Return the payee's credits under one plan, oldest first, ties bytewise by id.

    A credit of the period for something that the payee may not sell is left out, and
    noted in `left_out`.
    """
    in_force = sorted(
        assignments, key=lambda fact: (fact.starts_on, fact.version_id), reverse=True
    )
    found = []
    for entry in sorted(_dated(inputs), key=_plan_order):
        day = entry.occurred_on
        if day is None:
            continue
        assignment = next((fact for fact in in_force if fact.covers(day)), None)
        if assignment is None:
            continue
        for share in _shares(entry, inputs.payee_id):
            reason = _outside(inputs, entry, share, day) if inputs.may_sell else ""
            if not reason:
                found.append(_credited(inputs, days, assignment, entry, day, share))
            elif day >= inputs.period.starts_on:
                left_out.append(LeftOut(entry.id, share.line_role, reason))
    return found


def repeated(
    inputs: PayeeInputs,
    units: Iterable[Credited],
    assignment: AssignmentFact,
    day: date,
    days: DayReader,
) -> list[Credited]:
    """Return the same credits once more, as the pay period that ends on `day` reads
    them: for what is paid again in each period."""
    counted: dict[Period, int] = {}
    found = []
    for unit in units:
        began = period_of(inputs.period.kind, unit.day)
        if began not in counted:
            counted[began] = _periods_from(began, inputs.period)
        share = _Share(
            unit.role,
            unit.line_role,
            unit.share,
            unit.level,
            unit.through,
            unit.problem,
        )
        again = _credited(inputs, days, assignment, unit.entry, day, share)
        again.nth = counted[began]
        again.values["nth"] = Decimal(again.nth)
        found.append(again)
    return found


def _periods_from(first: Period, last: Period) -> int:
    count = 1
    while first.ends_on < last.starts_on:
        first = first.next()
        count += 1
    return count


def _dated(inputs: PayeeInputs) -> Iterable[EntryFact]:
    last = inputs.period.ends_on
    for entry in inputs.entries:
        if entry.occurred_on is not None and entry.occurred_on <= last:
            yield entry


def _plan_order(entry: EntryFact) -> tuple[date, bytes, int]:
    return entry.occurred_on or date.min, entry.external_id.encode(), entry.id


def _shares(entry: EntryFact, payee_id: int) -> list[_Share]:
    """Add up what the payee holds in each role; two shares in one role are one.

    In the upline each level is paid by itself, and so is each person below; where a
    level is reached through several, a point and a number tell them apart.
    """
    own = [credit for credit in entry.credits if credit.payee_id == payee_id]
    if len(own) == 1 and own[0].role != UPLINE:
        (one,) = own
        alone = one.role, one.role, one.share, one.level, one.through, one.problem
        return [_Share(*alone)]
    found: dict[tuple[str, int, int], CreditFact] = {}
    for credit in own:
        up = credit.role == UPLINE
        key = credit.role, credit.level if up else 0, credit.through if up else 0
        seen = found.get(key)
        if seen is not None:
            credit = _together(seen, credit)
        found[key] = credit
    if len(found) > 1:
        found = dict(sorted(found.items()))
    return [_share(key, found) for key in found]


def _together(one: CreditFact, other: CreditFact) -> CreditFact:
    return CreditFact(
        one.payee_id,
        one.role,
        one.share + other.share,
        one.level if one.level == other.level else 0,
        one.through if one.through == other.through else 0,
        one.problem or other.problem,
    )


def _share(
    key: tuple[str, int, int], found: Mapping[tuple[str, int, int], CreditFact]
) -> _Share:
    role, level, through = key
    credit = found[key]
    if role != UPLINE:
        return _Share(
            role, role, credit.share, credit.level, credit.through, credit.problem
        )
    ways = [other for other in found if other[:2] == (role, level)]
    line_role = f"{role} {level}"
    if len(ways) > 1:
        line_role += f".{ways.index(key) + 1}"
    return _Share(role, line_role, credit.share, level, through, credit.problem)


def _outside(inputs: PayeeInputs, entry: EntryFact, share: _Share, day: date) -> str:
    """Say why the payee may not sell what an entry names; empty where they may."""
    if share.role in _ABOVE:
        return ""
    for kind in sorted({fact.kind for fact in inputs.may_sell}):
        name = entry.values.get(kind)
        if not name:
            continue
        allowed = any(
            fact.kind == kind
            and fact.name == name
            and fact.starts_on <= day
            and (fact.ends_on is None or day <= fact.ends_on)
            for fact in inputs.may_sell
        )
        if not allowed:
            who = f"{inputs.payee_name} may not sell the {kind} “{name}”"
            return f"{entry.name}: {who} on {day_words(day)}."
    return ""


def _credited(
    inputs: PayeeInputs,
    days: DayReader,
    assignment: AssignmentFact,
    entry: EntryFact,
    day: date,
    share: _Share,
) -> Credited:
    of_day, problems = days.read(assignment, day)
    program = assignment.program
    unit = Credited(
        dict(of_day),
        problems,
        assignment,
        day,
        entry,
        role=share.role,
        share=share.share,
        line_role=share.line_role,
        level=share.level,
        through=share.through,
        problem=share.problem or foreign_words(assignment, inputs.currency),
    )
    own_problems: dict[str, str] = {}
    conversions: dict[str, Conversion] = {}
    for read in program.fields.get(entry.object, ()):
        try:
            unit.values[read.name] = _field(inputs, read, unit, conversions)
        except CannotReckon as problem:
            own_problems[read.name] = str(problem)
    if points_elsewhere(program):
        read_around(inputs, unit, unit.values, own_problems)
    if own_problems:
        # The problems of a day are shared by its entries until one has its own.
        unit.problems = {**problems, **own_problems}
    if conversions:
        unit.conversions = tuple(conversions.values())
    return unit


def _field(
    inputs: PayeeInputs,
    read: FieldRead,
    unit: Credited,
    conversions: dict[str, Conversion],
) -> Readable:
    entry, key = unit.entry, read.key
    if key in OWN_FIELDS or key == "won_on":
        return _own_field(inputs, read, unit, conversions)
    value = checked(read, entry.values.get(key), entry.name)
    if read.type == "money" and isinstance(value, Decimal):
        return _in_plan_currency(inputs, unit, read.name, value, conversions)
    return value


def _own_field(
    inputs: PayeeInputs,
    read: FieldRead,
    unit: Credited,
    conversions: dict[str, Conversion],
) -> Value | None:
    key = read.key
    if key == "share":
        return unit.share
    if key == "credited":
        return _credited_part(inputs, unit, conversions)
    if key == "role":
        return unit.role
    if key == "level":
        return Decimal(unit.level)
    return _of_entry(key, unit.entry)


def _of_entry(key: str, entry: EntryFact) -> Value | None:
    if key == "id":
        return entry.external_id
    if key == "name":
        return entry.name
    if key == "lost_on":
        return entry.reversed_on
    return entry.occurred_on


def _credited_part(
    inputs: PayeeInputs, unit: Credited, conversions: dict[str, Conversion]
) -> Decimal | None:
    """Return the payee's part of the amount, so that all parts add up to the whole."""
    entry, program = unit.entry, unit.assignment.program
    name = f"{entry.object}.{_AMOUNT}"
    read = FieldRead(name, _AMOUNT, "money")
    amount = checked(read, entry.values.get(_AMOUNT), entry.name)
    if not isinstance(amount, Decimal):
        return None
    amount = _in_plan_currency(inputs, unit, name, amount, conversions)
    currency, rounding = program.currency, program.rounding
    if unit.role not in _SHARED:
        return round_money(amount * unit.share, currency, rounding)
    sharing = sorted(
        (credit for credit in entry.credits if credit.role in _SHARED),
        key=lambda credit: (credit.payee_id, credit.role),
    )
    shares = [credit.share for credit in sharing]
    if any(share < 0 for share in shares):
        raise CannotReckon(f"{entry.name} has a share below zero.")
    if not sum(shares, ZERO):
        return ZERO
    whole = round_money(amount * sum(shares, ZERO), currency, rounding)
    parts = split(whole, shares, currency)
    return sum(
        (
            part
            for credit, part in zip(sharing, parts, strict=True)
            if (credit.payee_id, credit.role) == (inputs.payee_id, unit.role)
        ),
        ZERO,
    )


def _in_plan_currency(
    inputs: PayeeInputs,
    unit: Credited,
    name: str,
    value: Decimal,
    conversions: dict[str, Conversion],
) -> Decimal:
    program = unit.assignment.program
    currency = unit.entry.currency
    if currency in ("", program.currency):
        return value
    if name in conversions:
        return conversions[name].converted
    day = unit.entry.occurred_on or unit.day
    if program.convert_on == "period_end":
        day = period_of(inputs.period.kind, unit.day).ends_on
    rate = usable_rate(
        inputs.rates.get((currency, day)),
        f"{unit.entry.name} is in {currency}",
        (currency, program.currency),
        day,
    )
    converted = round_money(value * rate.rate, program.currency, program.rounding)
    conversions[name] = Conversion(name, value, currency, rate, converted, day)
    return converted


def usable_rate(
    rate: RateFact | None, what: str, pair: Sequence[str], day: date
) -> RateFact:
    """Return a rate that can be used, or say that it is missing or not above zero."""
    way = f"from {pair[0]} to {pair[1]} for {day_words(day)}"
    if rate is None:
        raise CannotReckon(f"{what}, and there is no rate {way}.")
    if not rate.rate.is_finite() or rate.rate <= 0:
        words = f"{what}, and the rate {way} is {rate.rate} ({rate.source})"
        raise CannotReckon(f"{words}. A rate must be above zero.")
    return rate
