"""Large files of lists and facts: entered by a job, for which a page waits.

Good rows go in, all or none; bad rows come back with reasons. The same file, asked for
while its job lives, is the same job; asked for again, it changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from commissions_saas.lib import clock
from crm_sync.ledger import errors, sheets, uploading
from crm_sync.ledger.changes import changes_together
from crm_sync.ledger.models import SentSheet
from crm_sync.ledger.sent_files import SentFile
from crm_sync.ledger.sheets import RefusedRow, Tell
from tenants.access import Member, Role, member_of
from tenants.accounts.models import User
from tenants.jobs.lease import Lease
from tenants.jobs.models import Job
from tenants.jobs.selectors import LIVE
from tenants.jobs.services import enqueue
from tenants.schema import current_business

AT_ONCE = 100_000  # signs, about two thousand rows; what is larger takes a job
KIND = "enter_sheet"


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of a file's rows, and its columns."""

    names: Sequence[str]
    changed: int
    unchanged: int
    refused: Sequence[RefusedRow]


Enter = Callable[[bytes, Member, Tell], Entered]
_kinds: dict[str, tuple[Enter, Collection[Role]]] = {}


def offer(
    kind: str,
    look_at: Callable[[bytes], sheets.Preview],
    *roles: Role,
) -> None:
    """Let files of this kind be entered by jobs, for members with one of these roles."""

    def enter(content: bytes, by: Member, tell: Tell) -> Entered:
        done = sheets.enter(look_at(content), by, tell)
        names = done.columns.names
        return Entered(names, done.changed, done.unchanged, done.refused)

    _kinds[kind] = enter, roles


def offer_list(kind: str, *roles: Role) -> None:
    """Let files of payees, or of one of the named lists, be entered by jobs."""

    def enter(content: bytes, by: Member, tell: Tell) -> Entered:
        preview = uploading.look_at(kind, content)
        changed = uploading.enter(preview, by, tell)
        return Entered(preview.names, changed, preview.unchanged, preview.refused)

    _kinds[list_kind(kind)] = enter, roles


def list_kind(kind: str) -> str:
    """Return what a list's files are called among all kinds."""
    return f"list-{kind}"


def is_large(sent: SentFile) -> bool:
    """Say whether a file is too large for its page to wait until it is entered."""
    return len(sent.text) > AT_ONCE


def ask(
    *, kind: str, sent: SentFile, title: str, back: tuple[str, str], by: Member
) -> SentSheet:
    """Ask for a file to be entered: once, while the job that does it lives.

    `back` is the name and the address of the list that it fills.
    """
    digest = hashlib.sha256(sent.content).hexdigest()
    only_one = f"{kind}-{digest}"[:100]
    with transaction.atomic():
        lives = Job.objects.filter(
            kind=KIND, only_one=only_one, business_id=by.business_id, state__in=LIVE
        ).first()
        if lives is not None:
            return SentSheet.objects.get(pk=lives.arguments["sheet"])
        list_name, list_url = back
        sheet = SentSheet.objects.create(
            kind=kind,
            title=title,
            text=sent.text,
            was_workbook=sent.was_workbook,
            list_name=list_name,
            list_url=list_url,
            made_by_id=by.user_id,
            made_by=by.name,
            made_at=clock.now(),
        )
        job = enqueue(
            kind=KIND,
            title=f"Enter {title.lower()} from a file",
            business=current_business(),
            arguments={"sheet": sheet.pk},
            only_one=only_one,
            started_by=by,
        )
        first = int(job.arguments["sheet"])
        if first != sheet.pk:  # somebody asked at this very moment
            sheet.delete()
            return SentSheet.objects.get(pk=first)
        SentSheet.objects.filter(pk=sheet.pk).update(job_id=job.pk)
        sheet.job_id = job.pk
    return sheet


def enter_in_job(lease: Lease) -> dict[str, Any]:
    """Enter a large file; done again after its worker died, it changes nothing."""
    sheet = SentSheet.objects.get(pk=lease.arguments["sheet"])
    if sheet.entered_at is None:
        enter, roles = _kinds[sheet.kind]
        by = who_asked(lease)
        if by is None or not by.has(*roles):
            raise errors.LedgerError("Whoever sent the file may not do this any more.")

        def tell(done: int, total: int) -> None:
            lease.check()
            lease.step("Entering rows", done, total)

        lease.step("Reading the file")
        with lease.transaction(), changes_together():
            _keep(sheet, enter(sheet.text.encode(), by, tell))
    return {"changed": sheet.changed, "refused": len(sheet.refused)}


def who_asked(lease: Lease) -> Member | None:
    """Return who asked for a job, as the member that they are now."""
    assert lease.business is not None
    user = User.objects.get(pk=lease.job.started_by_id or 0)
    day = clock.today(lease.business.time_zone)
    return member_of(user=user, business=lease.business, day=day)


def visible_to(member: Member) -> QuerySet[SentSheet]:
    """Return the files that a member may look at: all, or those that they sent."""
    rows = SentSheet.objects.defer("text")
    if member.has(Role.FINANCE, Role.ADMIN, Role.AUDITOR):
        return rows
    return rows.filter(made_by_id=member.user_id)


def refused_rows(sheet: SentSheet) -> list[RefusedRow]:
    """Return the rows of a file that could not be entered."""
    return [RefusedRow(**row) for row in sheet.refused]


def _keep(sheet: SentSheet, entered: Entered) -> None:
    sheet.changed, sheet.unchanged = entered.changed, entered.unchanged
    sheet.refused = [asdict(row) for row in entered.refused]
    sheet.columns, sheet.entered_at = list(entered.names), clock.now()
    sheet.text = ""  # its rows are where they belong, and the others beside it
    sheet.save(
        update_fields=[
            "changed", "unchanged", "refused", "columns", "entered_at", "text",
        ]
    )  # fmt: skip
