"""What a new business has to do first: five tasks, their state told by higher rooms.

A room offers `setup.<key>` to the frame's hooks: a function of the request that returns
"Done", "In progress", "Needs you" or "Not started". A task that nobody tells about has no
state, and one whose page does not exist is left out.
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch

from tenants.access import MemberRequest
from tenants.accounts.models import Business, Member
from tenants.frame import hooks
from tenants.jobs import ways_on
from tenants.jobs.models import Job
from tenants.urls_for import business_url

DONE, NOT_STARTED = "Done", "Not started"
TASKS = (
    (
        "connect",
        "Connect your CRM, or upload a file of deals",
        "connections:connections",
    ),
    ("people", "Match the people of the CRM with those you pay", "connections:people"),
    ("plan", "Write a plan from a template, with worked examples", "plans:plans"),
    ("assign", "Put people on the plan, with their quotas", "plans:assignments"),
    ("invite", "Give colleagues access", "accounts:members"),
)

SHOWN = "setting_up"
BEFORE_PAY = ("connect", "plan", "assign")


@dataclass(frozen=True)
class Task:
    """One line of the list."""

    words: str
    url: str
    state: str


@dataclass(frozen=True)
class Progress:
    """How far the setup is, and what comes next."""

    done: int
    of: int
    url: str
    next: Task


def tasks_of(request: MemberRequest) -> list[Task]:
    """Return the tasks whose page exists, in the order in which they help."""
    tasks = []
    for key, words, name in TASKS:
        try:
            url = business_url(request.business, name)
        except NoReverseMatch:
            continue
        tasks.append(Task(words, url, hooks.ask(f"setup.{key}", request) or ""))
    return tasks


def is_new(request: MemberRequest) -> bool:
    """Say whether a task that comes before the first pay is still to be done.

    No answer is none: a task that no room knows about holds nobody up.
    """
    states = (hooks.ask(f"setup.{key}", request) for key in BEFORE_PAY)
    return any(state and state != DONE for state in states)


def show_progress(request: HttpRequest, wanted: bool) -> None:
    """Show on every page how far the setup is, from now on or no more."""
    place: Any = request
    if wanted:
        request.session[SHOWN] = place.business.pk
    elif request.session.get(SHOWN) == place.business.pk:
        del request.session[SHOWN]


def progress(request: HttpRequest) -> Progress | None:
    """Return how far the setup is, where the person is in the middle of it."""
    place: Any = request
    shown = getattr(request, "session", {}).get(SHOWN)
    if shown is None or shown != place.business.pk:
        return None
    tasks = tasks_of(place)
    left = [task for task in tasks if task.state != DONE]
    if not left:
        return None
    url = business_url(place.business, "accounts:setup")
    return Progress(len(tasks) - len(left), len(tasks), url, left[0])


def offer_to_the_frame() -> None:
    """Tell how far the invitations are, and where a business leads once it is made."""
    hooks.offer("setup.invite", _invite_state)
    ways_on.offer("make_business", _to_the_setup)


def _invite_state(request: HttpRequest) -> str:
    place: Any = request
    others = Member.objects.filter(business=place.business)
    others = others.exclude(user_id=place.member.user_id)
    return DONE if others.exists() else NOT_STARTED


def _to_the_setup(job: Job) -> ways_on.WayOn | None:
    made = Business.objects.filter(pk=job.arguments["business"]).first()
    if made is None:
        return None
    return f"Set up {made.name}", business_url(made, "accounts:setup")
