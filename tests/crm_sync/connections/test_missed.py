"""What no event told is found by counting, and what comes back is taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crm_sync.ledger.models import Entry
from tests.crm_sync.connections.scene import Scene, later

pytestmark = pytest.mark.usefixtures("at_start")


def lost(scene: Scene, deal: str) -> Callable[[], None]:
    """Take a deal away without an event; what is returned puts it back as it was."""
    store = scene.source.server.store
    row, doc = store.row(deal), store.doc(deal)
    store.delete(deal)
    return lambda: store.insert(
        "opportunity",
        scene.account.id,
        doc,
        created=row["created"],
        updated=row["updated"],
    )


def counting() -> set[str]:
    rows = Entry.objects.filter(counts=True, deleted=False)
    return set(rows.values_list("external_id", flat=True))


def test_a_delete_that_no_event_tells_is_found_by_the_next_sync(scene: Scene) -> None:
    gone, stays = scene.deal(), scene.deal("Stays")
    scene.sync()
    lost(scene, gone)

    with later(20):
        scene.sync()

    assert counting() == {stays}
    assert Entry.objects.get(external_id=gone).deleted


def test_ids_are_not_compared_while_the_counts_agree(scene: Scene) -> None:
    scene.deal()
    scene.sync()

    with later(20):
        before = scene.connection.cursors["compared"]
        scene.sync()

    assert scene.connection.cursors["compared"] == before


def test_a_deal_that_is_restored_as_it_was_counts_again(scene: Scene) -> None:
    deal = scene.deal()
    scene.sync()
    restore = lost(scene, deal)
    with later(20):
        scene.sync()
    assert counting() == set()

    restore()
    with later(24 * 60 + 40):
        scene.sync()

    assert counting() == {deal}


def test_a_deal_that_is_made_anew_counts_though_our_clock_is_ahead(
    scene: Scene,
) -> None:
    """What the source writes after the delete may be before it by our clock."""
    deal = scene.deal()
    scene.sync()
    restore = lost(scene, deal)
    with later(60):
        scene.sync()
    assert counting() == set()

    with later(30):
        restore()
        scene.account.edit(deal, {"value": 200})
    with later(70):
        scene.sync()

    assert counting() == {deal}
    assert Entry.objects.get(external_id=deal).amount == 2


@pytest.mark.parametrize("minutes", [70, 24 * 60 + 140])
def test_a_change_after_the_source_has_put_its_clock_back_is_found(
    scene: Scene, minutes: int
) -> None:
    """By the next sync, while its clock is behind, and later when ids are compared."""
    deal = scene.deal()
    with later(120):
        scene.account.edit(deal, {"value": 100})
    with later(130):
        scene.sync()
    with later(60):
        scene.account.edit(deal, {"value": 200})

    with later(minutes):
        scene.sync()

    assert Entry.objects.get(external_id=deal).amount == 2
