"""Files that people send: looked at without writing, then taken in whole.

Good rows go in; bad rows go into a file that can be corrected and sent again. A small
file is looked at and taken in at once, a larger one in a job each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any

from django.core.cache import cache
from django.db import transaction
from redis.exceptions import RedisError

from commissions_saas.lib import clock
from crm_sync.connections import errors
from crm_sync.connections.models import Connection, SyncRun, Upload
from crm_sync.connections.upload_columns import file_connection, know_columns
from crm_sync.connections.upload_trial import Preview, provider_of, take_in
from crm_sync.ledger.sheet_jobs import who_asked
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.audit.services import record as audit
from tenants.jobs.lease import Lease
from tenants.jobs.models import Job
from tenants.jobs.selectors import LIVE
from tenants.jobs.services import enqueue
from tenants.schema import in_public

AT_ONCE = 100_000  # bytes, about a thousand rows; what is larger takes a job
LOOK, COMMIT = "look_at_file", "commit_file"
Within = Callable[[], AbstractContextManager[Any]]


class _Undo(Exception):
    """Ends a trial: nothing that it wrote stays."""

    def __init__(self, preview: Preview) -> None:
        self.preview = preview


def take_file(
    *, business: Business, object_: str, name: str, content: bytes, by: Member
) -> Upload:
    """Keep a file and look at it; a large one in a job, for which its page waits."""
    upload = _upload(business, object_, name, content, by)
    if len(content) <= AT_ONCE:
        look(upload=upload, business=business)
        with in_public(), suppress(RedisError):  # it can be looked at again
            cache.set(_key(upload), True, timeout=60)
        return upload
    with in_public(), transaction.atomic():
        upload.save()
        _ask(LOOK, f"Look at {upload.name}", upload, business, by)
    return upload


def look_at_file(
    *, business: Business, object_: str, name: str, content: bytes, by: Member
) -> tuple[Upload, Preview]:
    """Keep a file and say what committing it would do; the ledger is not changed."""
    upload = _upload(business, object_, name, content, by)
    return upload, look(upload=upload, business=business)


def look(
    *, upload: Upload, business: Business, within: Within = transaction.atomic
) -> Preview:
    """Say what committing a file would do, and keep that; a new file is kept, too."""
    with in_public():
        provider = provider_of(upload)
        with within():
            if upload._state.adding:
                upload.save()
            know_columns(upload.connection, provider, upload.object)
        preview = preview_of(upload=upload, business=business, within=within)
        with within():
            _keep(upload, preview, Upload.State.LOOKED_AT)
    return preview


def preview_of(
    *, upload: Upload, business: Business, within: Within = transaction.atomic
) -> Preview:
    """Commit the file on trial and take everything back."""
    try:
        with within():
            raise _Undo(take_in(upload, business, None))
    except _Undo as trial:
        return trial.preview


def shown_preview(*, upload: Upload, business: Business) -> Preview | None:
    """Return what a file's page shows: of a small one that is open what committing
    would do now, else what was seen last."""
    if upload.job_id is not None or upload.state != Upload.State.LOOKED_AT:
        return Preview.of(upload)
    with in_public(), suppress(RedisError):
        if cache.delete(_key(upload)):  # it was looked at this very moment
            return Preview.of(upload)
    preview = preview_of(upload=upload, business=business)
    _keep(upload, preview, Upload.State.LOOKED_AT)
    return preview


def look_again(*, upload: Upload, business: Business, by: Member) -> None:
    """Look at a large file again, as records and people are now; the page of a small one
    does that whenever it is opened."""
    if upload.job_id is None:
        return
    with in_public(), transaction.atomic():
        held = _held(upload)
        if held.state == Upload.State.LOOKED_AT and not _is_busy(held):
            _ask(LOOK, f"Look at {upload.name} again", upload, business, by)


def commit(
    *, upload: Upload, business: Business, by: Member, seen: str = ""
) -> Preview | None:
    """Take a file in as it was seen; a large one in a job, asked for once."""
    if upload.job_id is None:
        return commit_upload(upload=upload, business=business, by=by, seen=seen)
    with in_public(), transaction.atomic():
        held = _held(upload)
        if held.state != Upload.State.LOOKED_AT:
            raise _ended()
        if not _is_busy(held):
            _ask(COMMIT, f"Take in {upload.name}", upload, business, by, seen=seen)
    return None


def commit_upload(
    *,
    upload: Upload,
    business: Business,
    by: Member,
    seen: str = "",
    within: Within = transaction.atomic,
) -> Preview:
    """Take the good rows in, all of them or none; the same file again changes nothing.

    `seen` is the mark of the figures that the person saw: where the file would do
    something else by now, nothing is taken in.
    """
    try:
        with in_public(), within():
            claimed = Upload.objects.filter(pk=upload.pk, state=Upload.State.LOOKED_AT)
            if claimed.update(state=Upload.State.COMMITTED) != 1:
                raise _ended()
            preview = take_in(upload, business, by)
            if seen not in ("", preview.mark):
                raise _Undo(preview)
            _tell(upload, business, by, preview)
    except _Undo as other:
        with in_public(), within():
            _keep(upload, other.preview, Upload.State.LOOKED_AT)
        raise errors.BadUpload(
            "Records or people have changed since you looked, and the figures with them.",
            hint="Look at the new figures, then take it in.",
        ) from None
    return preview


def leave_upload(*, upload: Upload) -> None:
    """Do nothing with the file; refused where it was taken in meanwhile."""
    with in_public():
        open_ = Upload.objects.filter(pk=upload.pk, state=Upload.State.LOOKED_AT)
        if open_.update(state=Upload.State.LEFT) != 1:
            raise _ended()


def look_in_job(lease: Lease) -> dict[str, Any]:
    """Look at a large file; one that was left or taken in meanwhile is left alone."""
    upload, business = _of(lease)
    if upload.state != Upload.State.LOOKED_AT:
        return {"forgotten": True}
    lease.step("Reading the file and trying its rows")
    preview = look(upload=upload, business=business, within=lease.transaction)
    return {"rows": preview.rows}


def commit_in_job(lease: Lease) -> dict[str, Any]:
    """Take a large file in; done again after its worker died, it changes nothing."""
    upload, business = _of(lease)
    if upload.state == Upload.State.COMMITTED and upload.job_id == lease.job.pk:
        return {"again": True}
    by = who_asked(lease)
    if by is None or not by.has(Role.FINANCE, Role.ADMIN):
        raise errors.BadUpload("Whoever sent it may not take files in any more.")
    lease.step("Taking its rows in")
    preview = commit_upload(
        upload=upload,
        business=business,
        by=by,
        seen=lease.arguments["seen"],
        within=lease.transaction,
    )
    return {"rows": preview.rows, "refused": preview.outcome.refused}


def _upload(
    business: Business, object_: str, name: str, content: bytes, by: Member
) -> Upload:
    return Upload(
        connection=file_connection(business, by),
        business_id=business.pk,
        object=object_,
        name=name[:200],
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        made_by_id=by.user_id,
        made_by=by.name,
        made_at=clock.now(),
    )


def _of(lease: Lease) -> tuple[Upload, Business]:
    assert lease.business is not None
    rows = Upload.objects.select_related("connection")
    upload = rows.get(pk=lease.arguments["upload"], business_id=lease.business.pk)
    return upload, lease.business


def _ended() -> errors.BadUpload:
    return errors.BadUpload(
        "This file was committed or left already.", hint="Send it again."
    )


def _held(upload: Upload) -> Upload:
    return Upload.objects.select_for_update().defer("content").get(pk=upload.pk)


def _is_busy(upload: Upload) -> bool:
    live = Job.objects.filter(state__in=LIVE)
    return upload.job_id is not None and live.filter(pk=upload.job_id).exists()


def _ask(
    kind: str, title: str, upload: Upload, business: Business, by: Member, **more: str
) -> None:
    job = enqueue(
        kind=kind,
        title=title,
        business=business,
        arguments={"upload": upload.pk, **more},
        started_by=by,
    )
    Upload.objects.filter(pk=upload.pk).update(job_id=job.pk)
    upload.job_id = job.pk


def _keep(upload: Upload, preview: Preview, state: str) -> None:
    """Keep what was seen of a file, unless it was taken in meanwhile."""
    upload.preview, upload.refused = preview.as_json(), preview.refused
    Upload.objects.filter(pk=upload.pk, state=state).update(
        preview=upload.preview, refused=upload.refused
    )


def _key(upload: Upload) -> str:
    return f"upload:{upload.pk}:{upload.sha256}"


def _tell(upload: Upload, business: Business, by: Member, preview: Preview) -> None:
    """Write down what was taken in, where people look for it."""
    now = clock.now()
    outcome = preview.outcome
    SyncRun.objects.create(
        connection=upload.connection,
        kind="file",
        state=SyncRun.State.DONE,
        job_id=upload.job_id,
        started_at=now,
        finished_at=now,
        read=preview.rows,
        new=outcome.new,
        changed=outcome.changed,
        unchanged=outcome.unchanged,
        refused=len(preview.refused),
        deleted=outcome.deleted,
        log=[{"at": now.isoformat(), "words": f"{upload.name} by {by.name}"}],
    )
    Connection.objects.filter(pk=upload.connection_id).update(
        last_success_at=now, last_new_data_at=now, state=Connection.State.ACTIVE
    )
    _keep(upload, preview, Upload.State.COMMITTED)
    audit(
        action="connections.file_committed",
        object_kind="upload",
        object_id=upload.pk,
        object_name=upload.name,
        after={
            "sha256": upload.sha256,
            "new": outcome.new,
            "changed": outcome.changed,
            "refused": len(preview.refused),
        },
        by=by,
        business=business,
    )
