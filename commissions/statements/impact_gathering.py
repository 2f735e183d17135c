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


class Moved(dict[Name, tuple[Decimal, Decimal | None]]):
    """The measures that a document moves: what each is without it and with it.

    None: with it, there is no amount; the measure fails, or is gone.
    """

    def note(
        self, key: Key, now: Mapping[str, Decimal], after: Mapping[str, Decimal]
    ) -> None:
        """Take up what one statement's measures are on both sides."""
        payee_id, period = key
        for name in {*now, *after}:
            then = measure(after[name]) if name in after else None
            pair = measure(now.get(name, ZERO)), then
            place = payee_id, name, period.slug
            if pair[0] != then or place in self or name not in now:
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

    def of(
        self, name: str, slugs: Collection[str]
    ) -> Iterator[tuple[Name, Decimal, bool]]:
        """Return by how much each payee's measure of this name moves in these periods.

        And whether it has an amount at all with the document.
        """
        for place, (now, after) in self.items():
            if place[2] in slugs and place[1].partition("/")[2] == name:
                yield place, (after or ZERO) - now, after is not None


@dataclass(slots=True)
class Overlaid(Gathering):
    """Everybody's measures as they are stored, moved by what a document does to them."""

    moved: Moved = field(default_factory=Moved)

    def read_measure(self, name: str, window: Period, period: Period) -> Held:
        """Return everybody's total, moved by the document."""
        held = Gathering.read_measure(self, name, window, period)
        values, missing = dict(held.values), set(held.missing)
        slugs = self.slugs(window, period)
        for (payee_id, key, slug), by, is_known in self.moved.of(name, slugs):
            if slug == period.slug and is_known:
                missing.discard(payee_id)  # the document brings the measure along
            elif slug == period.slug and payee_id in self._still_has(key, name, period):
                missing.add(payee_id)  # the document makes it fail
            if payee_id in held.values or payee_id in held.missing:
                values[payee_id] = values.get(payee_id, ZERO) + by
        known = {one: value for one, value in values.items() if one not in missing}
        return Held(known, frozenset(missing))

    def _still_has(self, key: str, name: str, period: Period) -> set[int]:
        """Return who is on the measure's plan, where the document leaves it the name."""
        return set(self._on_plans([int(key.partition("/")[0])], period, name))
