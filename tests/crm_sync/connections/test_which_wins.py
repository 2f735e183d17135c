"""Two sources give the same deal: by the business's rule one of them counts."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client

from commissions.plans.models import Plan
from commissions.statements.models import Line
from crm_sync.connections import upload_columns, uploads, winning
from crm_sync.connections.errors import BadRule, RuleChanged
from crm_sync.ledger import also_given
from crm_sync.ledger.merging import merge_payees
from crm_sync.ledger.models import Change, Claim, Entry, Payee, Precedence
from crm_sync.ledger.services import create_payee
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.jobs.services import run_all_jobs, without_sending
from tenants.rollup.models import BookingFact
from tests.commissions.statements import world
from tests.crm_sync.clients import logged_in, page
from tests.crm_sync.connections.scene import Scene, later
from tests.crm_sync.connections.test_mapping_page import A_TENTH
from tests.crm_sync.providers.close_source import close_source
from tests.people import a_member

pytestmark = pytest.mark.usefixtures("at_start")

FILE = """id,name,amount,currency,won_on,status_type,owner,order_number,margin
f1,From the file,950.00,USD,2026-11-09,won,maya@acme.example,A-1,120
f2,Only in the file,500.00,USD,2026-11-09,won,maya@acme.example,B-9,60
"""
URL = "/b/acme/connections/wins/"


class Twice(Scene):
    """A Close whose deals have order numbers."""

    order: str
    close_id: str


@pytest.fixture
def priya(acme: Business) -> Member:
    return a_member(acme, "Priya Nair", Role.ADMIN)


@pytest.fixture
def twice(acme: Business, priya: Member, tmp_path: Path) -> Iterator[Twice]:
    """One deal that Close and a file give, and one that the file alone has."""
    with close_source(tmp_path / "close.db") as source, without_sending():
        made = Twice(source, acme, shared=False)
        made.order = made.account.add_custom_field("Order number")
        made.payees()
        plan = Plan.objects.create(name="A tenth", slug="a-tenth")
        world.publish(plan, A_TENTH, date(2026, 11, 1))
        world.assign(Payee.objects.get(name="Maya Okafor"), plan, date(2026, 11, 1))
        made.close_id = made.deal(
            "From Close", value=90_000, custom={made.order: "a-1"}
        )
        made.sync()
        send(acme, FILE, priya)
        yield made


def send(business: Business, text: str, by: Member) -> None:
    kept, _ = uploads.look_at_file(
        business=business, object_="deal", name="a.csv", content=text.encode(), by=by
    )
    uploads.commit_upload(upload=kept, business=business, by=by)
    run_all_jobs()


def sources(scene: Twice, *, file_first: bool = False) -> list[winning.Source]:
    file = upload_columns.file_connection(scene.business, None).pk
    order = [(scene.connection.pk, "order_number"), (file, "order_number")]
    return order[::-1] if file_first else order


def save(
    scene: Twice,
    by: Member,
    *,
    file_first: bool = False,
    fields: dict[str, int] | None = None,
) -> None:
    last = winning.rule_in_force("deal")
    winning.save_rule(
        business=scene.business,
        object_="deal",
        sources=sources(scene, file_first=file_first),
        fields=fields or {},
        by=by,
        version=last.version if last else 0,
    )
    run_all_jobs()


def counting() -> dict[str, Decimal | None]:
    rows = Entry.objects.filter(counts=True)
    return {row.name: row.amount for row in rows}


def paid() -> Decimal:
    rows = Line.objects.filter(closed_run__isnull=True)
    return sum((row.amount for row in rows), Decimal(0))


def booked() -> Decimal:
    return sum((row.booked for row in BookingFact.objects.all()), Decimal(0))


def test_without_a_rule_both_count_and_the_page_of_sources_warns(
    twice: Twice, acme: Business, priya: Member
) -> None:
    client = logged_in(priya)
    before = page(client, "/b/acme/connections/")
    send(acme, FILE.replace("From the file,950.00", "From Close,900.00"), priya)

    text = page(client, "/b/acme/connections/")

    assert Entry.objects.filter(counts=True).count() == 3
    assert "seems to come twice" not in before
    assert "1 deal seems to come twice" in text and "900.00" in text
    assert "Say which source wins" in text


def test_the_first_source_counts_and_the_other_stands_back(
    twice: Twice, priya: Member
) -> None:
    assert paid() == Decimal(235)

    save(twice, priya)

    assert counting() == {"From Close": Decimal(900), "Only in the file": Decimal(500)}
    assert (paid(), booked()) == (Decimal(140), Decimal(1400))
    change = Change.objects.filter(words__startswith="From the file:").latest("number")
    assert change.words == (
        "From the file: does not count: Close gives it, too, and goes first"
    )
    assert change.source == "rule on which source wins saved by Priya Nair"


def test_a_dry_run_says_what_moves_and_moves_nothing(
    twice: Twice, acme: Business, priya: Member
) -> None:
    before = counting(), paid(), Change.objects.count()

    trial = winning.try_rule(
        business=acme, object_="deal", sources=sources(twice), fields={}
    )

    assert trial.settled.withheld == 1
    assert trial.booked == {"USD": Decimal(-950)}
    assert trial.moved.net == {"USD": Decimal(-95)}
    assert (counting(), paid(), Change.objects.count()) == before
    assert not Precedence.objects.exists() and not Claim.objects.exists()


def test_records_that_come_after_the_rule_are_settled_as_they_come(
    twice: Twice, acme: Business, priya: Member
) -> None:
    save(twice, priya)
    late = "f3,Late one,70.00,USD,2026-11-09,won,maya@acme.example,C-3,1\n"

    send(acme, FILE + late, priya)
    first = counting()
    with later(10):
        twice.deal("Late in Close", value=8_000, custom={twice.order: "C-3"})
        twice.sync()
        run_all_jobs()

    assert first["Late one"] == Decimal(70)
    assert counting() == {
        "From Close": Decimal(900),
        "Only in the file": Decimal(500),
        "Late in Close": Decimal(80),
    }
    assert paid() == Decimal(148)


def test_a_record_that_the_winner_deletes_falls_back_to_the_next_source(
    twice: Twice, acme: Business, priya: Member
) -> None:
    save(twice, priya)

    with later(10):
        twice.account.delete(twice.close_id)
        twice.sync()
        run_all_jobs()
    fallen = counting(), paid()
    with later(20):
        twice.deal("Again in Close", value=90_000, custom={twice.order: "A-1"})
        twice.sync()
        run_all_jobs()

    assert fallen[0] == {
        "From the file": Decimal(950),
        "Only in the file": Decimal(500),
    }
    assert fallen[1] == Decimal(145)
    assert counting()["Again in Close"] == Decimal(900)
    assert (paid(), booked()) == (Decimal(140), Decimal(1400))


def test_a_field_may_be_taken_from_another_source_than_the_winner(
    twice: Twice, acme: Business, priya: Member
) -> None:
    file = upload_columns.file_connection(acme, None).pk
    save(twice, priya, fields={"amount": file})
    first = counting(), paid()

    send(acme, FILE.replace("950.00", "980.00"), priya)

    assert first == (
        {"From Close": Decimal(950), "Only in the file": Decimal(500)},
        Decimal(145),
    )
    assert counting()["From Close"] == Decimal(980), "the other's change arrives, too"
    assert (paid(), booked()) == (Decimal(148), Decimal(1480))


def test_a_loss_at_the_winner_is_a_loss_whatever_the_other_says(
    twice: Twice, priya: Member
) -> None:
    save(twice, priya)

    with later(10):
        twice.account.edit(twice.close_id, {"status_id": twice.lost})
        twice.sync()
        run_all_jobs()

    assert counting() == {"Only in the file": Decimal(500)}


def test_taking_the_rule_back_lets_both_count_again(
    twice: Twice, acme: Business, priya: Member
) -> None:
    before = counting(), paid(), booked()
    save(twice, priya)

    winning.save_rule(
        business=acme, object_="deal", sources=[], fields={}, by=priya, version=1
    )
    run_all_jobs()

    assert (counting(), paid(), booked()) == before
    assert not Claim.objects.exists()


def test_another_key_settles_everything_again(
    twice: Twice, acme: Business, priya: Member
) -> None:
    save(twice, priya)
    by_id = [(pk, "id") for pk, _ in sources(twice)]

    winning.save_rule(
        business=acme, object_="deal", sources=by_id, fields={}, by=priya, version=1
    )
    run_all_jobs()

    assert len(counting()) == 3, "no ids are the same"
    save(twice, priya, file_first=True)
    assert counting() == {
        "From the file": Decimal(950),
        "Only in the file": Decimal(500),
    }


def test_saving_and_settling_again_changes_nothing(twice: Twice, priya: Member) -> None:
    save(twice, priya)
    changes = Change.objects.count()

    save(twice, priya)
    with later(10):
        twice.sync()
        run_all_jobs()

    assert Change.objects.count() == changes


def test_a_merge_of_payees_while_a_record_stands_back_is_not_lost(
    twice: Twice, acme: Business, priya: Member
) -> None:
    save(twice, priya)
    maya = Payee.objects.get(name="Maya Okafor")
    other = create_payee(name="M. Okafor")
    merge_payees(payee=maya, into=other)

    with later(10):
        twice.account.delete(twice.close_id)
        twice.sync()

    assert Entry.objects.get(name="From the file").owner_id == other.pk


def test_the_page_of_a_record_says_who_else_gives_it_and_what_differs(
    twice: Twice, priya: Member
) -> None:
    save(twice, priya)
    client = logged_in(priya)
    winner = Entry.objects.get(name="From Close")
    loser = Entry.objects.get(name="From the file")

    here = page(client, f"/b/acme/deals/{winner.pk}/")
    there = page(client, f"/b/acme/deals/{loser.pk}/")

    assert "Also given by" in here and "amount: 900.00 here, 950.00 there" in here
    assert "which counts: this record stands back" in there
    assert also_given.also_given(Entry.objects.get(name="Only in the file")) == []


def test_saving_after_somebody_else_is_refused_with_what_they_saved(
    twice: Twice, acme: Business, priya: Member
) -> None:
    client = logged_in(priya)
    form = posted(twice)
    save(twice, a_member(acme, "Cora Lind", Role.ADMIN), file_first=True)

    answer = client.post(URL, form)

    assert answer.status_code == 409
    text = answer.content.decode()
    assert "Another rule was saved meanwhile by Cora Lind." in text
    assert 'name="version" value="1"' in text
    assert Precedence.objects.count() == 1


def test_saving_after_figures_have_moved_is_refused_with_the_new_ones(
    twice: Twice, acme: Business, priya: Member
) -> None:
    client = logged_in(priya)
    tried = client.post(URL, {**posted(twice), "try": "1"})
    digest = tried.context["trial"].digest
    send(acme, FILE.replace("950.00", "990.00"), priya)

    first = client.post(URL, {**posted(twice), "digest": digest})
    fresh = first.context["trial"].digest
    second = client.post(URL, {**posted(twice), "digest": fresh})

    assert "-950.00" in tried.content.decode() or "−950.00" in tried.content.decode()
    assert first.status_code == 409
    assert "figures with them" in first.content.decode()
    assert second.status_code == 302
    assert Precedence.objects.count() == 1


def posted(scene: Twice) -> dict[str, str]:
    form = {"version": "0"}
    for rank, (pk, key) in enumerate(sources(scene), start=1):
        form |= {f"rank-{pk}": str(rank), f"key-{pk}": key}
    return form


def test_what_is_no_order_is_refused_in_words(
    twice: Twice, acme: Business, globex: Business, priya: Member
) -> None:
    (close, key), (file, _) = sources(twice)
    for given, fields, words in (
        ([(close, key)], {}, "at least two"),
        ([(close, key), (close, key)], {}, "stands in the order once"),
        ([(close, key), (9_999_999, key)], {}, "this business"),
        ([(close, key), (file, "nothing")], {}, "field by which"),
        ([(close, key), (file, key)], {"owner": file}, "plain field only"),
        ([(close, key), (file, key)], {"amount": 9_999_999}, "stand in the order"),
    ):
        with pytest.raises(BadRule, match=words):
            winning.try_rule(
                business=acme, object_="deal", sources=given, fields=fields
            )
    with pytest.raises(RuleChanged):
        winning.save_rule(
            business=acme,
            object_="deal",
            sources=[],
            fields={},
            by=priya,
            version=7,
        )


def test_charlie_sees_no_rule_of_acme(
    twice: Twice, globex: Business, charlie: Member
) -> None:
    client: Client = logged_in(charlie)

    assert client.get(URL).status_code == 404
    assert client.post(URL, posted(twice)).status_code == 404
    assert not Precedence.objects.exists()
