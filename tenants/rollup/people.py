"""Commission by person: whoever sells for several businesses is one row, others are not.

Names prove nothing: two people may share one, and one person may be spelled in two ways.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Case, F, Max, Q, Sum, When

from tenants.access import Member
from tenants.accounts.models import User
from tenants.rollup.models import PayeeIdentity
from tenants.rollup.selectors import Parts, pay_of

Payee = tuple[int, int]  # business, payee


@dataclass(frozen=True, slots=True)
class Person:
    """A log-in, else an address, else one payee of one business: the first is known."""

    user_id: int | None = None
    email: str = ""
    payee: Payee | None = None


def commission_by_person(
    member: Member, months: Iterable[date], into: str, businesses: Mapping[int, str]
) -> Parts:
    """Return what stands on statements by person, month and currency.

    What is in the currency `into` needs no month's rate, so it comes in one amount,
    without a month. `businesses` gives each one's name, by which people of one name are
    told apart.
    """
    needs_rate = Case(When(currency=into, then=None), default=F("month"))
    facts = pay_of(member, months).values_list(
        "business_id", "payee_id", "payee_name", needs_rate, "currency"
    )
    sums = facts.annotate(earned=Sum("earned"), last=Max("month"))
    rows = list(sums.order_by("last", "payee_name"))
    payees = {(business_id, payee_id) for business_id, payee_id, *_ in rows}
    persons, addresses = _persons(member, payees)
    names = {persons[row[0], row[1]]: row[2] for row in rows}  # the latest month's
    labels = _labels(names, addresses, businesses)
    found: Parts = defaultdict(Decimal)
    for business_id, payee_id, _, month, currency, earned, _ in rows:
        found[labels[persons[business_id, payee_id]], month, currency] += earned
    return found


def _persons(
    member: Member, payees: Collection[Payee]
) -> tuple[dict[Payee, Person], dict[int, str]]:
    """Return who these payees are, and the addresses of those who log in."""
    found = PayeeIdentity.objects.filter(group_id=member.group_id)
    rows = list(found.order_by(F("merged_into_id").asc(nulls_first=True), "payee_id"))
    users = User.objects.filter(
        Q(pk__in={row.user_id for row in rows if row.user_id})
        | Q(email__in={row.email for row in rows if row.email})
    )
    addresses = dict(users.values_list("pk", "email"))
    became = {(row.business_id, row.payee_id): _stands_for(row) for row in rows}
    logins = {_stands_for(row): row.user_id for row in reversed(rows) if row.user_id}
    own = _own_addresses(rows)
    accounts = _accounts(own, logins, addresses)

    def person(payee: Payee) -> Person:
        payee = became.get(payee, payee)
        email = own.get(payee, "")
        user_id = logins.get(payee) or accounts.get(email)
        if user_id is not None:
            return Person(user_id=user_id)
        return Person(email=email) if email else Person(payee=payee)

    return {payee: person(payee) for payee in payees}, addresses


def _stands_for(row: PayeeIdentity) -> Payee:
    return row.business_id, row.merged_into_id or row.payee_id


def _own_addresses(rows: Sequence[PayeeIdentity]) -> dict[Payee, str]:
    """Return each payee's address where no one else of the business has it too."""
    used = {(row.email, _stands_for(row)) for row in rows if row.email}
    shared = Counter((email, business_id) for email, (business_id, _) in used)
    return {
        _stands_for(row): row.email
        for row in reversed(rows)  # so that a payee's own goes before a merged one's
        if shared[row.email, row.business_id] == 1
    }


def _accounts(
    own: Mapping[Payee, str], logins: Mapping[Payee, int], addresses: Mapping[int, str]
) -> dict[str, int]:
    """Return whose log-in an address belongs to: its own, else its only payee's."""
    linked: dict[str, set[int]] = defaultdict(set)
    for payee, email in own.items():
        if payee in logins:
            linked[email].add(logins[payee])
    only = {email: min(ids) for email, ids in linked.items() if len(ids) == 1}
    return only | {email: user_id for user_id, email in addresses.items()}


def _labels(
    names: Mapping[Person, str],
    addresses: Mapping[int, str],
    businesses: Mapping[int, str],
) -> dict[Person, str]:
    """Call people by name; those of one name by their address or business as well."""
    alike = Counter(names.values())

    def label(person: Person, name: str) -> str:
        if alike[name] == 1:
            return name
        if person.payee is None:
            return f"{name} · {addresses.get(person.user_id or 0) or person.email}"
        business_id, payee_id = person.payee
        return f"{name} · {businesses.get(business_id, '')}, payee {payee_id}"

    return {person: label(person, name) for person, name in names.items()}
