"""What is measured, in what order: each way beside the limit of the same round."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from commissions.plans.models import PlanVersion
from commissions.statements.models import Line
from commissions.statements.periods import rows_of
from commissions.statements.recalculate import recalculate
from commissions_saas.bench import changes, checksum, limit, naive, pages, ways, workers
from commissions_saas.bench.machine import Cost, measured
from commissions_saas.bench.rows import Row, at_least, at_most
from commissions_saas.bench.work import Size, a_business, at_work, fill
from commissions_saas.lib.periods import parse_period
from crm_sync.ledger.changes import latest_change
from crm_sync.ledger.models import Credit, Payee
from tenants.accounts.models import Business

IN_PLACE = {"first_load": 10**12}  # so many credits never come: indexes stay in place
NAIVE_DEALS = 2_000
ONE_PAYEES_DEALS = 5_000
_WRITTEN = """
TRUNCATE statements_line, statements_statement, statements_cause,
    statements_storedmeasure, statements_run, statements_calculationstate CASCADE
"""
_FACTS = "TRUNCATE public.rollup_payeefact, public.rollup_detailfact"


@dataclass(slots=True)
class Bench:
    """One benchmark: its size, its figures, its rows."""

    size: Size
    rounds: int = 3
    rows: list[Row] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    tell: Callable[[str], None] = lambda words: None

    def all(self) -> None:
        """Measure everything."""
        self.tell(f"Making {self.size.deals:,} deals of {self.size.payees} payees")
        business = a_business("main")
        with measured() as cost:
            fill(business, self.size)
        self.figures["seconds to make the deals"] = round(cost.seconds, 1)
        with at_work(business):
            prepare(self.size)
        steps = (
            self._ratios,
            self._incremental,
            self._two_workers,
            self._against_the_naive,
            self._one_deal,
        )
        for step in steps:
            before = len(self.rows)
            step(business)
            for row in self.rows[before:]:
                self.tell(f"  {row.what}: {row.measured}")

    def _ratios(self, business: Business) -> None:
        """Limit and product, turn by turn, so that a slow minute is slow for both."""
        found: dict[str, list[float]] = {}
        memory = 0
        for number in range(self.rounds):
            self.tell(f"Round {number + 1} of {self.rounds}: limit and product")
            base = self._limit(business)
            for name, options in (("in place", IN_PLACE), ("afterwards", {})):
                self._forget(business)
                figures = ways.run("first", business.slug, **options)
                self._compare(business, figures, name)
                note(found, name, figures, base)
                memory = max(memory, figures["megabytes"])
            # A process that lives is asked once more, when nothing has changed.
            both = ["everything", "first"]
            figures, asked = ways.run_each(both, [business.slug])
            note(found, "forced", figures, base)
            found.setdefault("written", []).append(figures["opened"])
            memory = max(memory, figures["megabytes"])
            found.setdefault("nothing", []).append(asked["seconds"] * 1000)
        self.rows += [
            at_most("first calculation, one worker", 0.8, found["in place"], "×"),
            at_most("CPU of it, Python and database", 1.3, found["in place CPU"], "×"),
            at_most(
                "first load, indexes built afterwards", 0.65, found["afterwards"], "×"
            ),
            at_most("asked when nothing changed", 100, found["nothing"], "ms"),
            at_most("forced full, nothing changed", 0.5, found["forced"], "×"),
            at_most("rows that it wrote", 0, found["written"], "rows"),
            at_most("memory of a worker", 512, [memory], "MB"),
        ]

    def _limit(self, business: Business) -> Cost:
        with at_work(business):
            version = PlanVersion.objects.get().pk
            with measured() as cost:
                done = limit.write_lines(latest_change(), version)
            cost.seconds = done.seconds
            self.figures["lines"] = done.lines
            seconds = self.figures.setdefault("limit, seconds", [])
            seconds.append(round(done.seconds, 2))
        return cost

    def _compare(self, business: Business, figures: dict[str, Any], name: str) -> None:
        seconds = self.figures.setdefault(f"{name}, seconds", [])
        seconds.append(round(figures["seconds"], 2))
        if "checksum" in self.figures:
            return
        with at_work(business):
            ours, lines = checksum.of_lines("statements_line")
            theirs, _ = checksum.of_lines(limit.TABLE)
        self.figures["checksum"] = ours
        self.figures["checksum of the limit"] = theirs
        same = ours == theirs
        words = "the same" if same else "DIFFERENT"
        self.rows.append(
            Row("lines against the limit's", "the same", words, None, same)
        )
        self.figures["lines of the product"] = lines

    def _forget(self, business: Business) -> None:
        with at_work(business), connection.cursor() as cursor:
            cursor.execute(_WRITTEN)
            cursor.execute(_FACTS)
            cursor.execute("CHECKPOINT")

    def _incremental(self, business: Business) -> None:
        self.tell("Changing deals")
        found: dict[str, list[float]] = {}
        for number in range(self.rounds):
            base = self._limit(business)
            with at_work(business):
                changes.correct(every(self.size, 100, number))
            note(found, "1%", ways.run("first", business.slug), base)
            with at_work(business):
                changes.correct(of_some_payees(self.size, number))
            note(found, "payees", ways.run("first", business.slug), base)
        self._limit(business)
        with at_work(business):
            ours, _ = checksum.of_lines("statements_line")
            theirs, _ = checksum.of_lines(limit.TABLE)
        same = ours == theirs
        self.rows += [
            at_most(
                "1% of deals changed, in every payee's period", 0.6, found["1%"], "×"
            ),
            at_most("1% of payees touched", 0.02, found["payees"], "×"),
            Row(
                "lines after the changes against the limit's",
                "the same",
                "the same" if same else "DIFFERENT",
                None,
                same,
            ),
        ]

    def _two_workers(self, business: Business) -> None:
        self.tell("Two workers beside one")
        found = []
        for _ in range(self.rounds):
            one = workers.seconds(business, self.size, 1)
            two = workers.seconds(business, self.size, 2)
            found.append(two / one)
        what = "two workers against one, forced full"
        self.rows.append(at_most(what, 1.0, found, "×"))

    def _against_the_naive(self, business: Business) -> None:
        self.tell("The naive way, on a part")
        with at_work(business):
            each = self.size.deals // self.size.payees
            count = max(1, NAIVE_DEALS // max(each, 1))
            ids = list(
                Payee.objects.order_by("pk").values_list("pk", flat=True)[:count]
            )
            ours = {
                (line.entry_id, line.component): line.amount
                for line in Line.objects.filter(
                    payee_id__in=ids, closed_run__isnull=True
                )
            }
            self._forget(business)
            seconds, lines = naive.write_lines(ids)
            differ = sum(
                1
                for line in lines
                if ours[line.entry_id, line.component] != line.amount
            )
            self._forget(business)
        each_line = seconds / len(lines)
        # The product in the same minute: a slow one is slow for both.
        figures = ways.run("first", business.slug)
        best = figures["seconds"] / figures["opened"]
        self.figures["naive, µs a line"] = round(each_line * 1e6, 1)
        self.figures["naive, amounts that differ"] = differ
        self.rows.append(
            at_least(
                "against the naive way",
                30,
                each_line / best,
                "times",
                f"{len(lines):,}",
            )
        )

    def _one_deal(self, _: Business) -> None:
        self.tell("One deal of a payee with 5,000 in one period")
        business = a_business("one")
        fill(business, Size(ONE_PAYEES_DEALS, payees=1, months=1))
        found = []
        with at_work(business):
            recalculate()
            ids = sorted(set(Credit.objects.values_list("entry_id", flat=True)))
            for number in range(max(5, self.rounds) + 1):
                changes.correct([ids[number * 997 % len(ids)]])
                with measured() as cost:
                    recalculate()
                found.append(cost.seconds * 1000)
        found = found[1:]  # a worker that lives has done it before
        self.rows.append(
            at_most("one deal changed, payee with 5,000 → committed", 100, found, "ms")
        )
        with at_work(business):
            payee_id, lines = Payee.objects.get().pk, Line.objects.count()
        self.tell("Opening pages")
        self.rows += pages.rows(business, payee_id, "2026-01", lines)


def note(
    found: dict[str, list[float]], name: str, figures: dict[str, Any], base: Cost
) -> None:
    """Keep a way's ratios to the limit of its round."""
    found.setdefault(name, []).append(figures["seconds"] / base.seconds)
    processors = figures["python"] + figures["database"]
    if base.processors:
        found.setdefault(f"{name} CPU", []).append(processors / base.processors)


def prepare(size: Size) -> None:
    """Make the periods and the limit's own tables."""
    rows_of([parse_period(f"2026-{month + 1:02}") for month in range(size.months)])
    limit.prepare()


def every(size: Size, step: int, number: int) -> list[int]:
    """Return every so manieth deal of each payee."""
    each = size.deals // size.payees
    return [
        place * size.payees + payee + 1
        for payee in range(size.payees)
        for place in range((payee + number) % step, each, step)
        if place * size.payees + payee + 1 <= size.deals
    ]


def of_some_payees(size: Size, number: int) -> Sequence[int]:
    """Return one deal each of one payee in a hundred."""
    count = max(1, size.payees // 100)
    return [(10 + number) * size.payees + payee + 1 for payee in range(count)]


def say(words: str) -> None:
    """Tell the person at the keyboard how far it is."""
    sys.stderr.write(f"{words} …\n")
    sys.stderr.flush()
