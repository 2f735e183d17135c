"""From an example's own words to the facts that the calculation takes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from commissions.calculation.credits import OWN_FIELDS
from commissions.calculation.facts import (
    AssignmentFact,
    PayeeInputs,
    RateFact,
    TableFact,
    measure_key,
)
from commissions.calculation.program import PlanProgram
from commissions.plans.compiling import ALWAYS
from commissions.plans.document import ROLES, PlanDocument, Raw
from commissions.plans.hints import suggestion
from commissions.plans.table_form import read_number
from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.periods import Period, parse_period
from crm_sync.ledger.facts import CreditFact, EntryFact, FieldFact, Value, ValueType

_PAYEE_KEYS = ("name", "variables", "attributes", "from", "to")
_ENTRY_KEYS = [
    "id",
    "object",
    "name",
    "on",
    "won_on",
    "lost_on",
    "counts",
    "currency",
    "payee",
    "role",
    "share",
    "credits",
]
_CREDIT_KEYS = ("payee", "role", "share")
_YES, _NO = frozenset(("yes", "true")), frozenset(("no", "false"))


@dataclass(frozen=True, slots=True)
class Setting:
    """The payees of an example, and the number of each entry by its id there."""

    payees: tuple[PayeeInputs, ...]
    ids: Mapping[str, int]


def read_setting(
    raw: Mapping[str, Raw],
    document: PlanDocument,
    program: PlanProgram,
    catalogue: Sequence[FieldFact] | None,
    tables: tuple[TableFact, ...],
) -> Setting:
    """Turn an example into inputs, as if a source had sent its entries."""
    period = parse_period(str(raw.get("period", "")))
    payees = _payees(raw)
    numbers = {str(payee["name"]): at for at, payee in enumerate(payees, start=1)}
    types = _types(document, catalogue)
    entries = [
        _entry(entry, at, document, types, numbers)
        for at, entry in enumerate(_entries(raw), start=1)
    ]
    ids = {entry.external_id: entry.id for entry in entries}
    if len(ids) != len(entries):
        raise ProductError("Two entries of this example have the same id.")
    rates = dict(_rate(_known(item, "rate")) for item in _list(raw, "rates"))
    stored = dict(_stored(raw))
    found = []
    for payee in payees:
        assignment = _assignment(payee, period, document, program)
        found.append(
            PayeeInputs(
                payee_id=numbers[str(payee["name"])],
                payee_name=str(payee["name"]),
                period=period,
                currency=document.currency,
                assignments=(assignment,),
                entries=tuple(entries),
                tables=tables,
                stored=stored,
                attributes=_values(payee, "attributes", types.get("payee", {})),
                rates=rates,
                names={number: name for name, number in numbers.items()},
            )
        )
    return Setting(tuple(found), ids)


def read_value(text: str, kind: ValueType, what: str) -> Value:
    """Read a value of a type from text, or say what it should look like."""
    if kind == "text":
        return text
    if kind == "yesno":
        if text.lower() in _YES | _NO:
            return text.lower() in _YES
        raise ProductError(f"{what}: “{text}” is neither yes nor no.")
    if kind == "date":
        try:
            return date.fromisoformat(text)
        except ValueError:
            hint = "Write it like 2026-11-04."
            raise ProductError(f"{what}: “{text}” is not a day.", hint=hint) from None
    try:
        return read_number(text)
    except ProductError as problem:
        raise ProductError(f"{what}: {problem.message}", hint=problem.hint) from None


def _payees(raw: Mapping[str, Raw]) -> list[Mapping[str, Raw]]:
    if "payees" in raw:
        payees = [_known(item, "payee") for item in _list(raw, "payees")]
    else:
        payees = [_known(raw.get("payee", {"name": "The payee"}), "payee")]
    named: list[Mapping[str, Raw]] = []
    for payee in payees:
        _refuse_unknown(payee, _PAYEE_KEYS, "a payee")
        named.append({"name": "The payee", **payee})
    if len({payee["name"] for payee in named}) != len(named):
        raise ProductError("Two payees of this example have the same name.")
    return named


def _entries(raw: Mapping[str, Raw]) -> Iterable[Mapping[str, Raw]]:
    for item in _list(raw, "deals"):
        yield {"object": "deal", **_known(item, "deal")}
    for item in _list(raw, "entries"):
        yield {"object": "deal", **_known(item, "entry")}


def _entry(
    raw: Mapping[str, Raw],
    number: int,
    document: PlanDocument,
    types: Mapping[str, Mapping[str, ValueType]],
    payees: Mapping[str, int],
) -> EntryFact:
    external_id = _text(raw, "id") or str(number)
    what = f"Entry {external_id}"
    kind = _text(raw, "object")
    of_object = types.get(kind, ALWAYS)
    day = _day(_text(raw, "on") or _text(raw, "won_on"), what)
    lost = _day(_text(raw, "lost_on"), what)
    counts = lost is None and _text(raw, "counts") != "no"
    values: dict[str, Value] = {"status": "Won" if counts else "Lost"}
    for key in raw:
        if key in _ENTRY_KEYS:
            continue
        if key not in of_object:
            hint = suggestion(key, [*of_object, *_ENTRY_KEYS])
            hint = hint or f"Declare it: fields: {{{kind}.{key}: money}}."
            raise ProductError(f"{what}: there is no field “{key}”.", hint=hint)
        values[key] = read_value(_text(raw, key), of_object[key], f"{what}, {key}")
    return EntryFact(
        id=number,
        object=kind,
        external_id=external_id,
        name=_text(raw, "name") or external_id,
        occurred_on=day,
        counts=counts,
        currency=_text(raw, "currency") or document.currency,
        values=values,
        credits=tuple(_credits(raw, payees, what)),
        reversed_on=lost,
    )


def _credits(
    raw: Mapping[str, Raw], payees: Mapping[str, int], what: str
) -> Iterable[CreditFact]:
    """Read who is credited; who is named nowhere else is a payee of another plan."""
    given = _list(raw, "credits") or [
        {key: raw[key] for key in _CREDIT_KEYS if key in raw}
    ]
    only = next(iter(payees))
    for at, item in enumerate(given):
        credit = _known(item, "credit")
        _refuse_unknown(credit, _CREDIT_KEYS, "a credit")
        name = _text(credit, "payee") or only
        role = _text(credit, "role") or "owner"
        if role not in ROLES:
            hint = suggestion(role, ROLES) or f"Roles are {', '.join(ROLES)}."
            raise ProductError(f"{what}: there is no role “{role}”.", hint=hint)
        share = read_value(_text(credit, "share") or "100%", "percent", what)
        assert isinstance(share, Decimal)
        yield CreditFact(payees.get(name, 1000 + at), role, share)


def _assignment(
    payee: Mapping[str, Raw],
    period: Period,
    document: PlanDocument,
    program: PlanProgram,
) -> AssignmentFact:
    name = _text(payee, "name")
    values = _values(payee, "variables", document.variables)
    starts = _day(_text(payee, "from"), name) or date(1900, 1, 1)
    return AssignmentFact(
        plan_id=1,
        version_id=1,
        version_number=1,
        program=program,
        starts_on=starts,
        ends_on=_day(_text(payee, "to"), name),
        values=values,
    )


def _values(
    raw: Mapping[str, Raw], key: str, types: Mapping[str, ValueType]
) -> dict[str, Value]:
    found = {}
    for name, text in _known(raw.get(key, {}), key).items():
        if name not in types:
            hint = suggestion(name, types)
            raise ProductError(f"“{name}” is not one of the plan's {key}.", hint=hint)
        found[name] = read_value(str(text), types[name], name)
    return found


def _rate(raw: Mapping[str, Raw]) -> tuple[tuple[str, date], RateFact]:
    day = _day(_text(raw, "on"), "A rate")
    if day is None:
        raise ProductError("A rate needs its day.", hint="Like on: 2026-11-12.")
    source = _text(raw, "source") or "this example"
    return (_text(raw, "from"), day), RateFact(read_number(_text(raw, "rate")), source)


def _stored(raw: Mapping[str, Raw]) -> Iterable[tuple[tuple[str, str], Decimal]]:
    for name, periods in _known(raw.get("stored", {}), "stored").items():
        for slug, amount in _known(periods, f"stored.{name}").items():
            key = measure_key(1, name), parse_period(slug).slug
            yield key, read_number(str(amount))


def _types(
    document: PlanDocument, catalogue: Sequence[FieldFact] | None
) -> dict[str, dict[str, ValueType]]:
    types: dict[str, dict[str, ValueType]] = {}
    for fact in catalogue or ():
        types.setdefault(fact.object, dict(ALWAYS))[fact.key] = fact.type
    for name, kind in document.fields.items():
        owner, _, key = name.partition(".")
        types.setdefault(owner, dict(ALWAYS))[key] = kind
    for of_object in types.values():
        for key in OWN_FIELDS:
            of_object.pop(key, None)
    return types


def _day(text: str, what: str) -> date | None:
    if not text:
        return None
    value = read_value(text, "date", what)
    assert isinstance(value, date)
    return value


def _text(raw: Mapping[str, Raw], key: str) -> str:
    value = raw.get(key, "")
    if not isinstance(value, str):
        raise ProductError(f"“{key}” must be a single text.")
    return value


def _list(raw: Mapping[str, Raw], key: str) -> Sequence[Raw]:
    value = raw.get(key, [])
    if not isinstance(value, list):
        raise ProductError(f"“{key}” must be a list.")
    return value


def _known(value: Raw, what: str) -> Mapping[str, Raw]:
    if not isinstance(value, Mapping):
        raise ProductError(f"“{what}” must be a set of names and values.")
    return value


def _refuse_unknown(raw: Mapping[str, Raw], keys: Sequence[str], what: str) -> None:
    for key in raw:
        if key not in keys:
            hint = suggestion(key, keys) or f"Known are {', '.join(keys)}."
            raise ProductError(f"“{key}” is not known in {what}.", hint=hint)
