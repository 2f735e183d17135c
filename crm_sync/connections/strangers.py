"""Whoever a record names and nobody knows becomes a payee, where a connection says so."""

from __future__ import annotations

from collections.abc import Iterable

from crm_sync.connections.models import Connection
from crm_sync.connections.readers import Reader
from crm_sync.ledger import services as ledger
from crm_sync.ledger.models import ExternalId, Payee
from crm_sync.ledger.reading import Incoming
from crm_sync.ledger.standard import PEOPLE_KEYS, people_in

Who = tuple[str, str]  # a name and an e-mail, or ""
_LONGEST_ID, _LONGEST_NAME, _LONGEST_EMAIL = 200, 200, 254


def adopts_people(connection: Connection) -> bool:
    """Say whether users of the source need nobody to match them."""
    return bool(connection.options.get("people") == "payees")


def adopt_named(reader: Reader, records: Iterable[Incoming]) -> int:
    """Make payees of those whom these records name, before the records are taken.

    An open deal of somebody who has left is nobody's reason to be refused, and would
    else stay without an owner for ever.
    """
    named = named_by(records)
    strangers = sorted(set(named) - known_users(reader, named))
    return sum(adopt(reader, user, named[user]) for user in strangers)


def named_by(records: Iterable[Incoming]) -> dict[str, Who]:
    """Return the source's users whom records name, and how these call them."""
    found: dict[str, Who] = {}
    for incoming in records:
        values = incoming.values
        for key in PEOPLE_KEYS:
            users = people_in(values.get(key))
            who = ("", "")
            if len(users) == 1:
                # A source without a directory may say it on the record itself.
                name, email = values.get(f"{key}_name"), values.get(f"{key}_email")
                who = (str(name or ""), str(email or ""))
            for user in users:
                if len(user) <= _LONGEST_ID:
                    found.setdefault(user, who)
    return found


def adopt(reader: Reader, user: str, who: Who = ("", "")) -> int:
    """Say who a user is: by e-mail, then by a name that one payee has, else new."""
    if known_users(reader, [user]):
        return 0
    name, email = reader.directory.get(user, who)
    email = (email or (user if "@" in user else "")).strip().lower()
    email = email if len(email) <= _LONGEST_EMAIL else ""
    name = (name.strip() or email or user)[:_LONGEST_NAME]
    live = Payee.objects.filter(merged_into__isnull=True)
    # The source's directory says who is who; a name alone may be anybody's.
    same = list(live.filter(email=email)[:2]) if email else []
    if not same:
        by_name = live.filter(name__iexact=name)
        same = list((by_name.filter(email="") if email else by_name)[:2])
    payee = same[0] if len(same) == 1 else ledger.create_payee(name=name, email=email)
    ledger.match_payee(
        payee=payee, connection_id=reader.connection.pk, external_id=user
    )
    return 1


def known_users(reader: Reader, users: Iterable[str]) -> set[str]:
    """Return those of the source's users who are somebody's already."""
    rows = ExternalId.objects.filter(
        connection_id=reader.connection.pk, external_id__in=list(users)
    )
    return set(rows.values_list("external_id", flat=True))
