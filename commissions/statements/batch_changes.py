"""A group of statements of which only a few credits changed: what differs, and no more.

It holds where nothing but entries has changed since the statements were worked out, and
where each tells on what its lines rest. The lines that go must stand as they are worked
out to have been; a statement for which one of this does not hold is left.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from commissions.calculation.batch import Cells
from commissions.calculation.batch_changed import ChangedBatch, Changes, PayeeChanges
from commissions.calculation.batch_code import FIXED, Doubt
from commissions.statements import batch_facts, writing
from commissions.statements.batch_group import END, PLACE, GroupWork
from commissions.statements.batch_reading import lines_of, places_of
from commissions.statements.batch_work import Cell, Worked
from commissions.statements.differences import ZERO
from commissions.statements.inputs import Key
from commissions.statements.models import Statement

HEAD = FIXED.index("head")
ONE_IN = 4  # where more of the credits changed, working it all out is as quick


def stands(row: Statement, since: int) -> bool:
    """Say whether a statement's lines are those of `since`, on a basis that is told."""
    basis = row.basis
    return (
        basis is not None
        and basis["by"] == writing.EVALUATOR
        and row.change <= basis["at"] <= since  # whoever wrote it told its basis
        and row.calculated_at is not None
        and not (row.failures or row.settled or row.credits_left_out)
    )


class ChangedWork(GroupWork):
    """The work on one group, whose rows tell what was and what is."""

    def write_changes(
        self, todo: Sequence[tuple[Key, Statement]], since: int
    ) -> list[Worked]:
        """Write what differs from the lines that stand; leave what cannot be told."""
        worked = [self._changed(key, row, since) for key, row in todo]
        found = self._against_lines([done for done in worked if done is not None])
        found = self._against_cells(found)
        self.again |= {key for key, _ in todo} - {done.key for done in found}
        self._compare_measures(found)
        return self._write_kept(found)

    def _changed(self, key: Key, row: Statement, since: int) -> Worked | None:
        if row.basis is None or not stands(row, since):
            return None
        starts = {name: Decimal(text) for name, text in row.basis["starts"].items()}
        frame = self.loaded.inputs(*key)
        try:
            changes = self._changes_of(frame.payee_id).changes(frame, starts)
        except Doubt:
            return None
        changes.total += row.total
        changes.waiting += row.waiting
        return Worked(row, frame, changes, stale=[])

    def _changes_of(self, payee_id: int) -> PayeeChanges:
        if self._payee is None or self._payee[0] != payee_id:
            rows = self.found.rows.get(payee_id, [])
            if self.run.has_territories and any(
                row[-1] and row[PLACE].endswith(END) for row in rows
            ):
                raise Doubt  # it was sold where its owner was placed on the day
            assert isinstance(self.batch, ChangedBatch)
            self._payee = payee_id, PayeeChanges(self.batch, rows, self._prefix)
        assert isinstance(self._payee[1], PayeeChanges)
        return self._payee[1]

    def _against_lines(self, worked: Sequence[Worked]) -> list[Worked]:
        """Return those whose lines stand as they are worked out to have been."""
        changed = {
            payee_id: {_entry_of(row[HEAD]) for row in rows if row[-1]}
            for payee_id, rows in self.found.rows.items()
        }
        wanted = set().union(*changed.values())
        for done in worked:
            wanted |= {_entry_of(line.head) for line in _changes(done).moved}
        stored = self._lines_of(worked, wanted)
        found = []
        for done in worked:
            standing = stored.get((done.row.payee_id, done.row.period_id), {})
            own = changed.get(done.row.payee_id, set())
            if _take(done, standing, own):
                found.append(done)
        return found

    def _lines_of(
        self, worked: Sequence[Worked], entry_ids: Collection[int]
    ) -> Mapping[writing.Pair, dict[str, int]]:
        found: dict[writing.Pair, dict[str, int]] = defaultdict(dict)
        payee_ids = {done.row.payee_id for done in worked}
        period_ids = {done.row.period_id for done in worked}
        for text, id_ in lines_of(payee_ids, period_ids, entry_ids):
            payee, period, *rest = text.split("\t", 8)
            if rest[3:6] == ["earning", *rest[4:5], "0"]:
                found[int(payee), int(period)][text] = id_
        return found

    def _against_cells(self, worked: Sequence[Worked]) -> list[Worked]:
        """Return those whose part of the roll-up can be carried on, and carry it on."""
        moved = {
            _entry_of(line.head) for done in worked for line in _changes(done).moved
        }
        places = places_of(moved, self.run.fence)
        for done in worked:
            _add_moved(done, places)
            done.stale = [_cell(done, key) for key in done.reckoned.cells]
        now = batch_facts.cells_now(
            [cell for done in worked for cell in done.stale or ()]
        )
        has_territories = self.run.has_territories
        return [
            done
            for done in worked
            if _carry_on(done, now)
            and not (
                has_territories
                and any(key[0].endswith(END) for key in done.reckoned.cells)
            )
        ]


def _changes(done: Worked) -> Changes:
    assert isinstance(done.reckoned, Changes)
    return done.reckoned


def _entry_of(head: str) -> int:
    return int(head.partition("\t")[0])


def _take(done: Worked, standing: dict[str, int], changed: Collection[int]) -> bool:
    """Say what closes and opens, where what closes stands and nothing beside it."""
    found = _changes(done)
    gone, come = set(found.gone), set(found.texts)
    if {text for text in standing if int(text.split("\t")[9]) in changed} != gone:
        return False
    before = [line.before for line in found.moved if line.before]
    if not standing.keys() >= set(before):
        return False
    closed = [*sorted(gone - come), *before]
    done.closed = [(text, standing[text]) for text in closed]
    done.opened = sorted(come - gone)
    done.opened += [line.after for line in found.moved if line.after]
    done.count = len(done.opened)
    found.texts = []
    return True


def _add_moved(done: Worked, places: Mapping[int, str]) -> None:
    cells = done.reckoned.cells
    for line in _changes(done).moved:
        key = places[_entry_of(line.head)], line.name, line.currency
        earned, lines = cells.get(key, (ZERO, 0))
        cells[key] = earned + line.effect, lines + line.lines
    for key in [key for key, cell in cells.items() if not any(cell)]:
        del cells[key]


def _cell(done: Worked, key: tuple[str, str, str]) -> Cell:
    place, component, currency = key
    product, _, territory = place.partition("\x1f")
    row, slug = done.row, done.frame.period.slug
    return Cell(row.payee_id, slug, product, territory, component, currency)


def _carry_on(done: Worked, now: Mapping[Cell, tuple[Decimal, int]]) -> bool:
    """Turn differences of cells into what they come to; say whether they can be so."""
    found: Cells = {}
    for key, (effect, more) in done.reckoned.cells.items():
        earned, lines = now.get(_cell(done, key), (ZERO, 0))
        earned, lines = earned + effect, lines + more
        if lines < 0 or (earned and not lines):
            return False
        if lines:
            found[key] = earned, lines
    done.reckoned.cells = found
    return True
