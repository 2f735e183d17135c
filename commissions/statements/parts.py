"""A large recalculation in parts: other workers take some, and whoever asked does too.

Each part is a job of its own, claimed by one worker at a time, and writes the lines of
its payees group by group. So the one who asked never waits for a worker that is not
there, and a worker that dies leaves its part to the next.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any
from uuid import UUID

from commissions.statements import writing
from commissions.statements.batch import BatchRecalculation
from commissions.statements.differences import Trigger
from commissions.statements.inputs import Key
from commissions.statements.models import Run
from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.periods import parse_period
from crm_sync.ledger.models import Change
from tenants.jobs import services as jobs
from tenants.jobs.lease import Lease
from tenants.jobs.models import Job
from tenants.schema import current_business, in_public

KIND = "recalculate_part"
LOOKS_EVERY = 0.2  # seconds
_LIVE = (Job.State.QUEUED, Job.State.RUNNING)


class PartFailed(ProductError):
    """A part of a recalculation could not be done; the others stand."""

    def __init__(self, title: str, problem: str) -> None:
        super().__init__(
            f"{title}: {problem or 'it was stopped.'}",
            hint="Start the recalculation again; what is written already stays.",
        )


class Parts:
    """The parts of one recalculation, made and awaited by its job."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease

    def write(
        self,
        groups: Sequence[Sequence[Key]],
        wanted: Mapping[Key, Trigger | None],
        run: writing.RunWriter,
        reason: str,
        since: int,
    ) -> set[Key]:
        """Have every group written, by others and by us; return what is left over."""
        with self.lease.transaction():
            run.id()
            # A worker that died as this job may have left some of its own.
            self._ours().filter(state=Job.State.QUEUED).update(
                state=Job.State.CANCELLED
            )
            parts = [
                self._part([*chain(*some)], wanted, run, [reason, since])
                for some in _in_threes(groups)
            ]
        jobs.send(parts[0].pk)  # whoever ends a part sends the next
        self._help([part.pk for part in parts])
        return self._left([part.pk for part in parts], run)

    def _help(self, ids: Sequence[UUID]) -> None:
        """Do parts ourselves, from the other end, until every one has ended."""
        while live := self._in(ids, *_LIVE):
            with self.lease.transaction():
                pass  # it is refused if the job was cancelled, or is not ours any more
            self.lease.step("Recalculating", len(ids) - len(live), len(ids))
            waiting = self._in(ids, Job.State.QUEUED)
            if waiting:
                jobs.run(waiting[-1])
            if self._in(ids, Job.State.QUEUED) == waiting:
                time.sleep(LOOKS_EVERY)

    def _part(
        self,
        group: Sequence[Key],
        wanted: Mapping[Key, Trigger | None],
        run: writing.RunWriter,
        given: Sequence[Any],
    ) -> Job:
        rows = []
        reason, since = given
        for payee_id, period in group:
            trigger = wanted[payee_id, period]
            number = trigger.number if trigger else None
            rows.append([payee_id, period.slug, number])
        return jobs.enqueue(
            kind=KIND,
            title=f"Recalculate {len({row[0] for row in rows})} payees",
            business=current_business(),
            arguments={
                "change": run.change,
                "run": run.id(),
                "reason": reason,
                "since": since,
                "statements": rows,
            },
            parent=self.lease.job,
        )

    def _ours(self) -> Any:
        return Job.objects.filter(parent_id=self.lease.job.pk, kind=KIND)

    def _in(self, ids: Sequence[UUID], *states: str) -> list[UUID]:
        with in_public():
            found = Job.objects.filter(pk__in=ids, state__in=states)
            return list(found.order_by("created_at", "pk").values_list("pk", flat=True))

    def _left(self, ids: Sequence[UUID], run: writing.RunWriter) -> set[Key]:
        with in_public():
            parts = list(Job.objects.filter(pk__in=ids))
        left: set[Key] = set()
        for part in parts:
            if part.state != Job.State.DONE:
                raise PartFailed(part.title, part.problem)
            left |= {(payee, parse_period(slug)) for payee, slug in part.result["left"]}
            for at, count in enumerate(part.result["written"]):
                run.totals[at] += count
        if not any(run.totals):
            run.forget()
        return left


def _in_threes(groups: Sequence[Sequence[Key]]) -> Iterator[Sequence[Sequence[Key]]]:
    for start in range(0, len(groups), 3):
        yield groups[start : start + 3]


def do_part(lease: Lease) -> dict[str, Any]:
    """Write the statements of one part; harmless if repeated."""
    given = lease.arguments
    fence, reason = int(given["change"]), str(given["reason"])
    numbers = {number for _, _, number in given["statements"] if number}
    triggers = {
        row.number: Trigger(row.number, row.entry_id, row.words)
        for row in Change.objects.filter(number__in=numbers)
    }
    wanted = {
        (payee_id, parse_period(slug)): triggers.get(number)
        for payee_id, slug, number in given["statements"]
    }
    row = Run.objects.get(pk=given["run"])
    run = writing.RunWriter(fence, row.trigger, row.job_id, run=row)
    batch = BatchRecalculation(
        fence, reason, run, lease.transaction, lease.step, since=given.get("since", 0)
    )
    batch.changes = 0  # whoever made the part has found that they are few
    left = batch.write(wanted)
    return {
        "left": sorted([payee_id, period.slug] for payee_id, period in left),
        "written": list(run.totals),
    }
