"""Each kind of change is found by a finder of its own, and waves reach its readers."""

import pytest
from django.db import transaction

from commissions.statements import fact_reaches, reaches, touched, waves
from commissions.statements.models import Line, Run, StoredMeasure
from commissions.statements.proofs import recompute_differences
from commissions.statements.recalculate import recalculate
from commissions_saas.lib import clock
from tenants.accounts.models import Business as BusinessRow
from tenants.accounts.models import Role
from tests.commissions.statements import standing, world
from tests.commissions.statements.conftest import NOON, a_source
from tests.commissions.statements.exactness import Business, Event, happen
from tests.kept import begins_with
from tests.people import a_member

CHANGES = {
    "a quota": (("quota", (0, "100")), reaches.of_assignments),
    "a last day": (("leaves", (1, 50)), reaches.of_assignments),
    "a manager": (("manager", (0, 3, 10)), reaches.of_placements),
    "a version": (("publish", (1, "40")), reaches.of_plans),
    "a table": (("table", (1, "15%")), reaches.of_tables),
    "an attribute": (("undated", (1, "77")), fact_reaches.of_former_states),
    "a value": (("value", (0, "hours", "40", 1)), fact_reaches.of_values),
    "another's value": (("value", (1, "level", "3", 1)), fact_reaches.of_values),
    "whether one ranks": (("value", (0, "level", "0", 0)), fact_reaches.of_values),
    "a margin": (("margin", (0, "3%", 10)), fact_reaches.of_values),
    "a right": (("may_sell", (0, 1, 0)), fact_reaches.of_leave_and_rights),
    "a balance": (("balance", (1, "booked", "5000")), fact_reaches.of_opening_balances),
    "a rate": (("rate", (30, "1.1")), fact_reaches.of_rates),
    "a deal": (("deal", (1, 0, 5, "7777.77", 0, "USD")), reaches.of_entries),
}


def make_business(acme: BusinessRow) -> Business:
    """Some deals of all, one in another currency without a rate."""
    a_source(acme)
    with clock.at(NOON):
        made = Business(a_member(acme, "Alice", Role.FINANCE))
        for at, (who, day) in enumerate([(0, 3), (1, 20), (2, 40), (0, 70), (1, 100)]):
            made.deal(at, who, day, "2500.01", who, "USD")
        made.deal(5, 1, 30, "100", 0, "EUR")
        made.catch_up()
    return made


kept_sellers = begins_with("kept_sellers", make_business)


@pytest.fixture
def business(acme: BusinessRow, kept_sellers: Business) -> Business:
    return kept_sellers


def stands_with(
    finders: tuple[object, ...], business: Business, monkeypatch: pytest.MonkeyPatch
) -> str:
    """How it stands after catching up with these finders alone."""
    with transaction.atomic(), monkeypatch.context() as patched:
        patched.setattr(touched, "_KINDS", finders)
        # Where nothing but deals changed, only the finder of deals is asked.
        name = "commissions.statements.recalculate.only_entries_changed"
        patched.setattr(name, lambda since, fence: False)
        business.catch_up()
        found = standing.canonical()
        transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_found_by_its_own_finder(
    business: Business, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    event: Event
    event, finder = CHANGES[what]
    if what == "a quota":  # a streak with a month that is not known reads none
        happen(business, CHANGES["a rate"][0])
        business.catch_up()
    happen(business, event)

    unmarked = stands_with((), business, monkeypatch)
    marked = stands_with((finder,), business, monkeypatch)
    anew = standing.from_scratch()

    assert unmarked != anew
    assert marked == anew, "\n".join(standing.difference(marked, anew))


def test_the_proof_finds_nothing_and_a_changed_measure_is_found(
    business: Business,
) -> None:
    assert list(recompute_differences()) == []

    StoredMeasure.objects.filter(
        name__endswith="/paid", period_slug="2026-09", closed_run__isnull=True
    ).update(value=1)

    found = list(recompute_differences())
    assert any("what is stored of paid is not what it was" in one for one in found)


def test_without_waves_a_rank_would_be_stale(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    business.deal(2, 2, 40, "7777.77", 2, "USD")

    with monkeypatch.context() as patched:
        patched.setattr(waves.Waves, "readers", lambda self, run_ids: {})
        unmarked = stands_with(touched._KINDS, business, monkeypatch)

    assert unmarked != standing.from_scratch()


def test_an_equal_value_stops_the_wave(business: Business) -> None:
    runs, lines = Run.objects.count(), Line.objects.count()
    business.deal(0, 0, 4, "2500.01", 0, "USD")  # a day later, the same month

    recalculate()

    # Only the lines of the deal itself were written again.
    run = Run.objects.latest("pk")
    assert Run.objects.count() == runs + 1
    opened = Line.objects.filter(opened_run=run.pk)
    assert Line.objects.count() - lines == opened.count()
    assert {line.entry_id for line in opened} == {world.entry("deal_0").pk}


def test_what_died_between_two_waves_is_found_again(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    business.deal(1, 0, 5, "7777.77", 0, "USD")
    with monkeypatch.context() as patched:
        # The measures are written, and then the process is killed.
        patched.setattr("commissions.statements.recalculate._write_all", _dies)
        with pytest.raises(KeyboardInterrupt):
            recalculate()

    business.catch_up()

    assert standing.canonical() == standing.from_scratch()


def _dies(work: object, wanted: dict[object, object], *rest: object) -> None:
    if wanted:
        raise KeyboardInterrupt
