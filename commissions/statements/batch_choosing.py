"""What the batch path takes on, in which groups, and what it reads of each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from django.conf import settings

from commissions.calculation.batch import Batch
from commissions.calculation.batch_changed import ChangedBatch
from commissions.calculation.credits import OWN_FIELDS
from commissions.calculation.program import PlanProgram
from commissions.statements.batch_reading import Wanted
from commissions.statements.inputs import Key, Loaded
from commissions.statements.models import PayPeriod
from commissions.statements.windows import first_day
from crm_sync.ledger.catalogue import Catalogue

CREDITS_AT_A_TIME = 20_000  # bounds what is in memory at once
SIGNS = frozenset("\\\t\n\r")  # what COPY would have to escape
_AMOUNTS = ("money", "number", "percent")


def usable_programs(loaded: Loaded, known: Catalogue) -> list[PlanProgram]:
    """Return the programs whose fields have the types that they were checked with."""
    types = {key: fact.type for key, fact in known.items()}
    found = {
        id(fact.program): fact.program
        for facts in loaded.programs.values()
        for fact in facts
    }
    return [
        program
        for program in found.values()
        if all(
            _kind(types.get((object_, read.key), "text")) == _kind(read.type)
            for object_, reads in program.fields.items()
            for read in reads
            if read.key not in OWN_FIELDS and read.key != "won_on"
        )
    ]


def _kind(type_: str) -> str:
    return "number" if type_ in _AMOUNTS else type_


def is_known(loaded: Loaded, batch: Batch, key: Key) -> bool:
    """Say whether the batch knows every plan that the payee is on."""
    facts = loaded.programs.get(key[0], ())
    return bool(facts) and all(
        id(fact.program) in batch.programs and not _has_signs(fact.program)
        for fact in facts
    )


def _has_signs(program: PlanProgram) -> bool:
    words = [program.currency]
    for part in program.components:
        words += [part.key, part.name, part.waiting_for]
    return any(SIGNS & set(word) for word in words)


def groups_of(keys: Sequence[Key], counts: Mapping[int, int]) -> Iterator[list[Key]]:
    """Cut the keys, which are in order, where enough credits have come together."""
    most = min(CREDITS_AT_A_TIME, settings.PARTS_FROM // 10)
    group: list[Key] = []
    credits, payee_id = 0, 0
    for key in keys:
        if key[0] != payee_id:
            payee_id = key[0]
            credits += counts.get(payee_id, 0)
            if group and credits > most:
                yield group
                group, credits = [], counts.get(payee_id, 0)
        group.append(key)
    if group:
        yield group


def wanted_of(
    group: Sequence[Key],
    loaded: Loaded,
    batch: Batch,
    periods: Mapping[str, PayPeriod],
    zeros: tuple[str, ...],
    changes: tuple[int, int],
) -> Wanted:
    """Say what is to be read for a group: all of it, or what changed between two.

    Of periods that are not given no stored lines are read.
    """
    since, fence = changes
    first = min(
        first_day(loaded.programs.get(payee_id, ()), period)
        for payee_id, period in group
    )
    wanted = Wanted(
        payee_ids=tuple(sorted({payee_id for payee_id, _ in group})),
        period_ids=tuple(
            sorted(
                {
                    periods[period.slug].pk
                    for _, period in group
                    if period.slug in periods
                }
            )
        ),
        object=batch.object,
        keys=batch.keys,
        zeros=zeros,
        first=first,
        last=max(period.ends_on for _, period in group),
        change=fence,
    )
    if not isinstance(batch, ChangedBatch):
        return wanted
    return replace(
        wanted, since=since, running=batch.running, reads_all=batch.reads_all
    )
