"""Works out what deals, invoices and payments say because of one another."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal, localcontext

from crm_sync.accounting.models import Said
from crm_sync.accounting.reading import Shelf
from crm_sync.accounting.rewriting import CreditRow, Move
from crm_sync.accounting.standing import Document, deal_facts
from crm_sync.ledger.catalogue import account_keys, catalogue
from crm_sync.ledger.facts import FieldFact
from crm_sync.ledger.models import Revision
from crm_sync.ledger.standard import ACCOUNT, PAYMENT
from crm_sync.ledger.values import for_people, to_text, to_value
from crm_sync.ledger.writing import state_of

_LABELS = {field.key: field for field in ACCOUNT}
# What a change says; the rest follows from it.
_TOLD = ("invoiced", "paid", "unpaid", "due_on", "paid_on")
_MOST_NAMES = 3
_PLACES = Decimal("1e-20")
_SHARED = ("product", "territory", "customer")


def of_deals(
    revisions: Mapping[int, Revision], shelf: Shelf, seen: Collection[int] = ()
) -> list[Move]:
    """Return what each deal says now of what is invoiced and paid."""
    said = _said(revisions)
    own = account_keys(catalogue())
    moves = []
    for entry_id, revision in revisions.items():
        if revision.deleted:
            continue  # it keeps what it said last
        state = state_of(revision)
        facts = deal_facts(entry_id, revision.currency, shelf.book)
        put = {key: to_text(value) for key, value in facts.items() if key in own}
        dropped = said.get(entry_id, Said()).keys
        values = {
            key: text
            for key, text in state.values.items()
            if key not in dropped or key not in own
        }
        values |= put
        words = f"{revision.name}: {_differences(state.values, values)}"
        moves.append(
            Move(
                revision=revision,
                values=values,
                credits=state.credits,
                keys=frozenset(put),
                credited=False,
                words=words,
                because_of=_named(shelf.book.of_deal(entry_id), seen),
            )
        )
    return moves


def _named(documents: Iterable[Document], seen: Collection[int]) -> str:
    """Name what was read, as `PAY-7, PAY-8 and 3 more`."""
    names = [one.number for one in documents if one.id in seen]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def of_documents(
    entry_ids: Collection[int], shelf: Shelf, deals: Mapping[int, Revision]
) -> list[Move]:
    """Return what invoices and payments say now of the deals that they stand on."""
    said = _said(entry_ids)
    moves = []
    for entry_id in sorted(entry_ids):
        revision = shelf.revisions[entry_id]
        one = shelf.book.all.get(entry_id)
        row = said.get(entry_id, Said())
        state = state_of(revision)
        if revision.deleted or revision.reversed_on is not None:
            continue  # what it was stays, as the lines that it takes back are its own
        shares = shelf.book.deals_of(one) if one else {}
        known = {pk: deals[pk] for pk in sorted(shares) if pk in deals}
        values = {key: t for key, t in state.values.items() if key not in row.keys}
        put = _values(one, shelf, known) if one else {}
        put = {key: text for key, text in put.items() if text and not values.get(key)}
        has_own = bool(state.credits) and not row.credited
        credits = state.credits if has_own else _credits(shares, known)
        names = " and ".join(deal.name for deal in known.values())
        words = f"{revision.name}: stands on {names or 'no deal'}"
        moves.append(
            Move(
                revision,
                values | put,
                credits,
                frozenset(put),
                bool(credits) and not has_own,
                words,
            )
        )
    return moves


def _said(entry_ids: Iterable[int]) -> dict[int, Said]:
    rows = Said.objects.filter(entry_id__in=list(entry_ids))
    return {row.entry_id: row for row in rows}


def _values(
    one: Document, shelf: Shelf, deals: Mapping[int, Revision]
) -> dict[str, str]:
    """What a formula over payments reads of the deal behind them."""
    put = {"net": to_text(one.net)}
    if one.object == PAYMENT:
        tax = shelf.book.tax_in(one)
        put["net"] = to_text(one.amount - tax)
        if tax:
            put["tax"] = to_text(tax)
    put["deal_name"] = ", ".join(deal.name for deal in deals.values())[:300]
    if one.object == PAYMENT and len(deals) == 1:
        put["deal"] = next(iter(deals.values())).entry.external_id
    for key in _SHARED:
        told = {deal.values.get(key, "") for deal in deals.values()}
        if len(told) == 1:
            put[key] = told.pop()
    return put


def _credits(
    shares: Mapping[int, Decimal], deals: Mapping[int, Revision]
) -> tuple[CreditRow, ...]:
    """Whoever is credited for the deals is for what is paid for them, in their part."""
    found: dict[tuple[int, str, int], Decimal] = defaultdict(Decimal)
    with localcontext() as context:
        context.prec = 50
        for deal_id, revision in deals.items():
            for payee, role, share, was in state_of(revision).credits:
                found[payee, role, was] += Decimal(share) * shares[deal_id]
    return tuple(
        (payee, role, _share(share), was)
        for (payee, role, was), share in found.items()
        if share > 0
    )


def _share(share: Decimal) -> str:
    return to_text(share if -_exponent(share) <= 8 else share.quantize(_PLACES))


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Write `paid 0.00 → 500.00; paid in full on empty → 9 Nov 2026`."""
    parts: Sequence[str] = [
        f"{_word(_LABELS[key])} {_shown(before, key)} → {_shown(after, key)}"
        for key in _TOLD
        if _shown(before, key) != _shown(after, key)
    ]
    return "; ".join(parts) or "invoices changed"


def _word(field: FieldFact) -> str:
    return field.label.partition(" (")[0].lower()


def _shown(values: Mapping[str, str], key: str) -> str:
    field = _LABELS[key]
    if key not in values and field.type == "money":
        return "0.00"
    return for_people(to_value(values.get(key, ""), field.type), field.type)
