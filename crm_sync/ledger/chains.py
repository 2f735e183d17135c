"""Who is credited for being above somebody: the manager, and everybody up the line."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal

from crm_sync.ledger.facts import CreditFact

MANAGER, UPLINE = "manager", "upline"
MOST_LEVELS = 50
_SELLERS = ("owner", "split")
_LOOP = (
    "The people above this deal go in a circle, so nobody can be paid for being above."
    " Look at who reports to whom on its day."
)
_TOO_MANY = (
    f"There are more than {MOST_LEVELS} levels of people above this deal, so nobody can"
    " be paid for being above."
)


def credits_above(
    credits: Iterable[CreditFact], above: Callable[[int], int | None]
) -> tuple[CreditFact, ...]:
    """Return the credits of those above the owner and splits of an entry.

    `above` says to whom a payee reported on the entry's day. The manager's shares are
    one credit; in the upline each level, and each person through whom it is reached, is
    its own. A hierarchy that goes in a circle gives upline credits that cannot be paid.
    """
    managers: dict[int, list[CreditFact]] = defaultdict(list)
    upline: dict[tuple[int, int, int], Decimal] = defaultdict(Decimal)
    problem = ""
    for credit in credits:
        if credit.role not in _SELLERS:
            continue
        chain = _chain(credit.payee_id, above)
        if chain:
            managers[chain[0]].append(credit)
        if len({credit.payee_id, *chain}) <= len(chain):
            problem = _LOOP
        elif len(chain) == MOST_LEVELS and above(chain[-1]) is not None:
            problem = problem or _TOO_MANY
        below = credit.payee_id
        for level, payee_id in enumerate(chain, start=1):
            upline[level, payee_id, below] += credit.share
            below = payee_id
    return (
        *(_manager(payee_id, managers[payee_id]) for payee_id in sorted(managers)),
        *(
            CreditFact(payee_id, UPLINE, share, level, below, problem)
            for (level, payee_id, below), share in sorted(upline.items())
        ),
    )


def _chain(payee_id: int, above: Callable[[int], int | None]) -> list[int]:
    """Return everybody above a payee, cut where it would go on for ever."""
    chain: list[int] = []
    upper = above(payee_id)
    while upper is not None and len(chain) < MOST_LEVELS:
        chain.append(upper)
        if upper == payee_id or upper in chain[:-1]:
            break
        upper = above(upper)
    return chain


def _manager(payee_id: int, of: list[CreditFact]) -> CreditFact:
    """Add up what a manager's reports hold; through whom, only where it is one."""
    reports = {credit.payee_id for credit in of}
    share = sum((credit.share for credit in of), Decimal(0))
    through = reports.pop() if len(reports) == 1 else 0
    return CreditFact(payee_id, MANAGER, share, 1, through)
