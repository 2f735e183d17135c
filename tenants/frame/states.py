"""Every state that a page shows: its words, its shape and its tone."""

from typing import NamedTuple


class Look(NamedTuple):
    """How a state is shown; shape and words carry the meaning, the tone only helps."""

    text: str
    shape: str
    tone: str = ""


_LOOKS = {
    # lines
    "estimate": Look("Estimate", "is-dashed"),
    "earned": Look("Earned", "is-ring", "info"),
    "waiting": Look("Waiting", "is-glass", "warn"),
    "payable": Look("Payable", "is-half", "info"),
    "in_run": Look("In run", "is-most", "info"),
    "approved": Look("Approved", "is-dot", "good"),
    "paid": Look("Paid", "is-check", "good"),
    "part_paid": Look("Part paid", "is-half", "info"),
    "overdue": Look("Overdue", "is-warn", "bad"),
    "on_hold": Look("On hold", "is-bars", "warn"),
    "held": Look("On hold", "is-bars", "warn"),
    "disputed": Look("Disputed", "is-diamond", "warn"),
    "clawed_back": Look("Clawed back", "is-back", "bad"),
    "carried_forward": Look("Carried forward", "is-forth"),
    "failed": Look("Failed", "is-cross", "bad"),
    # statements and periods
    "open": Look("Open", "is-ring", "info"),
    "in_review": Look("In review", "is-half", "info"),
    "locked": Look("Locked", "is-square"),
    # payout runs and payees in them
    "draft": Look("Draft", "is-dashed"),
    "exported": Look("Exported", "is-forth", "good"),
    "closed": Look("Closed", "is-square"),
    "void": Look("Void", "is-cross"),
    "rejected": Look("Rejected", "is-cross", "bad"),
    "returned": Look("Returned", "is-back", "bad"),
    "sent": Look("Sent", "is-forth", "info"),
    "ready": Look("Ready", "is-ring", "info"),
    "flagged": Look("Flagged", "is-warn", "warn"),
    # disputes and proposals
    "needs_reply": Look("Needs your reply", "is-warn", "warn"),
    "accepted": Look("Accepted", "is-check", "good"),
    "partly_accepted": Look("Partly accepted", "is-half", "good"),
    "declined": Look("Declined", "is-cross"),
    "withdrawn": Look("Withdrawn", "is-back"),
    "proposed": Look("Proposed", "is-dashed", "info"),
    "posted": Look("Posted", "is-check", "good"),
    # plans
    "in_force": Look("In force", "is-dot", "good"),
    "published": Look("Published", "is-dot", "good"),
    "superseded": Look("Superseded", "is-square"),
    "archived": Look("Archived", "is-square"),
    "passes": Look("Passes", "is-check", "good"),
    "fails": Look("Fails", "is-cross", "bad"),
    # connections, syncs, deliveries, refused records
    "healthy": Look("Healthy", "is-dot", "good"),
    "late": Look("Late", "is-warn", "bad"),
    "held_back": Look("Held back", "is-warn", "warn"),
    "stale": Look("Stale", "is-warn", "warn"),
    "paused": Look("Paused", "is-bars"),
    "never_synced": Look("Never synced", "is-dashed"),
    "refused": Look("Refused", "is-cross", "bad"),
    "ignored": Look("Ignored", "is-bars"),
    "delivered": Look("Delivered", "is-check", "good"),
    "duplicate": Look("Duplicate", "is-ring"),
    "written": Look("Written", "is-check", "good"),
    "unknown": Look("Cannot be told", "is-warn", "warn"),
    "matched": Look("Matched", "is-check", "good"),
    "unmatched": Look("Not matched", "is-warn", "warn"),
    "suggested": Look("Suggested", "is-dashed", "info"),
    # jobs and setup tasks
    "queued": Look("Queued", "is-ring"),
    "running": Look("Running", "is-most", "info"),
    "done": Look("Done", "is-check", "good"),
    "parked": Look("Parked", "is-square", "bad"),
    "cancelled": Look("Cancelled", "is-bars"),
    "not_started": Look("Not started", "is-ring"),
    "in_progress": Look("In progress", "is-half", "info"),
    "needs_you": Look("Needs you", "is-warn", "warn"),
    # people
    "active": Look("Active", "is-dot", "good"),
    "invited": Look("Invited", "is-forth", "info"),
    "left": Look("Left", "is-square"),
    "making": Look("Being made", "is-most", "info"),
    "suspended": Look("Suspended", "is-bars", "warn"),
    "unexplained": Look("Unexplained", "is-warn", "bad"),
}  # fmt: skip

TONE_SHAPES = {
    "info": "is-ring",
    "good": "is-check",
    "warn": "is-warn",
    "bad": "is-cross",
}


def look_of(state: object) -> Look:
    """Return how to show `state`; one that is not listed keeps its own words."""
    key = str(state).strip().lower().replace(" ", "_").replace("-", "_")
    words = str(state).strip().replace("_", " ")
    return _LOOKS.get(key) or Look(words[:1].upper() + words[1:], "is-ring")
