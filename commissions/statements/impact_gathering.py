"""What payees take from one another while a document is only tried: nothing is stored."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from commissions.statements.differences import measure
from commissions.statements.gathering import Gathering, Held
from commissions_saas.lib.periods import Period

ZERO = Decimal(0)
Name = tuple[int, str, str]  # payee, measure key, period slug
Key = tuple[int, Period]


class Moved(dict[Name, tuple[Decimal, Decimal]]):
    """The measures that a document moves: what each is without it and with it."""

    def note(
        self, key: Key, now: Mapping[str, Decimal], after: Mapping[str, Decimal]
    ) -> None:
        """Take up what one statement's measures are on both sides."""
        payee_id, period = key
        for name in {*now, *after}:
            pair = measure(now.get(name, ZERO)), measure(after.get(name, ZERO))
            place = payee_id, name, period.slug
            is_on_both = name in now and name in after
            if pair[0] != pair[1] or place in self or not is_on_both:
                self[place] = pair

    def since(self, before: "Moved") -> dict[tuple[str, str], set[int]]:
        """Return whose measures moved since then, by name and period."""
        found: dict[tuple[str, str], set[int]] = {}
        for place, pair in self.items():
            was = before.get(place)
            if was is None or was[1] != pair[1]:
                payee_id, name, slug = place
                short = name.partition("/")[2]
                found.setdefault((short, slug), set()).add(payee_id)
        return found

    def of(self, name: str, slugs: Collection[str]) -> Iterator[tuple[Name, Decimal]]:
        """Return by how much each payee's measure of this name moves in these periods."""
        for place, (now, after) in self.items():
            if place[2] in slugs and place[1].partition("/")[2] == name:
                yield place, after - now


@dataclass(slots=True)
class Overlaid(Gathering):
    """Everybody's measures as they are stored, moved by what a document does to them."""

    moved: Moved = field(default_factory=Moved)

    def read_measure(self, name: str, window: Period, period: Period) -> Held:
        """Return everybody's total, moved by the document."""
        held = Gathering.read_measure(self, name, window, period)
        values, missing = dict(held.values), set(held.missing)
        for (payee_id, _, slug), by in self.moved.of(name, self.slugs(window, period)):
            if payee_id in missing and slug == period.slug:
                missing.discard(payee_id)  # the document brings the measure along
            if payee_id in held.values or payee_id in held.missing:
                values[payee_id] = values.get(payee_id, ZERO) + by
        known = {one: value for one, value in values.items() if one not in missing}
        return Held(known, frozenset(missing))
