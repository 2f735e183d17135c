"""Where a person goes when a job is done; the app of the job says so.

An app offers a function of the job in its `AppConfig.ready`; it returns the words of a
link and its address.
"""

from collections.abc import Callable

from tenants.jobs.models import Job

WayOn = tuple[str, str]
_ways: dict[str, Callable[[Job], WayOn | None]] = {}


def offer(kind: str, way: Callable[[Job], WayOn | None]) -> None:
    """Lead on from done jobs of this kind."""
    _ways[kind] = way


def way_on(job: Job) -> WayOn:
    """Return the words and the address of what follows; empty where nothing does."""
    way = _ways.get(job.kind)
    found = way(job) if way and job.state == Job.State.DONE else None
    return found or ("", "")
