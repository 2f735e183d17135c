"""Pages of sources with something on them, as the people who use them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from commissions_saas.lib import clock
from crm_sync.connections import health
from crm_sync.connections.forms import MatchForm
from crm_sync.connections.models import Connection, Mapping
from crm_sync.ledger.models import Entry, ExternalId, Payee, RefusedRecord
from crm_sync.ledger.services import create_payee
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.jobs.models import Job
from tenants.jobs.services import run_now
from tests.crm_sync.clients import logged_in, page
from tests.crm_sync.connections.scene import (
    START,
    Scene,
)

pytestmark = pytest.mark.usefixtures("at_start")


def test_a_connection_says_how_fresh_it_is(scene: Scene, admin: Client) -> None:
    scene.deal()
    scene.sync()

    text = page(admin, f"/b/acme/connections/{scene.connection.pk}/")

    assert "Last new data 16:00, less than a minute ago" in text
    assert text.count("Healthy") == 1
    assert "expected every 15 min." in text
    assert "1, of which 1 count" in text


def test_a_source_without_records_is_healthy_and_says_that_nothing_came(
    scene: Scene,
) -> None:
    scene.sync()
    scene.connection.refresh_from_db()

    assert health.verdict(scene.connection, "UTC").sentence == (
        "Healthy. Last read 16:00, less than a minute ago: nothing has come into the"
        " ledger yet; expected every 15 min."
    )


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
    another = scene.account.add_key(scene.maya)
    right = admin.post("/b/acme/connections/new/", given | {"secret": another})

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
    url = f"/b/acme/people/users/{user.pk}/match/"
    nobody = admin.post(url, {"payee": "Kenji"}, follow=True).content.decode()
    admin.post(url, {"payee": "Kenji Ito"})

    assert "No payee is “Kenji”: choose one of the list." in nobody
    assert 'value="Kenji Ito"' in people
    assert "No payee for Close user k.ito@acme.example." in text
    assert "Product is blank." in text
    assert "same name" in people
    assert Entry.objects.filter(owner=kenji).count() == 2
    assert RefusedRecord.objects.filter(state="waiting").count() == 1


def test_payees_who_are_called_the_same_are_told_apart_on_the_list(
    acme: Business,
) -> None:
    sams = [
        create_payee(name="Sam"),
        create_payee(name="Sam", email="sam@acme.example"),
    ]

    form = MatchForm({"payee": f"Sam, sam@acme.example, number {sams[1].pk}"})

    assert form.is_valid() and form.cleaned_data["payee"] == sams[1]
    assert form.said_of(sams[0]) == f"Sam, no e-mail, number {sams[0].pk}"
    assert not MatchForm({"payee": "Sam"}).is_valid()


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


def test_a_name_from_a_source_is_text_and_nothing_else(
    scene: Scene, admin: Client
) -> None:
    evil = "<script>alert(1)</script>"
    scene.deal(evil, custom={scene.product: None})
    scene.sync()
    row = RefusedRecord.objects.get()

    for url in ("/b/acme/refused/", f"/b/acme/refused/{row.pk}/"):
        assert evil not in page(admin, url)


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
