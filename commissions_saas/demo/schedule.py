"""When what is read, prepared and paid: half-month by half-month, then day by day."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from commissions_saas.demo import houses
from commissions_saas.demo.replay import Replay

HALE = ("helen", "amir")


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
        yield Step(f"{month:02} middle", _advance(moment(month, 19)))
        following = moment(month + 1, 5)
        yield Step(f"{month:02} end", _advance(following))
        yield Step(
            f"{month:02} Brightwater paid",
            _pay(
                "brightwater", f"2026-{month:02}", following + timedelta(hours=1), HALE
            ),
        )
    for day in (12, 18):
        yield Step(f"{day} November", _advance(moment(11, day)))
    yield Step("20 November", _doing(moment(11, 20), houses.draft_version_four))
    yield Step("23 November, 18:00", _advance(moment(11, 24, 0)))
    yield Step("24 November, 8:00", _advance(moment(11, 24, 14, 55)))
    yield Step("24 November, 9:14", _advance(moment(11, 24, 15, 14)))
    yield Step("24 November, 10:39", _advance(moment(11, 24, 16, 39)))


def _advance(at: datetime) -> Callable[[Replay], None]:
    return lambda replay: replay.advance(at)


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
