"""A large file of a list or of facts is entered by a job, which its page waits for."""

from collections.abc import Iterator

import pytest
from django.db import DatabaseError
from django.test import Client

from crm_sync.ledger import sheet_jobs
from crm_sync.ledger.models import Leave, Payee, SentSheet
from crm_sync.ledger.sent_files import SentFile
from crm_sync.ledger.services import create_payee
from tenants.access import Member
from tenants.accounts.models import Business, Role, RoleGrant
from tenants.jobs import services as jobs
from tenants.jobs.models import Job
from tests.crm_sync.clients import logged_in, page
from tests.databases import disk_full
from tests.people import a_member

LEAVE = """name,from,to,reason
Maya Okafor,2026-03-01,2026-03-14,Parental
Maya Okafor,2026-03-10,2026-03-20,Overlaps
Nobody,2026-03-01,2026-03-14,
Theo Brandt,2026-05-01,2026-05-02,Moving
"""
UPLOAD = "/b/acme/facts/leave/upload/"
CUSTOMERS = "/b/acme/customers/all/upload/"


@pytest.fixture(autouse=True)
def small_is_large(acme: Business, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sheet_jobs, "AT_ONCE", 10)
    for name in ("Maya Okafor", "Theo Brandt"):
        create_payee(name=name)
    yield


@pytest.fixture
def finance(alice: Member) -> Client:
    return logged_in(alice)


def asked(client: Client, text: str = LEAVE, url: str = UPLOAD) -> str:
    """Press “Enter” for a file, and return the address of its page."""
    answer = client.post(url, {"do": "enter", "text": text})
    return str(answer.headers["Location"])


def work() -> list[str]:
    done = (job for job in jobs.run_all_jobs() if job.kind == sheet_jobs.KIND)
    return [str(job.state) for job in done]


def test_a_large_file_is_entered_by_a_job_and_its_bad_rows_come_back(
    finance: Client,
) -> None:
    url = asked(finance)
    waiting = page(finance, url)
    assert "hx-get=" in waiting and "Nothing is entered yet" in waiting
    assert not Leave.objects.exists()

    assert work() == ["done"]

    assert Leave.objects.count() == 2
    done = page(finance, url)
    assert "2 rows could not be entered" in done and "hx-get=" not in done
    assert "Maya Okafor is away from 1 Mar 2026 to 14 Mar 2026 already." in done
    job = Job.objects.get(kind=sheet_jobs.KIND)
    assert url in page(finance, f"/b/acme/jobs/{job.pk}/")
    back = finance.get(f"{url}refused/").content.decode().splitlines()
    assert back[0].endswith("from,to,reason,why")
    assert [line.split(",")[1] for line in back[1:]] == ["Maya Okafor", "Nobody"]


def test_pressed_twice_it_is_one_job_and_later_it_changes_nothing(
    finance: Client,
) -> None:
    assert asked(finance) == asked(finance)
    assert (work(), SentSheet.objects.count()) == (["done"], 1)

    again = asked(finance)

    assert work() == ["done"]
    assert Leave.objects.count() == 2
    assert SentSheet.objects.get(pk=int(again.split("/")[-2])).unchanged == 2


def test_a_worker_that_dies_leaves_nothing_and_the_next_enters_it_once(
    acme: Business, finance: Client
) -> None:
    url = asked(finance)
    with disk_full(acme, "ledger_leave", "NEW.reason = 'Moving'"):
        with pytest.raises(DatabaseError, match="disk full"):
            work()
        assert not Leave.objects.exists()
        assert "Nothing is entered yet" in page(finance, url)

    assert work() == ["done"]
    # The worker may die between its last transaction and its job's end.
    Job.objects.filter(kind=sheet_jobs.KIND).update(state=Job.State.QUEUED)
    assert work() == ["done"]
    assert Leave.objects.count() == 2


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("list-payees", "name,email\nZoe Lund,zoe@acme.example\nBad,bad\n"),
        ("list-products", "name,active\nRoof,yes\nBad,perhaps\n"),
        ("rates", "currency,into,rate,from,source\nEUR,USD,1.1,2026-01-02,ECB\nX,Y,1"),
        ("assignments", "payee,plan,from\nMaya Okafor,None,2026-01-01\n"),
        ("opening-balances", "name,plan,measure,balance,as_of\nMaya Okafor,None,,1,\n"),
        ("customers", "customer,match\nWhitcomb,yes\n"),
    ],
)
def test_every_kind_of_file_is_known_to_the_job(
    alice: Member, kind: str, text: str
) -> None:
    sheet = sheet_jobs.ask(
        kind=kind, sent=SentFile(text, False), title="T", back=("L", "/"), by=alice
    )

    assert work() == ["done"]

    sheet.refresh_from_db()
    assert sheet.entered_at and len(sheet.refused) == 1
    assert sheet.changed == (kind in ("list-payees", "list-products", "rates"))


def test_nothing_is_entered_for_somebody_who_was_sent_away(
    finance: Client, alice: Member
) -> None:
    url = asked(finance, "name\nZoe Lund\n", "/b/acme/payees/upload/")
    RoleGrant.objects.filter(member__user_id=alice.user_id).delete()

    assert work() == ["failed"]
    assert not Payee.objects.filter(name="Zoe Lund").exists()
    assert SentSheet.objects.get(pk=int(url.split("/")[-2])).entered_at is None


def test_a_manager_sees_the_files_that_are_his_own(
    acme: Business, globex: Business, finance: Client
) -> None:
    manager = logged_in(a_member(acme, "Mia", Role.MANAGER))
    charlie = logged_in(a_member(globex, "Charlie", Role.ADMIN))
    url = asked(finance)
    own = asked(manager, "customer,match\nWhitcomb,yes\n", CUSTOMERS)

    assert page(manager, own)
    assert manager.get(url).status_code == 404
    assert charlie.get(url).status_code == 404
    assert charlie.get(url.replace("acme", "globex")).status_code == 404
