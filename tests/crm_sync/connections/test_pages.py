"""Pages of sources with something on them, as the people who use them."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from commissions_saas.lib import clock
from crm_sync.connections import health
from crm_sync.connections.models import Connection, Mapping, Route
from crm_sync.ledger.models import Entry, ExternalId, Payee, Product, RefusedRecord
from crm_sync.ledger.services import create_payee
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.jobs.models import Job
from tenants.jobs.services import run_now
from tests.crm_sync.connections.test_sync import (
    START,
    Scene,
    at,
    names_in,
    shared,
    twin,
)
from tests.crm_sync.providers.close_source import close_source
from tests.people import a_group_member, a_member

__all__ = ["shared", "twin"]


@pytest.fixture(autouse=True)
def time() -> Iterator[None]:
    at["now"] = START - timedelta(minutes=1)
    with clock.at(START):
        yield


@pytest.fixture
def scene(acme: Business, tmp_path: Path) -> Iterator[Scene]:
    with close_source(tmp_path / "close.db") as source:
        made = Scene(source, acme, shared=False)
        made.payees()
        yield made


def logged_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


@pytest.fixture
def admin(acme: Business) -> Client:
    return logged_in(a_member(acme, "Priya Nair", Role.ADMIN))


@pytest.fixture
def finance(alice: Member) -> Client:
    return logged_in(alice)


def page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_a_connection_says_how_fresh_it_is(scene: Scene, admin: Client) -> None:
    scene.deal()
    scene.sync()

    text = page(admin, f"/b/acme/connections/{scene.connection.pk}/")

    assert "Last new data 16:00, less than a minute ago" in text
    assert text.count("Healthy") == 1
    assert "expected every 15 min." in text
    assert "1, of which 1 count" in text


def test_a_refused_key_is_late_and_says_which_data_statements_use(
    scene: Scene, admin: Client
) -> None:
    scene.deal()
    scene.sync()
    scene.account.revoke_key(scene.source.key)

    with clock.at(START + timedelta(hours=4, minutes=32)):
        scene.sync()
        verdict = health.verdict(scene.connection, "UTC")
        text = page(admin, f"/b/acme/connections/{scene.connection.pk}/")

    assert verdict.sentence == (
        "Late by 4 h 32 min: Close refused the key (401). Statements use data of 16:00."
    )
    assert verdict.rest in text


def test_a_new_connection_is_kept_only_if_the_source_answers(
    scene: Scene, admin: Client, settings: object
) -> None:
    settings.DEMO = True  # type: ignore[attr-defined]
    given = {
        "name": "Our Close",
        "objects": ["deal"],
        "base_url": scene.source.server.url,
    }

    wrong = admin.post("/b/acme/connections/new/", given | {"secret": "api_wrong"})
    right = admin.post("/b/acme/connections/new/", given | {"secret": scene.source.key})

    assert wrong.status_code == 422
    assert "Close refused the key (401)." in wrong.content.decode()
    assert right.status_code == 302
    made = Connection.objects.get(name="Our Close")
    assert made.organisation == "Hale Family Holdings"
    assert made.fields.exists()


def test_an_address_inside_the_network_is_not_asked(admin: Client) -> None:
    given = {"name": "X", "objects": ["deal"], "secret": "api_something_long"}

    for address in ("http://127.0.0.1:8000/", "https://169.254.169.254/api/v1/"):
        answer = admin.post("/b/acme/connections/new/", given | {"base_url": address})
        assert answer.status_code == 422
    assert not Connection.objects.exists()


def test_refused_records_are_grouped_and_a_match_lets_them_in(
    scene: Scene, admin: Client
) -> None:
    ito = scene.account.add_user(name="Kenji Ito", email="k.ito@acme.example")
    scene.deal("One", user=ito)
    scene.deal("Two", user=ito)
    scene.deal("Three", custom={scene.product: None})
    scene.sync()
    kenji = create_payee(name="Kenji Ito")

    text = page(admin, f"/b/acme/connections/{scene.connection.pk}/refused/")
    people = page(admin, "/b/acme/people/")
    user = scene.connection.users.get(external_id=ito)
    admin.post(f"/b/acme/people/users/{user.pk}/match/", {"payee": kenji.pk})

    assert "No payee for Close user k.ito@acme.example." in text
    assert "Product is blank." in text
    assert "same name" in people
    assert Entry.objects.filter(owner=kenji).count() == 2
    assert RefusedRecord.objects.filter(state="waiting").count() == 1


def test_ignoring_needs_a_reason_and_can_be_undone(
    scene: Scene, finance: Client
) -> None:
    scene.deal(custom={scene.product: None})
    scene.sync()
    row = RefusedRecord.objects.get()
    url = f"/b/acme/refused/{row.pk}/"

    finance.post(f"{url}ignore/", {"reason": " "})
    row.refresh_from_db()
    still = row.state
    finance.post(f"{url}ignore/", {"reason": "A test deal."})
    row.refresh_from_db()
    ignored = row.state
    shown = page(finance, "/b/acme/refused/")
    finance.post(f"{url}undo/")
    row.refresh_from_db()

    assert (still, ignored, row.state) == ("waiting", "ignored", "waiting")
    assert "A test deal." in shown
    assert "Product is blank." in page(finance, url)


def test_exact_matches_are_accepted_at_once(scene: Scene, admin: Client) -> None:
    ExternalId.objects.all().delete()

    text = page(admin, "/b/acme/people/")
    admin.post("/b/acme/people/accept/")

    # Two payees were made by hand; the key's owner has an e-mail of another place.
    assert "Accept 2 exact matches" in text
    assert ExternalId.objects.count() == 2


def test_a_mapping_is_tried_before_it_is_saved(scene: Scene, admin: Client) -> None:
    fee = scene.account.add_custom_field("Dealer fee", "number")
    scene.deal(custom={fee: 1380})
    scene.sync()
    url = f"/b/acme/connections/{scene.connection.pk}/map/"
    text = page(admin, url)
    form = {
        "name-source": "lead_name",
        "name-type": "text",
        "amount-source": "value",
        "amount-type": "money",
        "amount-transform": "cents",
        "won_on-source": "date_won",
        "won_on-type": "date",
        "status_type-source": "status_type",
        "status_type-type": "text",
        "owner-source": "user_id",
        "owner-type": "text",
        "product-source": f"custom.{scene.product}",
        "product-type": "text",
        "product-required": "on",
        "new0-label": "Fee",
        "new0-source": f"custom.{fee}",
        "new0-type": "money",
    }

    tried = admin.post(url, form | {"try": "1"})
    versions = Mapping.objects.count()
    saved = admin.post(url, form)
    for job in Job.objects.filter(kind="read_stored_again"):
        run_now(job)

    assert "43,750.00" in text and "1 ok" in text
    assert "1,380.00" in tried.content.decode()
    assert versions == 1
    assert saved.status_code == 302
    mapping = Mapping.objects.get(business_id=scene.business.pk)
    assert mapping.document["fee"]["type"] == "money"
    assert mapping.document["amount"]["currency_from"] == "value_currency"
    assert Entry.objects.get().revisions.get(closed=None).values["fee"] == "1380"


def test_a_file_is_looked_at_and_then_taken_in(acme: Business, finance: Client) -> None:
    create_payee(name="Maya Okafor", email="maya@acme.example")
    text = (
        "id,name,amount,won_on,owner\nd1,Delgado,18400,2026-11-04,maya@acme.example\n"
    )
    file = SimpleUploadedFile(
        "deals.csv", text.encode() + b"d2,No owner,1,2026-11-04,\n"
    )

    sent = finance.post("/b/acme/connections/upload/", {"object": "deal", "file": file})
    looked = page(finance, sent["Location"])
    before = Entry.objects.count()
    finance.post(sent["Location"])
    bad = finance.get(f"{sent['Location']}refused/")

    assert "Take in 1 row" in looked and "18,400.00" in looked
    assert before == 0
    assert Entry.objects.get().amount == Decimal(18400)
    assert bad["Content-Disposition"].startswith("attachment")
    assert (
        "d2,No owner,1,2026-11-04,,It has no owner in the file." in bad.content.decode()
    )


def test_a_file_that_cannot_be_read_is_told_in_words(
    acme: Business, finance: Client
) -> None:
    file = SimpleUploadedFile("deals.xlsx", b"PK\x03\x04 something")

    answer = finance.post(
        "/b/acme/connections/upload/", {"object": "deal", "file": file}
    )

    assert answer.status_code == 422
    assert "The workbook cannot be read." in answer.content.decode()


def test_owners_route_a_shared_source(acme: Business, tmp_path: Path) -> None:
    owner = logged_in(a_group_member(acme, "Renata Hale", Role.OWNER))
    with close_source(tmp_path / "close.db") as source:
        shared = Scene(source, acme, shared=True)
        shared.payees()
        shared.deal("Lost one", custom={shared.field: "Ridgeline"})
        shared.sync()
        url = f"/g/northwind/connections/{shared.connection.pk}/"
        waiting = page(owner, url)
        form = page(owner, f"{url}routes/")
        owner.post(
            f"{url}routes/",
            {
                "path": f"custom.{shared.field}",
                "value": ["Ridgeline", ""],
                "business": [acme.pk, ""],
            },
        )
        for job in Job.objects.filter(kind="read_stored_again"):
            run_now(job)
        routed = page(owner, url)

    assert "No route yet." in waiting
    assert "Which business" in waiting and "Nowhere" in form
    assert Route.objects.get().value == "Ridgeline"
    assert "Ridgeline" in routed
    assert Entry.objects.get().name == "Lost one"


def test_an_admin_of_a_business_cannot_change_the_groups_source(
    acme: Business, tmp_path: Path, admin: Client
) -> None:
    with close_source(tmp_path / "close.db") as source:
        shared = Scene(source, acme, shared=True)
        url = f"/b/acme/connections/{shared.connection.pk}/"
        assert admin.get(url).status_code == 404, "nothing is routed here yet"
        Route.objects.create(
            connection=shared.connection,
            path=f"custom.{shared.field}",
            value="Acme",
            business_id=acme.pk,
        )

        assert "feeds several businesses" in page(admin, url)
        assert admin.get(f"{url}key/").status_code == 404
        assert admin.post(f"{url}pause/").status_code == 404


def test_a_payee_is_placed_merged_and_apart_again(
    acme: Business, finance: Client
) -> None:
    bob, again = create_payee(name="Bob"), create_payee(name="Bob The Great")
    boss = create_payee(name="Boss")
    url = f"/b/acme/payees/{bob.pk}/"

    finance.post(f"{url}place/", {"manager": boss.pk, "starts_on": "2026-11-01"})
    finance.post(f"/b/acme/payees/{again.pk}/merge/", {"into": bob.pk})
    text = page(finance, url)
    finance.post(f"/b/acme/payees/{again.pk}/unmerge/")

    assert "reports to Boss" in text
    assert "Bob The Great was merged into Bob" in text
    assert Payee.objects.get(pk=again.pk).merged_into is None


def test_a_payee_is_made_and_edited(acme: Business, finance: Client) -> None:
    given = {"name": "Zoë Ångström", "email": "Zoe@Acme.example"}
    finance.post("/b/acme/payees/new/", given)
    zoe = Payee.objects.get()
    url = f"/b/acme/payees/{zoe.pk}/"

    finance.post(f"{url}edit/", given | {"attributes": "Level: senior"})
    text = page(finance, url)

    assert zoe.email == "zoe@acme.example"
    assert "payee.level" in text and "senior" in text
    assert "level empty → senior" in text


def test_a_name_from_a_source_is_text_and_nothing_else(
    scene: Scene, admin: Client
) -> None:
    evil = "<script>alert(1)</script>"
    scene.deal(evil, custom={scene.product: None})
    scene.sync()
    row = RefusedRecord.objects.get()

    for url in ("/b/acme/refused/", f"/b/acme/refused/{row.pk}/"):
        assert evil not in page(admin, url)


def test_products_go_out_and_come_in_as_a_file(acme: Business, finance: Client) -> None:
    text = "name,active,family\nRoof,yes,roofs\nSolar,no,\n"
    finance.post("/b/acme/products/upload/", {"do": "enter", "text": text})

    listed = page(finance, "/b/acme/products/")
    out = finance.get("/b/acme/products/csv/").content.decode()
    roof = Product.objects.get(name="Roof")
    url = f"/b/acme/products/{roof.pk}/"
    finance.post(url, {"attributes": "family: flat roofs", "active": "on"})

    assert "family: roofs" in listed
    assert out.splitlines() == ["name,active,family", "Roof,yes,roofs", "Solar,no,"]
    roof.refresh_from_db()
    assert roof.attributes == {"family": "flat roofs"}
    assert "family roofs → flat roofs" in page(finance, url)


def test_charlie_finds_nothing_of_acme(scene: Scene, charlie: Member) -> None:
    stranger = logged_in(charlie)

    for url in (
        f"/b/acme/connections/{scene.connection.pk}/",
        f"/b/globex/connections/{scene.connection.pk}/",
        "/b/acme/people/",
    ):
        assert stranger.get(url).status_code == 404


def test_verdicts_of_sources_that_are_not_read(acme: Business) -> None:
    base = Connection(group_id=1, business_id=acme.pk, kind="close", name="Close")
    base.save()
    zone = "America/Chicago"
    assert health.verdict(base, zone).sentence == "Never synced."

    base.last_success_at = datetime(2026, 11, 24, 12, 10, tzinfo=UTC)
    base.state = Connection.State.PAUSED
    words = "Paused. Statements use data of 06:10."
    assert health.verdict(base, zone).sentence == words

    base.last_success_at = datetime(2026, 11, 21, 12, 10, tzinfo=UTC)
    base.state = Connection.State.ACTIVE
    assert health.verdict(base, zone).sentence == (
        "Late by 3 days: no sync has ended since. Statements use data of 21 Nov 06:10."
    )
    assert date(2026, 11, 24) == clock.today(zone)


def test_users_of_the_crm_become_payees_at_once(scene: Scene, admin: Client) -> None:
    ito = scene.account.add_user(name="Kenji Ito", email="k.ito@acme.example")
    ada = scene.account.add_user(name="Ada Moss", email="a.moss@acme.example")
    scene.deal("One", user=ito)
    scene.deal("Two", user=ada)
    scene.sync()
    users = scene.connection.users.filter(external_id__in=[ito, ada])
    before = page(admin, f"/b/acme/connections/{scene.connection.pk}/")

    ticked = page(admin, "/b/acme/people/").count(" checked>")
    chosen = {"user": list(users.values_list("pk", flat=True))}
    admin.post("/b/acme/people/new/", chosen)
    admin.post("/b/acme/people/new/", chosen)

    assert "2 records wait until you say who their people are here." in before
    assert ticked == 2
    assert Payee.objects.filter(name__in=["Kenji Ito", "Ada Moss"]).count() == 2
    assert Entry.objects.filter(owner__name="Ada Moss").get().name == "Two"
    assert not RefusedRecord.objects.filter(state="waiting").exists()


def test_a_refused_key_is_replaced_and_nothing_is_lost(
    scene: Scene, admin: Client
) -> None:
    scene.deal("Before")
    scene.sync()
    scene.account.revoke_key(scene.source.key)
    scene.deal("Meanwhile")
    url = f"/b/acme/connections/{scene.connection.pk}/"
    with clock.at(START + timedelta(hours=1)):
        scene.sync()
        refused = page(admin, url)
        wrong = admin.post(f"{url}key/", {"secret": "api_wrong_and_long"})
        kept = Entry.objects.count()
        key = scene.account.add_key(scene.maya)
        admin.post(f"{url}key/", {"secret": key})
        for job in Job.objects.filter(kind="sync", state="queued"):
            run_now(job)
        recovered = page(admin, url)

    assert "Close refused the key (401)." in refused
    assert "What was read stays and is payable." in refused
    assert wrong.status_code == 422
    assert "Close refused the key (401)." in wrong.content.decode()
    assert kept == 1
    assert "Last new data" in recovered
    assert "What was read stays and is payable." not in recovered
    assert {row.name for row in Entry.objects.all()} == {"Before", "Meanwhile"}


def test_a_key_that_cannot_see_all_leads_is_warned_of(
    scene: Scene, admin: Client, settings: object
) -> None:
    settings.DEMO = True  # type: ignore[attr-defined]
    narrow = scene.account.add_user(
        name="Bob Reed", email="bob@acme.example", role="restricteduser"
    )
    given = {"name": "Narrow", "objects": ["deal"]}
    given |= {
        "base_url": scene.source.server.url,
        "secret": scene.account.add_key(narrow),
    }

    made = admin.post("/b/acme/connections/new/", given)

    assert "This key cannot see all leads" in page(admin, made["Location"])


def test_one_account_feeds_two_businesses_and_the_group_sees_how_many(
    shared: Scene, acme: Business, twin: Business
) -> None:
    owner = logged_in(a_group_member(acme, "Renata Hale", Role.OWNER))
    for name, value in (("A", "Acme"), ("B", "Acme"), ("C", "Twin"), ("D", "None")):
        shared.deal(name, custom={shared.field: value})
    shared.sync()

    text = page(owner, f"/g/northwind/connections/{shared.connection.pk}/")
    table = text[text.index("<caption") : text.index("</table>")]

    assert [names_in(acme), names_in(twin)] == [{"A": True, "B": True}, {"C": True}]
    cells = re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", table.partition("<tbody>")[2])
    assert cells[:6] == ["Acme", "Acme", "2", "Twin", "Twin", "1"]
    assert cells[6] == "anything else" and cells[-1] == "1"
