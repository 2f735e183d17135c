"""Ridgeline Roofing & Solar: a run in review whose figures are known to the cent.

What each run pays is reckoned here as well, so that the last deal of a payee can be
chosen to bring the run of 1–15 November to the story's figures. The product calculates
them again from the deals, and a test compares.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from commissions_saas.demo.story.facts import (
    Deal,
    Edit,
    Firm,
    Item,
    Place,
    between,
    cents,
    seeded,
    working_day,
)
from commissions_saas.demo.story.names import residences
from commissions_saas.demo.story.ridgeline_people import (
    BALANCE,
    DANA,
    INES,
    LEAVER,
    LUCIA,
    MARCUS,
    OF_LUCIA,
    OWEN,
    SELLERS,
    TERRITORIES,
    manager_of,
    people,
)

SLUG, BUSINESS = "ridgeline", "Ridgeline"
PLACE = Place("America/Denver")
ROOF, SOLAR, GUTTERS = "Roof", "Solar", "Gutters"

LEVEL = Decimal("1.03")  # how this half-month was, against the six before
READY_SUM = Decimal("32734.70")
DANAS_RUN, DANAS_AVERAGE = Decimal("11240.00"), Decimal("3601.00")
MARCUS_RUN, INES_RUN = Decimal("-318.20"), Decimal("4872.50")
RUNS_COMPARED = 6
HALF = {ROOF: Decimal("0.05"), SOLAR: Decimal("0.05"), GUTTERS: Decimal("0.04")}
SMALLEST_ROOF, LARGEST_ROOF = Decimal(14_000), Decimal(38_000)
OVERRIDE = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Half:
    """A half-month that is paid: its days, and the moment at which its run reads."""

    slug: str
    first: date
    last: date
    read_at: datetime


@dataclass(slots=True)
class Job:
    """A contract while the story is being written; its amount may still be chosen."""

    key: str
    half: Half
    day: date
    customer: str
    product: str
    amount: Decimal
    owner: str
    done_at: datetime | None = None
    lost_at: datetime | None = None

    @property
    def signing(self) -> Decimal:
        """Return the half that is paid when the contract is signed."""
        return cents(self.amount * HALF[self.product])


def halves() -> list[Half]:
    """Return the half-months from June to the one in review."""
    found = []
    for month in range(6, 12):
        first, middle = date(2026, month, 1), date(2026, month, 16)
        following = date(2026, month + 1, 1)
        at = datetime.fromisoformat(f"2026-{month:02}-19T15:00:00+00:00")
        found.append(Half(f"2026-{month:02}a", first, middle - DAY, at))
        at = datetime.fromisoformat(f"2026-{month + 1:02}-05T15:00:00+00:00")
        found.append(Half(f"2026-{month:02}b", middle, following - DAY, at))
    last = found[-2]
    at = datetime.fromisoformat("2026-11-24T14:55:00+00:00")
    found[-2] = Half(last.slug, last.first, last.last, at)
    return found[:-1]


DAY = timedelta(days=1)
OPEN_HALF = Half(
    "2026-11b",
    date(2026, 11, 16),
    date(2026, 11, 23),
    datetime.fromisoformat("2026-11-24T16:39:00+00:00"),
)


def firm() -> Firm:
    """Return the business with everything that ever happens in it."""
    return Firm(
        slug=SLUG,
        name="Ridgeline Roofing & Solar",
        currency="USD",
        zone=PLACE.zone,
        calendar="half_month",
        products=(ROOF, SOLAR, GUTTERS),
        territories=TERRITORIES,
        people=tuple(people()),
        items=tuple(Story().items()),
    )


class Story:
    """Writes the jobs half-month by half-month, and reckons what each run pays."""

    def __init__(self) -> None:
        self.customers = residences(seeded(SLUG, "customers"))
        self.jobs: list[Job] = []
        self.halves = halves()
        for half in self.halves[:-1]:
            self._half(half)
        self._bring_danas_average()
        self._november()
        self._after_november()

    def items(self) -> Iterator[Item]:
        """Return the jobs as a source has them: a deal, and what is edited later."""
        for job in self.jobs:
            at = PLACE.moment(job.day, 10, 15)
            custom = {
                "Territory": TERRITORIES[job.owner in OF_LUCIA],
                "Installed": "no",
                "Customer paid": "no",
            }
            yield Deal(
                job.key,
                at,
                BUSINESS,
                job.customer,
                job.product,
                job.amount,
                job.owner,
                custom,
            )
            if job.done_at:
                before = job.done_at - timedelta(hours=20)
                yield Edit(job.key, max(at, before), {"Installed": "yes"})
                yield Edit(job.key, job.done_at, {"Customer paid": "yes"})
            if job.lost_at:
                yield Edit(job.key, job.lost_at, {"status": "Lost"})
        at = datetime.fromisoformat("2026-11-24T16:20:00+00:00")
        yield Edit("halvorsen", at, {"amount": "27400"})

    # What a run pays

    def paid(self, owner: str, half: Half) -> Decimal:
        """Return what a seller is paid in the run of a half-month."""
        own = [job for job in self.jobs if job.owner == owner]
        signed = sum((j.signing for j in own if j.half == half), Decimal(0))
        return signed + sum(
            (job.signing for job in own if self._paid_when_done(job) == half),
            Decimal(0),
        )

    def _paid_when_done(self, job: Job) -> Half | None:
        """Return the first run that reads the job as installed and paid."""
        if job.done_at is None:
            return None
        for half in self.halves:
            if half.first >= job.half.first and half.read_at >= job.done_at:
                return half
        return None

    def override(self, manager: str, half: Half) -> Decimal:
        """Return what a manager earns on what the team signed."""
        team = [job for job in self.jobs if manager_of(job.owner) == manager]
        return sum(
            (cents(job.amount * OVERRIDE) for job in team if job.half == half),
            Decimal(0),
        )

    def run_total(self, name: str, half: Half) -> Decimal:
        """Return everybody's part of a run."""
        return self.paid(name, half) + self.override(name, half)

    def average(self, name: str) -> Decimal:
        """Return the mean of the last six runs before the one in review."""
        past = self.halves[-1 - RUNS_COMPARED : -1]
        return sum((self.run_total(name, half) for half in past), Decimal(0)) / 6

    # Half-months that nobody looks at closely

    def _half(self, half: Half) -> None:
        random = seeded(SLUG, half.slug)
        is_stormy = half.slug.startswith("2026-10")
        for owner in SELLERS:
            self._sold(random, half, owner, is_stormy)
        if half.slug.endswith("b"):
            self._job(random, half, ROOF, between(random, 14_000, 19_000), LUCIA)

    def _sold(self, random: Random, half: Half, owner: str, is_stormy: bool) -> None:
        # Rain and hail stop the crews in October.
        high = 26_000 if is_stormy else 34_000
        product = random.choice((ROOF, ROOF, SOLAR))
        low = 22_000 if product == SOLAR else 14_000
        if owner == INES:
            low, high = 30_000, high + 14_000
        self._job(
            random, half, product, between(random, low, max(high, low + 8_000)), owner
        )
        if owner == DANA or random.random() < (0.3 if is_stormy else 0.55):
            amount = between(random, 1_800, 4_000, 50)
            self._job(random, half, GUTTERS, amount, owner)
        if owner in (DANA, INES) and not is_stormy:
            self._job(random, half, ROOF, between(random, 14_000, 17_000), owner)

    def _job(
        self, random: Random, half: Half, product: str, amount: Decimal, owner: str
    ) -> Job:
        day = working_day(random, half.first, half.last)
        done_on = day + timedelta(days=random.randrange(9, 45))
        made = Job(
            key=f"{SLUG}-{len(self.jobs) + 1}",
            half=half,
            day=day,
            customer=next(self.customers),
            product=product,
            amount=amount,
            owner=owner,
            done_at=PLACE.moment(done_on, 16),
        )
        last_read = self.halves[-2].read_at
        if owner in (DANA, MARCUS) and made.done_at and made.done_at > last_read:
            made.done_at = None  # what opens in November would explain their figures
        if made.done_at and made.done_at > self.halves[-1].read_at:
            made.done_at = None
        self.jobs.append(made)
        return made

    # The run in review

    def _bring_danas_average(self) -> None:
        """Choose Dana's last roof of October so that her mean is the story's."""
        half = self.halves[-2]
        wanted = DANAS_AVERAGE * RUNS_COMPARED - self.average(DANA) * RUNS_COMPARED
        roof = next(
            job
            for job in reversed(self.jobs)
            if job.owner == DANA and job.half == half and job.product != GUTTERS
        )
        roof.product, roof.done_at = ROOF, None
        wanted = DANAS_AVERAGE * RUNS_COMPARED - self.average(DANA) * RUNS_COMPARED
        roof.amount = (roof.signing + wanted) / HALF[ROOF]

    def _november(self) -> None:
        half = self.halves[-1]
        self._sign(half, DANA, "Red Mesa Storage", SOLAR, "58900", 5)
        self._sign(half, DANA, "Red Mesa Storage", SOLAR, "58900", 12)
        for customer, amount, day in (
            ("Cottonwood Commons", "35800", 3),
            ("Ferris residence", "36400", 6),
            ("Table Rock Church", "34800", 10),
        ):
            self._sign(half, DANA, customer, ROOF, amount, day)
        self._marcus(half)
        self._sign(half, INES, "Sundance Lofts", SOLAR, "41200", 4)
        self._reach(half, INES, INES_RUN, "Prairie View Stables", 11)
        halvorsen = self._sign(half, "Joel Ames", "Halvorsen Ranch", SOLAR, "31800", 9)
        halvorsen.key = "halvorsen"
        self._ready(half)

    def _marcus(self, half: Half) -> None:
        """A roof that was paid for at signing is cancelled; little else was sold."""
        october = self.halves[-3]
        lost = self._sign(october, MARCUS, "Larkspur Townhomes", ROOF, "24000", 8)
        lost.lost_at = PLACE.moment(date(2026, 11, 10), 11)
        earned = MARCUS_RUN + lost.signing - self.paid(MARCUS, half)
        self._sign(half, MARCUS, "Yarrow residence", ROOF, str(earned / HALF[ROOF]), 9)

    def _ready(self, half: Half) -> None:
        """Let the thirteen others earn about what they usually do, and their sum."""
        for owner in SELLERS:
            if owner in (DANA, MARCUS, INES, LEAVER, BALANCE):
                continue
            random = seeded(SLUG, half.slug, owner)
            usual = self.average(owner) * LEVEL
            wanted = cents(usual * Decimal(random.randrange(94, 107)) / 100)
            self._reach(half, owner, wanted, next(self.customers), 13)
        others = {*SELLERS, OWEN, LUCIA} - {DANA, MARCUS, INES, BALANCE}
        rest = sum((self.run_total(name, half) for name in others), Decimal(0))
        self._reach(half, BALANCE, READY_SUM - rest, "Gunnison Farm Supply", 12)

    def _reach(
        self, half: Half, owner: str, wanted: Decimal, customer: str, day: int
    ) -> None:
        """Sign one more job, of the amount that brings the run to what is wanted."""
        self._wait_longer(half, owner, wanted - SMALLEST_ROOF * HALF[ROOF])
        amount = (wanted - self.paid(owner, half)) / HALF[ROOF]
        if amount > LARGEST_ROOF + 22_000:
            self._sign(half, owner, next(self.customers), SOLAR, "28600", day - 4)
            amount -= 28_600
        product = SOLAR if amount > LARGEST_ROOF else ROOF
        self._sign(half, owner, customer, product, str(amount), day)

    def _wait_longer(self, half: Half, owner: str, most: Decimal) -> None:
        """Let earlier jobs be finished after this run where it would pay too much."""
        done = [
            job
            for job in self.jobs
            if job.owner == owner
            and job.half != half
            and self._paid_when_done(job) == half
        ]
        for job in sorted(done, key=lambda job: (-job.signing, job.key)):
            if self.paid(owner, half) > most:
                job.done_at = None

    def _sign(
        self,
        half: Half,
        owner: str,
        customer: str,
        product: str,
        amount: str,
        day: int,
    ) -> Job:
        signed = Job(
            key=f"{SLUG}-{len(self.jobs) + 1}",
            half=half,
            day=half.first.replace(day=day),
            customer=customer,
            product=product,
            amount=Decimal(amount),
            owner=owner,
        )
        self.jobs.append(signed)
        return signed

    def _after_november(self) -> None:
        random = seeded(SLUG, OPEN_HALF.slug)
        for owner in SELLERS:
            if owner != LEAVER:
                product = random.choice((ROOF, SOLAR, GUTTERS))
                low, high = {
                    ROOF: (14_000, 30_000),
                    SOLAR: (22_000, 36_000),
                    GUTTERS: (1_800, 4_000),
                }[product]
                self._job(
                    random, OPEN_HALF, product, between(random, low, high, 50), owner
                )


def reckoned() -> Sequence[tuple[str, Decimal, Decimal]]:
    """Return each payee's part of the run in review, and their mean before it."""
    story = Story()
    half = story.halves[-1]
    found: dict[str, Decimal] = defaultdict(Decimal)
    for name in (*SELLERS, OWEN, LUCIA):
        found[name] = story.run_total(name, half)
    lost = [job for job in story.jobs if job.lost_at]
    for job in lost:
        found[job.owner] -= job.signing
    return [(name, found[name], story.average(name)) for name in found]
