"""Pages that show what other rows of a rate table move, and then let them hold."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from commissions.library.models import LibraryTable
from commissions.plans import library
from commissions.plans.assigning_pages import table_page
from commissions.plans.models import RateTable
from commissions.plans.table_readers import readers_of
from commissions.plans.views_assigning import TABLE_WRITES, set_typed_table
from commissions.statements.moves import MOST_WORKED_OUT, make_if_seen, what_moves
from commissions_saas.lib.errors import ProductError
from tenants.access import MemberRequest, requires
from tenants.urls_for import business_url


@requires(*TABLE_WRITES)
@require_POST
def table_moves(request: MemberRequest, key: str) -> HttpResponse:
    """Show what new rows of a table move; the button, sent back here, saves them."""
    found = get_object_or_404(RateTable, key=key)

    def change() -> RateTable:
        return set_typed_table(request, found.key, found.name, found.kind)

    try:
        return _seen_first(request, found, change, "Save the rows")
    except ProductError as problem:
        page = table_page(found, request.member)
        page |= {"problem": problem, "typed": request.POST}
        return render(request, "plans/table.html", page, status=422)


@requires(*TABLE_WRITES)
@require_POST
def library_take_table(request: MemberRequest, pk: int) -> HttpResponse:
    """Give a rate table here the rows of the library's; what that moves is shown first."""
    entry = get_object_or_404(LibraryTable, pk=pk, group_id=request.business.group_id)
    own = RateTable.objects.filter(key=entry.key).first()

    def change() -> RateTable:
        return library.take_table(entry=entry, by=request.member)

    try:
        if own is not None:
            words = f"Take over edition {entry.edition}"
            return _seen_first(request, own, change, words)
        return _saved(request, change())
    except ProductError as problem:
        messages.error(request, str(problem))
        return redirect(business_url(request.business, "plans:library"))


def _seen_first(
    request: MemberRequest,
    table: RateTable,
    change: Callable[[], RateTable],
    button: str,
) -> HttpResponse:
    """Make a change whose figures were seen; show those of now where they were not."""
    seen = request.POST.get("seen", "")
    if seen:
        moves = make_if_seen(change, seen)
        if moves is None:
            return _saved(request, table)
    else:
        moves = what_moves(change, most=MOST_WORKED_OUT)
    page: dict[str, Any] = {
        "heading": f"{table}: other rows",
        "button": button,
        "list_name": str(table),
        "list_url": business_url(request.business, "plans:table", table.key),
        "post_to": request.path,
        "kept": [
            *(each for each in request.POST.items() if each[0] in _TYPED),
            ("seen", moves.seal),
        ],
        "moves": moves,
        "moved": bool(seen),
        "readers": readers_of(table),
    }
    return render(request, "statements/moves.html", page, status=409 if seen else 200)


_TYPED = frozenset({"rows", "starts_on", "reference"})


def _saved(request: MemberRequest, table: RateTable) -> HttpResponse:
    messages.success(request, f"{table} has new rows.")
    return redirect(business_url(request.business, "plans:table", table.key))
