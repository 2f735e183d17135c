"""Line states: ours, and those that a higher room adds by registering a provider.

Payouts know whether a line is in a run, approved or paid; this room must not import
them, so they hand in a function.
"""

from collections.abc import Callable, Mapping, Sequence

from django.db.models import Exists, OuterRef, QuerySet

from commissions.statements.models import Dispute, Line, Release

# A function from line ids to states, for those lines it knows something about.
Provider = Callable[[list[int]], Mapping[int, str]]

WORDS: Mapping[str, str] = {
    "earned": "Earned",
    "waiting": "Waiting",
    "payable": "Payable",
    "on_hold": "On hold",
    "in_run": "In run",
    "approved": "Approved",
    "paid": "Paid",
    "disputed": "Disputed",
    "clawed_back": "Clawed back",
    "carried": "Carried forward",
    "failed": "Failed",
}
_providers: list[Provider] = []


def provide_line_states(provider: Provider) -> Provider:
    """Register who else knows states of lines; the last one that knows a line wins."""
    if provider not in _providers:
        _providers.append(provider)
    return provider


def with_states(rows: QuerySet[Line]) -> QuerySet[Line]:
    """Let a query of lines also bring what `line_states` asks about each."""
    return rows.annotate(
        is_released=Exists(Release.objects.filter(line_id=OuterRef("pk"))),
        is_disputed=Exists(
            Dispute.objects.filter(line_id=OuterRef("pk"), state=Dispute.State.OPEN)
        ),
    )


def line_states(lines: Sequence[Line]) -> dict[int, str]:
    """Return the state of each line, for people to read.

    Lines that come through `with_states` cost only the providers' queries.
    """
    ids = [line.pk for line in lines]
    if lines and not hasattr(lines[0], "is_released"):
        lines = list(with_states(Line.objects.filter(pk__in=ids)))
    states = {line.pk: _own_state(line) for line in lines}
    for provider in _providers:
        states |= dict(provider(ids))
    for line in lines:
        if line.is_disputed:  # type: ignore[attr-defined]
            states[line.pk] = "disputed"
    return states


def _own_state(line: Line) -> str:
    if line.failed:
        return "failed"
    if line.kind == Line.Kind.CLAWBACK:
        return "clawed_back"
    if line.waiting_for and not line.is_released:  # type: ignore[attr-defined]
        return "waiting"
    return "payable"
