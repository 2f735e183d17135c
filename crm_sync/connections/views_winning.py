"""The page on which source wins where several give the same record."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from commissions_saas.lib.errors import ProductError
from crm_sync.connections import errors, winning
from crm_sync.connections.models import Connection
from crm_sync.connections.places import WRITES
from crm_sync.ledger.models import Precedence
from crm_sync.ledger.standard import DEAL
from tenants.access import MemberRequest, requires
from tenants.urls_for import business_url

MIXED_ROWS = 3
Posted = tuple[list[winning.Source], dict[str, int]]


@requires(*WRITES)
def which_source_wins(request: MemberRequest) -> HttpResponse:
    """Put sources in order; what that moves is shown before it is saved."""
    rows = winning.sources_of(request.business)
    object_ = _object(request, rows)
    current = winning.rule_in_force(object_)
    shown = _version_asked(request, object_) or current
    sources, fields = _of_rule(shown)
    problem: ProductError | None = None
    trial, status = None, 200
    if request.method == "POST":
        try:
            sources, fields = _posted(request, rows)
            if "try" not in request.POST:
                return _save(request, object_, sources, fields)
            trial = _try(request, object_, sources, fields)
        except errors.RuleChanged as changed:
            problem, status = changed, 409
            current = winning.rule_in_force(object_)
            trial = _try(request, object_, sources, fields)
        except ProductError as refused:
            problem, status = refused, 422
    context = {
        "object": object_,
        "objects": _objects(rows),
        "rows": _source_rows(rows, sources),
        "ranks": range(1, len(rows) + 1),
        "keys": winning.key_fields(object_),
        "mixed": winning.mixed_fields(object_),
        "fields": [*fields.items(), *[("", 0)] * max(MIXED_ROWS - len(fields), 1)],
        "current": current,
        "history": winning.history_of(object_),
        "trial": trial,
        "twice": winning.seen_twice(request.business),
        "problem": problem,
    }
    return render(request, "connections/which_source_wins.html", context, status=status)


def _try(
    request: MemberRequest,
    object_: str,
    sources: list[winning.Source],
    fields: dict[str, int],
) -> winning.WinTrial:
    return winning.try_rule(
        business=request.business, object_=object_, sources=sources, fields=fields
    )


def _save(
    request: MemberRequest,
    object_: str,
    sources: list[winning.Source],
    fields: dict[str, int],
) -> HttpResponse:
    version = request.POST.get("version", "")
    winning.save_rule(
        business=request.business,
        object_=object_,
        sources=sources,
        fields=fields,
        by=request.member,
        version=int(version) if version.isdecimal() and len(version) < 9 else 0,
        digest=request.POST.get("digest", "")[:64],
    )
    messages.success(
        request, "The rule is saved; stored records are settled by it now."
    )
    url = business_url(request.business, "connections:which_source_wins")
    return redirect(f"{url}?object={object_}")


def _posted(request: MemberRequest, rows: list[Connection]) -> Posted:
    ranked = []
    for row in rows:
        rank = request.POST.get(f"rank-{row.pk}", "")
        if rank.isdecimal() and len(rank) < 4:
            key = request.POST.get(f"key-{row.pk}", "")
            ranked.append((int(rank), row.pk, key))
    if len({rank for rank, _, _ in ranked}) != len(ranked):
        raise errors.BadRule("Two sources have the same place in the order.")
    names = request.POST.getlist("field")
    asked = request.POST.getlist("from")
    fields = {
        name: int(pk)
        for name, pk in zip(names, asked, strict=False)
        if name and pk.isdecimal() and len(pk) < 19
    }
    return [(pk, key) for _, pk, key in sorted(ranked)], fields


def _of_rule(rule: Precedence | None) -> Posted:
    if rule is None:
        return [], {}
    return [(one["connection"], one["key"]) for one in rule.sources], dict(rule.fields)


def _source_rows(
    rows: list[Connection], sources: list[winning.Source]
) -> list[dict[str, Any]]:
    ranks = {pk: rank for rank, (pk, _) in enumerate(sources, start=1)}
    keys = dict(sources)
    return [
        {"connection": row, "rank": ranks.get(row.pk, 0), "key": keys.get(row.pk, "")}
        for row in rows
    ]


def _objects(rows: list[Connection]) -> list[str]:
    named = [name for row in rows for name in row.options.get("objects", ())]
    return list(dict.fromkeys([DEAL, *named]))


def _object(request: MemberRequest, rows: list[Connection]) -> str:
    wanted = request.GET.get("object", DEAL)
    if wanted not in _objects(rows):
        raise Http404
    return wanted


def _version_asked(request: MemberRequest, object_: str) -> Precedence | None:
    wanted = request.GET.get("version", "")
    if not wanted.isdecimal() or len(wanted) > 8:
        return None
    return Precedence.objects.filter(object=object_, version=int(wanted)).first()
