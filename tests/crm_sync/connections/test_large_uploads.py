"""A large file is looked at and taken in by jobs, which its page waits for."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from psycopg import Error

from commissions_saas.lib import clock
from crm_sync.connections import uploads
from crm_sync.connections.models import SyncRun, Upload
from crm_sync.ledger.models import Entry
from crm_sync.ledger.services import create_payee
from tenants.access import Member
from tenants.accounts.models import Business, Role, RoleGrant
from tenants.jobs import services as jobs
from tenants.jobs.models import Job
from tests.crm_sync.clients import logged_in, page
from tests.databases import disk_full
from tests.people import a_member

NOW = datetime(2026, 11, 24, 16, 42, tzinfo=UTC)
FILE = """id,Deal name,amount,won_on,owner
d1,Delgado residence,"18,400.00",2026-11-04,Theo Brandt
d2,Whitcomb Dental,41250.00,2026-11-09,Theo Brandt
d3,Who is this,5.00,2026-11-09,Kai Ito
"""
TAKE_IN = 'data-busy="Taking in'


@pytest.fixture(autouse=True)
def small_is_large(acme: Business, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(uploads, "AT_ONCE", 10)
    with clock.at(NOW):
        create_payee(name="Theo Brandt")
        yield


@pytest.fixture
def ada(acme: Business) -> Client:
    return logged_in(a_member(acme, "Ada Admin", Role.ADMIN))


def sent(client: Client, text: str = FILE) -> str:
    """Send a file, and return the address of its page."""
    file = SimpleUploadedFile("deals.csv", text.encode())
    url = "/b/acme/connections/upload/"
    return str(client.post(url, {"object": "deal", "file": file}).headers["Location"])


def seen_in(text: str) -> str:
    return text.partition('name="seen" value="')[2][:16]


def work() -> list[tuple[str, str]]:
    done = (job for job in jobs.run_all_jobs() if job.kind.endswith("_file"))
    return [(job.kind, job.state) for job in done]


def test_a_large_file_is_looked_at_and_taken_in_by_jobs(ada: Client) -> None:
    url = sent(ada)
    waiting = page(ada, url)
    assert "hx-get=" in waiting and TAKE_IN not in waiting

    assert work() == [("look_at_file", "done")]
    looked = page(ada, url)
    assert "Take in 2 rows" in looked and "Look again" in looked
    assert not Entry.objects.exists()
    for _ in range(2):  # pressed twice
        ada.post(url, {"seen": seen_in(looked)})

    assert TAKE_IN not in page(ada, url)
    assert work() == [("commit_file", "done")]
    assert (Entry.objects.count(), SyncRun.objects.get().refused) == (2, 1)
    done = page(ada, url)
    assert "See the file" in page(
        ada, f"/b/acme/jobs/{Job.objects.get(kind=uploads.COMMIT).pk}/"
    )
    assert "Taken in." in done and "What changed" in done and "Kai Ito" in done


def test_figures_that_have_changed_are_shown_before_anything_is_taken_in(
    ada: Client,
) -> None:
    url = sent(ada)
    work()
    seen = seen_in(page(ada, url))
    create_payee(name="Kai Ito")

    ada.post(url, {"seen": seen})

    assert work() == [("commit_file", "failed")]
    assert not Entry.objects.exists()
    again = page(ada, url)
    assert "have changed since you looked" in again and "Take in 3 rows" in again
    ada.post(url, {"seen": seen_in(again)})
    assert work() == [("commit_file", "done")]
    assert Entry.objects.count() == 3


def test_payees_of_a_large_file_are_made_and_it_is_looked_at_again(
    ada: Client,
) -> None:
    url = sent(ada)
    work()

    ada.post(f"{url}people/")

    assert TAKE_IN not in page(ada, url)
    assert work() == [("look_at_file", "done")]
    assert "Take in 3 rows" in page(ada, url)


def test_a_file_that_cannot_be_read_says_so_and_may_be_left(ada: Client) -> None:
    url = sent(ada, "name,amount\nNobody,5\n")

    assert work() == [("look_at_file", "failed")]
    failed = page(ada, url)
    assert "The file has no column named “id”." in failed and TAKE_IN not in failed
    assert (
        "Nothing was taken in."
        in ada.post(f"{url}leave/", follow=True).content.decode()
    )
    ada.post(url)
    ada.post(f"{url}look/")
    assert (Upload.objects.get().state, work()) == (Upload.State.LEFT, [])


def test_a_commit_whose_worker_dies_leaves_nothing_and_is_done_once_by_the_next(
    acme: Business, ada: Client
) -> None:
    url = sent(ada)
    work()
    ada.post(url)
    with disk_full(acme, "ledger_change"):
        with pytest.raises(Error, match="disk full"):
            work()
        left = Upload.objects.get().state, Entry.objects.count()

    assert work() == [("commit_file", "done")]
    # The worker may die between its last transaction and its job's end.
    Job.objects.filter(kind="commit_file").update(state=Job.State.QUEUED)
    assert work() == [("commit_file", "done")]

    assert left == (Upload.State.LOOKED_AT, 0)
    assert (Entry.objects.count(), SyncRun.objects.count()) == (2, 1)


@pytest.mark.parametrize("stays", [False, True])
def test_nothing_is_taken_in_for_somebody_who_was_sent_away_or_may_not_any_more(
    acme: Business, alice: Member, stays: bool
) -> None:
    upload = uploads.take_file(
        business=acme, object_="deal", name="d.csv", content=FILE.encode(), by=alice
    )
    work()
    uploads.commit(upload=upload, business=acme, by=alice)
    own = RoleGrant.objects.filter(member__user_id=alice.user_id)
    if stays:
        own.update(role=Role.REP)
    else:
        own.delete()

    assert work() == [("commit_file", "failed")]
    assert not Entry.objects.exists()


def test_another_business_takes_no_part_in_a_file(
    ada: Client, globex: Business
) -> None:
    charlie = logged_in(a_member(globex, "Charlie", Role.ADMIN))
    url = sent(ada)

    for place in ("acme", "globex"):
        other = url.replace("acme", place)
        assert charlie.get(other).status_code == 404
        assert charlie.post(f"{other}look/").status_code == 404
    assert Job.objects.filter(kind="look_at_file").count() == 1
