"""What the pages of runs promise: exact sums, two people, once only, few queries."""

from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from commissions.statements.models import PayPeriod
from commissions_saas.lib import clock
from crm_sync.ledger.models import Payee
from payouts.runs.models import Payout, PayoutRun
from payouts.runs.services import decide
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.audit.models import AuditRow
from tests.browser.figures import Figure, figures
from tests.payouts.conftest import approve_all, sign
from tests.people import a_member

MOST_QUERIES = 12
MOST_BYTES = 50 * 1024


@pytest.fixture
def page(client: Client, helen: Member) -> Client:
    client.force_login(helen.user)
    return client


def url(run: PayoutRun, rest: str = "") -> str:
    return f"/b/acme/runs/{run.number}/{rest}"


def approval(run: PayoutRun, **changes: object) -> dict[str, object]:
    """Return what the confirmation page would send to approve everybody."""
    ready = list(run.payouts.filter(state=Payout.State.READY))
    run.refresh_from_db()
    total = sum((payout.amount for payout in ready), Decimal(0))
    return {
        "payouts": [payout.pk for payout in ready],
        "seen_version": run.version,
        "seen_total": str(total),
        "idempotency_key": "one",
        **changes,
    }


def states(run: PayoutRun) -> set[str]:
    return set(run.payouts.values_list("state", flat=True))


def follow(page: Client, figure: Figure) -> str | None:
    """Return the headline of the page that a figure opens."""
    address, _, part = figure.url.partition("#")
    answer = page.get(address)
    assert answer.status_code == 200, address
    return figures(address, answer.content.decode()).headline(part)


def links_of(page: Client, address: str) -> list[Figure]:
    answer = page.get(address)
    assert answer.status_code == 200, address
    return figures(address, answer.content.decode()).links


def test_every_figure_of_a_run_opens_a_page_that_says_the_same(
    page: Client, run: PayoutRun
) -> None:
    addresses = ["/b/acme/runs/", url(run), url(run, "?show=all")]
    addresses += [url(run, f"payees/{p.payee_id}/") for p in run.payouts.all()]
    found = [figure for address in addresses for figure in links_of(page, address)]

    kinds = {urlsplit(figure.url).path.split("/")[-3] for figure in found}
    assert kinds == {"runs", "payees", "lines"}
    wrong = [
        (figure.exact, figure.url)
        for figure in set(found)
        if follow(page, figure) != figure.exact
    ]
    assert wrong == []


def test_the_flagged_payees_stand_before_the_ready_ones(
    page: Client, run: PayoutRun
) -> None:
    body = page.get(url(run)).content.decode()

    assert body.index('id="flagged"') < body.index('id="ready"')
    assert "First payment: nothing to compare with" in body


def test_a_sum_that_is_not_what_was_seen_is_refused_and_nobody_is_approved(
    page: Client, run: PayoutRun
) -> None:
    sent = approval(run, seen_total="1739.99")

    answer = page.post(url(run, "approve/"), sent)

    assert answer.status_code == 409
    assert "changed while you were reading" in answer.content.decode()
    assert states(run) == {Payout.State.READY}


def test_the_preparer_sees_who_may_approve_and_cannot_forge_it(
    client: Client, run: PayoutRun, alice: Member, helen: Member
) -> None:
    client.force_login(alice.user)
    body = client.get(url(run)).content.decode()

    assert 'aria-disabled="true"' in body
    assert "You prepared this run. Helen Cho can approve." in body

    answer = client.post(url(run, "approve/"), approval(run))

    assert answer.status_code == 403
    assert "Helen Cho" in answer.content.decode()
    assert states(run) == {Payout.State.READY}
    row = AuditRow.objects.get(action="runs.run.refused")
    assert "You prepared this run" in str(row.after)


def test_a_form_that_is_sent_twice_is_carried_out_once(
    page: Client, run: PayoutRun
) -> None:
    sent = approval(run)

    first = page.post(url(run, "approve/"), sent)
    again = page.post(url(run, "approve/"), sent)

    assert [first.status_code, again.status_code] == [302, 302]
    assert again.headers["Location"] == first.headers["Location"]
    assert run.events.filter(kind="payees_approved").count() == 1


def test_a_key_that_comes_again_with_other_contents_is_refused(
    page: Client, run: PayoutRun
) -> None:
    page.post(url(run, "approve/"), approval(run))

    answer = page.post(url(run, "approve/"), approval(run, seen_total="1"))

    assert answer.status_code == 409
    assert "sent before with other contents" in answer.content.decode()


def test_a_refusal_that_is_sent_again_is_answered_the_same(
    page: Client, run: PayoutRun
) -> None:
    sent = approval(run, seen_total="1739.99")

    first = page.post(url(run, "approve/"), sent)
    again = page.post(url(run, "approve/"), sent)

    assert (first.status_code, again.status_code) == (409, 409)
    assert first.content == again.content


def test_a_hold_is_done_at_once_and_can_be_undone(
    page: Client, run: PayoutRun, theo: Payee
) -> None:
    answer = page.post(url(run, f"payees/{theo.pk}/hold/"), follow=True)

    undo = url(run, f"payees/{theo.pk}/undo/")
    body = answer.content.decode()
    assert "Held Theo Brandt" in body and f'action="{undo}"' in body
    page.post(undo)
    assert states(run) == {Payout.State.READY}


def test_what_is_held_is_not_said_to_be_paid(
    page: Client, run: PayoutRun, theo: Payee
) -> None:
    page.post(url(run, f"payees/{theo.pk}/hold/"))

    body = page.get(url(run)).content.decode()

    paid = body.partition("<dt>Will be paid</dt>")[2].partition("</div>")[0]
    assert 'data-exact="540.00"' in paid
    assert 'data-exact="1200.00"' in paid and "held or rejected" in paid


def test_a_step_of_the_run_names_who_took_it(
    client: Client, run: PayoutRun, alice: Member, helen: Member
) -> None:
    approve_all(run, helen)
    sign(run, helen)
    client.force_login(alice.user)

    body = client.get(url(run)).content.decode()

    approved = body.partition('aria-current="step">')[2].partition("</li>")[0]
    assert approved.startswith("<span>Approved") and f"by {helen.name}" in approved


def test_a_second_file_is_refused_without_a_reason(
    client: Client, run: PayoutRun, alice: Member, helen: Member
) -> None:
    approve_all(run, helen)
    sign(run, helen)
    client.force_login(alice.user)
    sent = {"format": "payroll_csv", "seen_total": "1740.00"}

    made = client.post(url(run, "export/"), sent)
    refused = client.post(url(run, "export/"), sent)
    again = client.post(url(run, "export/"), {**sent, "reason": "Lost at payroll"})

    assert [made.status_code, refused.status_code, again.status_code] == [302, 409, 302]
    assert "needs a reason" in refused.content.decode()
    assert client.get(url(run, "files/1/")).status_code == 404
    assert b"Theo" in client.get(url(run, "files/2/")).content


def test_a_run_is_paid_and_a_return_is_payable_again_by_its_pages(
    client: Client, run: PayoutRun, alice: Member, helen: Member, theo: Payee
) -> None:
    approve_all(run, helen)
    sign(run, helen)
    client.force_login(alice.user)
    total = {"seen_total": "1740.00"}
    client.post(url(run, "export/"), {"format": "payroll_csv", **total})
    paid = {"paid_on": "2026-11-16", "reference": "BW-1", **total}

    client.post(url(run, "paid/"), {**paid, "idempotency_key": "p"})
    client.post(url(run, "paid/"), {**paid, "idempotency_key": "p"})
    client.post(url(run, f"payees/{theo.pk}/returned/"), {"reason": "Account closed"})

    run.refresh_from_db()
    assert run.state == PayoutRun.State.PAID
    assert run.events.filter(kind="paid").count() == 1
    assert states(run) == {Payout.State.PAID, Payout.State.RETURNED}
    assert client.get(url(run, f"payees/{theo.pk}/")).status_code == 200


def test_an_auditor_reads_and_has_nothing_to_press(
    client: Client, run: PayoutRun, businesses: dict[str, Business]
) -> None:
    auditor = a_member(businesses["acme"], "Otto", Role.AUDITOR)
    client.force_login(auditor.user)

    body = client.get(url(run)).content.decode()

    assert "Theo Brandt" in body
    assert "Approve 2" not in body and ">Hold<" not in body
    assert client.post(url(run, "approve/"), approval(run)).status_code == 403


def test_a_rep_is_told_who_may_and_a_stranger_nothing(
    client: Client, run: PayoutRun, bob: Member, charlie: Member
) -> None:
    client.force_login(bob.user)
    assert client.get(url(run)).status_code == 403
    client.force_login(charlie.user)
    assert client.get(url(run)).status_code == 404


def test_without_runs_the_page_says_what_comes_next(
    page: Client, acme: Business
) -> None:
    body = page.get("/b/acme/runs/").content.decode()

    assert "No runs yet" in body
    assert "No closed period waits" in body


def test_a_period_with_nothing_payable_says_so(page: Client, acme: Business) -> None:
    PayPeriod.objects.create(
        slug="2026-09",
        starts_on="2026-09-01",
        ends_on="2026-09-30",
        pays_on="2026-10-15",
    )

    answer = page.post("/b/acme/runs/prepare/", {"period": "2026-09"}, follow=True)

    assert "Nobody is payable in September 2026" in answer.content.decode()


def many_payouts(run: PayoutRun, count: int, name: str) -> None:
    """Put payees into a run without calculating them; odd ones are flagged."""
    payees = Payee.objects.bulk_create(
        Payee(name=f"{name} {n:03}", email=f"{name}{n}@acme.example")
        for n in range(count)
    )
    flags = [{"code": "bank", "severity": "flag", "words": "Bank details changed"}]
    Payout.objects.bulk_create(
        Payout(
            run=run,
            payee=payee,
            amount=Decimal("1234.56"),
            average=Decimal("1200.00"),
            currency="USD",
            flags=flags if n % 10 == 0 else [],
        )
        for n, payee in enumerate(payees)
    )


def asked(page: Client, address: str) -> tuple[int, int]:
    """Return how many queries a page asks when it is known, and its size in bytes."""
    page.get(address)
    with CaptureQueriesContext(connection) as queries:
        answer = page.get(address)
    assert answer.status_code == 200
    reads = [each for each in queries.captured_queries if "SELECT" in each["sql"]]
    return len(reads), len(answer.content)


@pytest.mark.parametrize("rest", ["", "?show=all", "?sort=-amount"])
def test_a_run_costs_the_same_however_many_it_pays(
    page: Client, run: PayoutRun, rest: str
) -> None:
    many_payouts(run, 50, "Anna")
    few, _ = asked(page, url(run, rest))
    many_payouts(run, 150, "Zoe")
    many, size = asked(page, url(run, rest))

    assert few == many <= MOST_QUERIES
    assert size <= MOST_BYTES


def test_the_ready_payees_are_listed_fifty_a_page_and_approved_on_all_of_them(
    page: Client, run: PayoutRun
) -> None:
    many_payouts(run, 80, "Anna")

    body = page.get(url(run)).content.decode()
    confirm = page.get(url(run, "approve/?all=ready")).content.decode()

    assert "1–50 of 72" in body
    assert "Approve 72 payees" in confirm


def test_a_payout_of_many_lines_costs_the_same(
    page: Client, run: PayoutRun, theo: Payee
) -> None:
    queries, size = asked(page, url(run, f"payees/{theo.pk}/"))

    assert queries <= 16
    assert size <= MOST_BYTES


def test_the_next_flagged_payee_is_one_link_away(
    page: Client, run: PayoutRun, maya: Payee, theo: Payee
) -> None:
    body = page.get(url(run, f"payees/{maya.pk}/")).content.decode()

    assert f'href="{url(run, f"payees/{theo.pk}/")}" data-key="n"' in body


def test_who_signed_first_is_named_while_a_second_person_is_waited_for(
    page: Client, acme: Business, run: PayoutRun, helen: Member
) -> None:
    Business.objects.filter(pk=acme.pk).update(second_approver_above=1000)
    acme.second_approver_above = Decimal(1000)
    approve_all(run, helen)
    run.refresh_from_db()
    decide.sign_run(
        run=run, seen_version=run.version, seen_total=Decimal("1740.00"), by=helen
    )

    body = page.get(url(run)).content.decode()

    assert "Signed first by" in body
    assert run.prepared_at <= clock.now()
