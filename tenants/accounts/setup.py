"""What a new business has to do first: five tasks, their state told by higher rooms.

A room offers `setup.<key>` to the frame's hooks: a function of the request that returns
"Done", "In progress", "Needs you" or "Not started". A task that nobody tells about has no
state, and one whose page does not exist is left out.
"""

from dataclasses import dataclass

from django.urls import NoReverseMatch

from tenants.access import MemberRequest
from tenants.frame import hooks
from tenants.urls_for import business_url

DONE = "Done"
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


@dataclass(frozen=True)
class Task:
    """One line of the list."""

    words: str
    url: str
    state: str


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
    """Say whether the first task is still to be done; no answer means no."""
    state = hooks.ask("setup.connect", request)
    return bool(state) and state != DONE
