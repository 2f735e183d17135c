"""Line states: ours, and those that a higher room adds by registering a provider.

Payouts know whether a line is in a run, approved or paid; this room must not import
them, so they hand in a function.
"""

from collections.abc import Callable, Mapping, Sequence

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


def line_states(lines: Sequence[Line]) -> dict[int, str]:
    """Return the state of each line, for people to read.

    Two queries, and those of the providers, however many lines there are.
    """
    ids = [line.pk for line in lines]
    released = set(
        Release.objects.filter(line_id__in=ids).values_list("line_id", flat=True)
    )
    states = {line.pk: _own_state(line, released) for line in lines}
    for provider in _providers:
        states |= dict(provider(ids))
    disputed = Dispute.objects.filter(line_id__in=ids, state=Dispute.State.OPEN)
    for line_id in disputed.values_list("line_id", flat=True):
        states[line_id] = "disputed"
    return states


def _own_state(line: Line, released: set[int]) -> str:
    if line.failed:
        return "failed"
    if line.kind == Line.Kind.CLAWBACK:
        return "clawed_back"
    if line.waiting_for and line.pk not in released:
        return "waiting"
    return "payable"
