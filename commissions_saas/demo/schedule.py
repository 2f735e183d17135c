"""When what is read, prepared and paid: half-month by half-month, then day by day."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from commissions_saas.demo import happenings
from commissions_saas.demo.replay import Replay

HALE = ("helen", "amir")
SHARED = "Hale"  # the Close that pays by the half-month
OTHERS = ("amir", "renata")


@dataclass(frozen=True, slots=True)
class Step:
    """One moment of the replay."""

    words: str
    take: Callable[[Replay], None]


def moment(month: int, day: int, hour: int = 15, minute: int = 0) -> datetime:
    """Return a moment of the year of the story, in UTC."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def _steps() -> Iterator[Step]:
    for month in range(6, 11):
        yield from _month(month)
    yield Step("12 November", _advance(moment(11, 12), SHARED))
    yield Step(
        "Noah's payment returned",
        _doing(moment(11, 12, 16), happenings.return_noahs_payment),
    )
    yield Step("Disputes decided", _doing(moment(11, 16), happenings.settle_disputes))
    yield Step("18 November", _advance(moment(11, 18), SHARED))
    yield Step("20 November", _doing(moment(11, 20), happenings.draft_version_four))
    policies = happenings.upload_policies(date(2026, 11, 1))
    yield Step("21 November", _doing(moment(11, 21), policies))
    books = moment(11, 21, 15, 30)
    yield Step("Books uploaded", _doing(books, happenings.keep_books))
    yield Step("Rates entered", _doing(moment(11, 21, 16), happenings.enter_rates))
    yield Step("22 November", _doing(moment(11, 22), happenings.change_bank_details))
    yield Step("23 November, 18:00", _advance(moment(11, 24, 0)))
    yield Step(
        "Theo's dispute", _doing(moment(11, 24, 0, 20), happenings.dispute_the_split)
    )
    yield Step("24 November, 5:55", _advance(moment(11, 24, 10, 55)))
    yield Step(
        "24 November, 6:10", _doing(moment(11, 24, 11, 10), happenings.lose_cobalts_key)
    )
    yield Step("24 November, 7:55", _advance(moment(11, 24, 14, 55)))
    yield Step("Ridgeline in review", _prepare("ridgeline", "2026-11a"))
    yield Step("24 November, 9:14", _advance(moment(11, 24, 15, 14)))
    yield Step(
        "24 November, 10:39", _advance(moment(11, 24, 16, 39) + timedelta(seconds=20))
    )


def _month(month: int) -> Iterator[Step]:
    """Read twice in each month, and pay what is over."""
    slug = f"2026-{month:02}"
    middle, end = moment(month, 19), moment(month + 1, 5)
    yield Step(f"{slug}, middle", _advance(middle, SHARED))
    yield Step("Ridgeline paid", _pay("ridgeline", f"{slug}a", middle, HALE))
    yield Step(f"{slug}, end", _advance(end))
    yield Step("Ridgeline paid", _pay("ridgeline", f"{slug}b", end, HALE))
    policies = happenings.upload_policies(date(2026, month, 1))
    yield Step("Policies uploaded", _doing(end + timedelta(hours=1), policies))
    later = end + timedelta(days=3)
    yield Step("Brightwater paid", _pay("brightwater", slug, later, HALE))
    yield Step("Cobalt paid", _pay("cobalt", slug, later, OTHERS))
    yield Step("Lantern paid", _pay("lantern", slug, later, OTHERS))


def _prepare(business: str, slug: str) -> Callable[[Replay], None]:
    return lambda replay: _ignore(replay.prepare(business, slug, moment(11, 24)))


def _ignore(_: object) -> None:
    return None


def _advance(at: datetime, only: str = "") -> Callable[[Replay], None]:
    is_long_ago = at <= moment(11, 24, 0)
    return lambda replay: replay.advance(at, only=only, is_long_ago=is_long_ago)


def _doing(at: datetime, what: Callable[[Replay], None]) -> Callable[[Replay], None]:
    def take(replay: Replay) -> None:
        with replay.at(at):
            what(replay)

    return take


def _pay(
    business: str, slug: str, at: datetime, approvers: tuple[str, str]
) -> Callable[[Replay], None]:
    def take(replay: Replay) -> None:
        replay.pay(business, slug, at, approvers)

    return take


STEPS = tuple(_steps())
