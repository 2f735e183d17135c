"""What became of a payee, product or territory: changes and edits in words."""

from collections.abc import Mapping
from typing import Any

from crm_sync.ledger.models import Customer, Payee, Product, Service, Territory
from crm_sync.ledger.selectors import HistoryRow, payee_history
from tenants.audit.models import AuditRow
from tenants.audit.selectors import history_of
from tenants.schema import current_business

MOST = 50
# What calculations read has a change number, and that tells of it already.
_TOLD_BY_CHANGES = ("name", "attributes")
_ACTS = {
    "created": "added",
    "matched": "matched to a user of the CRM",
    "merged": "merged with another payee",
    "merge_undone": "apart from another payee again",
    "unmatched": "not matched to that user of the CRM any more",
}
_EMPTY = "empty"


def history_of_payee(payee: Payee) -> list[HistoryRow]:
    """Return what was changed and edited of a payee, newest first."""
    rows = payee_history(payee)
    for row in _rows("payee", payee.pk):
        words = _words(row, leave_out=_TOLD_BY_CHANGES)
        if words:
            rows.append(_shown(row, words))
    return sorted(rows, key=lambda row: row.at, reverse=True)[:MOST]


def history_of_named(row: Product | Service | Territory | Customer) -> list[HistoryRow]:
    """Return what was edited of a thing, newest first."""
    found = _rows(row._meta.model_name or "", row.pk)
    return [_shown(one, words) for one in found if (words := _words(one))]


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], leave_out: tuple[str, ...] = ()
) -> str:
    """Say what differs between two states: `title Rep → Senior; level empty → 4`."""
    old, new = _flat(before, leave_out), _flat(after, leave_out)
    return "; ".join(
        f"{key.replace('_', ' ')} {old.get(key) or _EMPTY} → {new.get(key) or _EMPTY}"
        for key in {**old, **new}
        if (old.get(key) or "") != (new.get(key) or "")
    )


def _flat(state: Mapping[str, Any], leave_out: tuple[str, ...]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in state.items():
        if key in leave_out:
            continue
        if isinstance(value, dict):
            flat |= {name: str(text) for name, text in value.items()}
        elif isinstance(value, bool):
            name = "in use" if key == "active" else key
            flat[name] = "yes" if value else "no"
        elif key != "user_id":  # a number that tells nobody anything
            flat[key] = str(value or "")
    return flat


def _rows(kind: str, id_: int) -> list[AuditRow]:
    business = current_business()
    return list(history_of(business=business, kind=kind, object_id=id_)[:MOST])


def _words(row: AuditRow, leave_out: tuple[str, ...] = ()) -> str:
    did = row.action.rpartition(".")[2]
    if did == "edited":
        return differences(row.before or {}, row.after or {}, leave_out)
    return _ACTS.get(did, "")


def _shown(row: AuditRow, words: str) -> HistoryRow:
    return HistoryRow(row.pk, row.business_time, words, f"by {row.by}", None, "edit")
