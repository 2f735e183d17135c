"""Routing tables: tried, saved as a version, and taken back to an earlier one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max

from commissions_saas.lib import clock
from commissions_saas.lib.errors import ProductError
from crm_sync.connections import errors
from crm_sync.connections.asking import ask_to_read_again, was_read
from crm_sync.connections.models import Connection, Home, Route, RouteTable
from crm_sync.connections.publishing import publish_fields
from crm_sync.connections.readers import mapping_for
from crm_sync.connections.routing_trial import how_it_stands, try_table
from crm_sync.connections.services import audit
from tenants.access import Member
from tenants.accounts.models import Business, Group
from tenants.jobs.models import Job
from tenants.jobs.services import enqueue
from tenants.schema import in_public

TRIED_AT_ONCE = 1_000  # records; more of them are tried in a job
_LONGEST = 200


def save_routes(
    *,
    connection: Connection,
    path: str,
    routes: Mapping[str, int],
    by: Member | None = None,
) -> Job | None:
    """Say which value of a field belongs to which business, and route again.

    Records that are here already move where the new routes send them, in a job.
    """
    values = _cleaned(connection, path, routes)
    with in_public(), transaction.atomic():
        Connection.objects.select_for_update().get(pk=connection.pk)
        _keep_what_was(connection)
        table = _new(connection, path, values, by)
        return _put_in_force(table, by)


def try_routes(
    *, connection: Connection, path: str, routes: Mapping[str, int], by: Member
) -> RouteTable:
    """Say what other routes would move, without moving it; many records in a job.

    What the same person tried before and did not save is forgotten.
    """
    values = _cleaned(connection, path, routes)
    with in_public(), transaction.atomic():
        tried = RouteTable.objects.filter(
            connection=connection, version__isnull=True, made_by_id=by.user_id
        )
        tried.delete()
        _keep_what_was(connection)
        table = _new(connection, path, values, by)
        table.save(force_insert=True)
        if Home.objects.filter(connection=connection).count() > TRIED_AT_ONCE:
            job = _ask_to_try(table, by)
            RouteTable.objects.filter(pk=table.pk).update(job_id=job.pk)
            table.job_id = job.pk
            return table
    compute(table)
    return table


def compute(table: RouteTable, told: Any = None) -> None:
    """Fill in what a table would move; what cannot be tried says why."""
    with in_public():
        try:
            with transaction.atomic():
                seen = how_it_stands(table.connection)
                figures = try_table(table, told)
        except ProductError as problem:
            fields: dict[str, Any] = {
                "state": RouteTable.State.FAILED,
                "problem": f"{problem.message} {problem.hint}".strip(),
            }
        else:
            fields = {
                "state": RouteTable.State.READY,
                "figures": figures,
                "seen": seen,
                "problem": "",
            }
        RouteTable.objects.filter(pk=table.pk, version__isnull=True).update(**fields)
        for name, value in fields.items():
            setattr(table, name, value)


def save_tried(*, table: RouteTable, by: Member) -> Job | None:
    """Put in force what was tried; refused where it would not do what the page said."""
    with in_public():
        with transaction.atomic():
            Connection.objects.select_for_update().get(pk=table.connection_id)
            table = RouteTable.objects.select_for_update(of=("self",)).get(pk=table.pk)
            if table.version is not None:
                raise errors.RoutesChanged(
                    f"This table is saved already, as version {table.version}."
                )
            if table.state != RouteTable.State.READY:
                raise errors.RoutesChanged(
                    "What it would move is not known yet.", hint="Wait for the figures."
                )
            _refuse_if_changed(table)
            if how_it_stands(table.connection) == table.seen:
                return _put_in_force(table, by)
            if not table.job_id and _moves_the_same(table):
                return _put_in_force(table, by)
        _look_again(table, by)
    raise errors.RoutesChanged(
        "Records have changed since you looked, and the figures with them.",
        hint="Look at the new figures below, then save."
        if not table.job_id
        else "They are worked out again.",
    )


def tables_of(connection: Connection) -> list[RouteTable]:
    """Return the versions that were saved, newest first."""
    rows = RouteTable.objects.filter(connection=connection, version__isnull=False)
    return list(rows.order_by("-version"))


def _cleaned(
    connection: Connection, path: str, routes: Mapping[str, int]
) -> dict[str, int]:
    own = set(
        Business.objects.filter(group_id=connection.group_id).values_list(
            "pk", flat=True
        )
    )
    values = {
        value.strip(): target for value, target in routes.items() if value.strip()
    }
    if connection.business_id is not None:
        raise errors.BadRoute("This connection feeds one business only.")
    if not path.strip() or not values:
        raise errors.BadRoute("Name the field and at least one value.")
    if any(len(text) > _LONGEST for text in (path.strip(), *values)):
        raise errors.BadRoute(f"A value is longer than {_LONGEST} characters.")
    if set(values.values()) - own:
        raise errors.BadRoute("A route leads to a business of this group only.")
    return values


def _new(
    connection: Connection, path: str, values: Mapping[str, int], by: Member | None
) -> RouteTable:
    return RouteTable(
        connection=connection,
        path=path.strip(),
        values=dict(values),
        based_on=_last_version(connection),
        made_by_id=by.user_id if by else None,
        made_by=by.name if by else "",
        made_at=clock.now(),
    )


def _last_version(connection: Connection) -> int:
    rows = RouteTable.objects.filter(connection=connection)
    return rows.aggregate(last=Max("version"))["last"] or 0


def _keep_what_was(connection: Connection) -> None:
    """Routes from before there were versions are the first one."""
    rows = list(Route.objects.filter(connection=connection).order_by("id"))
    if not rows or _last_version(connection):
        return
    first = _new(connection, rows[0].path, {r.value: r.business_id for r in rows}, None)
    first.version, first.state = 1, RouteTable.State.SAVED
    RouteTable.objects.bulk_create([first], ignore_conflicts=True)


def _refuse_if_changed(table: RouteTable) -> None:
    last = _last_version(table.connection)
    if last == table.based_on:
        return
    newest = RouteTable.objects.get(connection=table.connection, version=last)
    author = f" by {newest.made_by}" if newest.made_by else ""
    raise errors.RoutesChanged(
        f"Other routes were saved meanwhile{author}: version {last} is in force.",
        hint="Look at them, and make your change again.",
    )


def _moves_the_same(table: RouteTable) -> bool:
    """Try it again; how many records there are in all moves nothing."""
    now = try_table(table)
    return now == {**table.figures, "records": now["records"]}


def _put_in_force(table: RouteTable, by: Member | None) -> Job | None:
    """Make a table the newest version and its rows the routes; then route again."""
    connection = table.connection
    rows = Route.objects.filter(connection=connection)
    before = {row.value: row.business_id for row in rows}
    rows.delete()
    Route.objects.bulk_create(
        Route(connection=connection, path=table.path, value=value, business_id=target)
        for value, target in table.values.items()
    )
    table.version = _last_version(connection) + 1
    table.state = RouteTable.State.SAVED
    table.made_at = clock.now()
    if table._state.adding:
        table.save(force_insert=True)
    else:
        table.save(update_fields=["version", "state", "made_at"])
    audit(
        "connections.routes_saved",
        connection,
        by,
        before=before,
        after={"path": table.path, **table.values},
    )
    job = None
    for object_ in connection.options["objects"]:
        default = mapping_for(connection, None, object_)
        if default is not None:
            # A business may have joined the group since the fields were published.
            publish_fields(connection, object_, default.document, None)
        if was_read(connection):
            job = ask_to_read_again(connection, object_, None, by, "routes")
    return job


def _ask_to_try(table: RouteTable, by: Member) -> Job:
    return enqueue(
        kind="try_routes",
        title=f"See what the new routes of {table.connection.name} move",
        group=Group.objects.get(pk=table.connection.group_id),
        arguments={"table": table.pk},
        started_by=by,
    )


def _look_again(table: RouteTable, by: Member) -> None:
    """Put the figures of now in the place of those that were looked at."""
    if not table.job_id:
        compute(table)
        return
    with transaction.atomic():
        job = _ask_to_try(table, by)
        RouteTable.objects.filter(pk=table.pk, version__isnull=True).update(
            state=RouteTable.State.COMPUTING, job_id=job.pk
        )
