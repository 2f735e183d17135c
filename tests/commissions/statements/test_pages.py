"""Pages of a payee's pay: the story's figures, what adds up, and who sees them."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.utils.html import strip_tags

from commissions.statements import services
from commissions.statements.models import Line, PayPeriod, Statement
from commissions_saas.lib import clock
from crm_sync.ledger.models import Payee, RefusedRecord
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tests.commissions.statements import world
from tests.commissions.statements.conftest import NOON, a_source, on_the_plan
from tests.commissions.statements.world import CARE, SYSTEM, a_deal, sync
from tests.kept import begins_with
from tests.people import a_member

EXACT = re.compile(r'<(?:a|span)[^>]*data-exact="([^"]*)"[^>]*>')


@dataclass
class Story:
    """Who is in it, and what it comes to."""

    alice: Member
    bob: Member
    maya: Payee
    theo: Payee
    statement: Statement


def make_story(acme: Business) -> Story:
    """Maya's statement on 24 November at 10:42; Bob's login is Maya's."""
    a_source(acme)
    acme.time_zone = "America/Chicago"
    acme.save(update_fields=["time_zone"])
    alice, bob = a_member(acme, "Alice", Role.FINANCE), a_member(acme, "Bob", Role.REP)
    with clock.at(NOON):
        maya = world.a_payee("Maya Okafor", "user_maya", user_id=bob.user_id)
        theo = world.a_payee("Theo Brandt", "user_theo")
        on_the_plan(maya, theo)
    with clock.at(world.moment(1, 12).replace(month=10)):
        sync(a_deal("tran", date(2026, 9, 10), "10200", SYSTEM, name="Tran residence"))
        world.catch_up()
        september = PayPeriod.objects.get(slug="2026-09")
        services.freeze(period=september, by=alice)
        services.lock_statements(period=september, by=alice)
    with clock.at(world.moment(23, 18)):
        sync(*world.novembers_deals())
        sync(
            world.lost(
                "tran",
                date(2026, 9, 10),
                date(2026, 11, 23),
                "10200",
                SYSTEM,
                name="Tran residence",
            )
        )
        world.catch_up()
    with clock.at(world.moment(24, 15, 14)):
        sync(world.whitcomb_is_corrected())
        world.catch_up()
    with clock.at(world.moment(24, 16, 39)):
        sync(world.kesslers_plan_is_won())
        world.catch_up()
    return Story(alice, bob, maya, theo, world.statement(maya, "2026-11"))


kept_story = begins_with("kept_story", make_story)


@pytest.fixture
def story(acme: Business, kept_story: Story) -> Iterator[Statement]:
    with clock.at(world.moment(24, 16, 42)):
        yield kept_story.statement


@pytest.fixture
def alice(kept_story: Story) -> Member:
    return kept_story.alice


@pytest.fixture
def bob(kept_story: Story) -> Member:
    return kept_story.bob


@pytest.fixture
def maya(acme: Business, kept_story: Story) -> Payee:
    return kept_story.maya


@pytest.fixture
def theo(acme: Business, kept_story: Story) -> Payee:
    return kept_story.theo


def page(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return answer.content.decode()


def words(html: str) -> str:
    return re.sub(r"\s+", " ", strip_tags(html))


def headline(html: str) -> str:
    part = html.split('class="figure"', 1)[1]
    found = EXACT.search(part)
    assert found is not None
    return found.group(1)


def address(row: Statement, rest: str = "") -> str:
    return f"/b/acme/statements/{row.payee_id}/2026-11/{rest}"


def test_a_rep_lands_on_their_statement_and_reads_the_storys_figures(
    client: Client, story: Statement, bob: Member
) -> None:
    client.force_login(bob.user)

    moved = client.get("/b/acme/me/")
    html = page(client, moved["Location"])

    assert headline(html) == "4956.12"
    text = words(html)
    for figure in ("4,736.73", "831.39", "−612.00", "−$160.00", "706.53", "5,034.12"):
        assert figure in text
    assert "82,926.50 of 90,000.00 quota" in text
    assert "6 % to 80,000.00, then 8 %" in text


def test_every_figure_leads_to_a_page_with_the_same_headline(
    client: Client, story: Statement, alice: Member
) -> None:
    client.force_login(alice.user)
    html = page(client, address(story))
    links = re.findall(r'<a[^>]*data-exact="[^"]*"[^>]*>', html)
    assert len(links) >= 15

    for link in links:
        exact = re.search(r'data-exact="([^"]*)"', link)
        href = re.search(r'href="([^"]*)"', link)
        assert exact and href
        target = page(client, href.group(1).replace("&amp;", "&"))
        assert headline(target) == exact.group(1), href.group(1)


def test_the_changes_since_yesterday_are_the_storys_three(
    client: Client, story: Statement, bob: Member
) -> None:
    client.force_login(bob.user)

    html = page(client, address(story, "changes/?since=yesterday"))

    text = words(html)
    assert headline(html) == "-160.00"
    assert "from 5,116.12 to 4,956.12" in text
    for part in ("−150.00", "−50.00", "+40.00", "Priya Nair", "knock-on"):
        assert part in text
    assert "Unexplained" not in text


def test_the_receipt_says_how_the_deal_crossed_the_tier(
    client: Client, story: Statement, bob: Member
) -> None:
    client.force_login(bob.user)
    line = Line.objects.get(
        entry_id=world.entry("sandoval").pk,
        payee_id=story.payee_id,
        closed_run__isnull=True,
    )

    html = page(client, address(story, f"lines/{line.pk}/"))

    text = words(html)
    for figure in ("72,126.50", "7,873.50", "472.41", "2,926.50", "234.12", "706.53"):
        assert figure in text, figure
    assert headline(html) == "706.53"
    assert "Theo Brandt 50 %" in text
    assert "does not come to the stored amount" not in text


def test_a_closed_lines_receipt_is_what_was_read_then(
    client: Client, story: Statement, bob: Member
) -> None:
    client.force_login(bob.user)
    line = Line.objects.get(
        entry_id=world.entry("sandoval").pk,
        payee_id=story.payee_id,
        closed_run__isnull=False,
    )

    text = words(page(client, address(story, f"lines/{line.pk}/")))

    assert "756.53" in text
    assert "does not come to the stored amount" not in text


def test_why_a_deal_is_not_here_names_the_first_failed_rule(
    client: Client, story: Statement, bob: Member
) -> None:
    sync(a_deal("autumn", date(2026, 10, 5), "240", CARE, name="Autumn care"))
    sync(
        a_deal(
            "hope", None, "240", CARE, name="Hope", status="Lost", status_type="lost"
        )
    )
    world.catch_up()
    RefusedRecord.objects.create(
        connection_id=1,
        object="deal",
        external_id="x",
        version="1",
        name="Ito residence",
        code="unknown_owner",
        field="owner",
        reason="No payee for Close user k.ito.",
        payload={},
        first_seen=clock.now(),
        last_seen=clock.now(),
    )
    client.force_login(bob.user)

    october = words(page(client, address(story, "missing/?q=autumn")))
    lost = words(page(client, address(story, "missing/?q=hope")))
    refused = words(page(client, address(story, "missing/?q=ito")))
    waiting = words(page(client, address(story, "missing/?q=pruitt")))
    nothing = words(page(client, address(story, "missing/?q=zzz")))

    assert "It was won on 5 Oct 2026, which is in October 2026." in october
    assert "not won" in lost
    assert "It was refused: No payee for Close user k.ito." in refused
    assert "waits for: customer payment" in waiting
    assert "Not in our copy of the CRM" in nothing


def test_open_deals_are_estimated_and_the_statement_does_not_move(
    client: Client, story: Statement, bob: Member
) -> None:
    for name, amount in (("abbott", "36800"), ("nguyen", "19250")):
        sync(a_deal(name, None, amount, SYSTEM, status="Open", status_type="active"))
    world.catch_up()
    client.force_login(bob.user)

    html = page(client, address(story, "estimate/"))

    assert headline(html) == "4484.00"
    assert "2,944.00" in words(html)
    assert headline(page(client, address(story))) == "4956.12"


@pytest.mark.parametrize(
    "path",
    ["", "changes/", "missing/", "estimate/", "csv/", "lines/1/"],
)
def test_another_reps_statement_and_another_businesss_do_not_exist(
    client: Client,
    story: Statement,
    theo: Payee,
    bob: Member,
    charlie: Member,
    path: str,
) -> None:
    client.force_login(bob.user)
    theirs = client.get(f"/b/acme/statements/{theo.pk}/2026-11/{path}")
    client.force_login(charlie.user)
    strangers = client.get(address(story, path))

    assert (theirs.status_code, strangers.status_code) == (404, 404)
    for answer in (theirs, strangers):
        assert b"Theo" not in answer.content and b"4,956" not in answer.content


def test_a_deal_shows_who_earns_and_hides_what_a_rep_may_not_see(
    client: Client, story: Statement, bob: Member, alice: Member
) -> None:
    path = f"/b/acme/deals/{world.entry('sandoval').pk}/"
    client.force_login(bob.user)
    own = words(page(client, path))
    client.force_login(alice.user)
    everybody = words(page(client, path))

    assert "706.53" in own and "648.00" not in own
    assert "2 people share this deal" in own
    assert "706.53" in everybody and "648.00" in everybody


def test_finance_sees_the_period_added_up_in_four_ways(
    client: Client, story: Statement, alice: Member
) -> None:
    client.force_login(alice.user)

    for by in ("payee", "product", "territory", "component"):
        html = page(client, f"/b/acme/periods/2026-11/?by={by}")
        assert headline(html) == "5604.12"
    assert "Maya Okafor" in words(page(client, "/b/acme/statements/?period=2026-11"))


def test_a_rep_does_not_see_the_period(
    client: Client, story: Statement, bob: Member
) -> None:
    client.force_login(bob.user)

    answer = client.get("/b/acme/periods/2026-11/")

    assert answer.status_code == 403
    assert "4,956" not in answer.content.decode()


def test_the_csv_explains_each_amount(
    client: Client, story: Statement, bob: Member
) -> None:
    client.force_login(bob.user)

    text = page(client, address(story, "csv/"))

    rows = list(csv.DictReader(io.StringIO(text)))
    assert sum(Decimal(row["amount"]) for row in rows) == Decimal("4956.12")
    assert "6 % to 80,000.00, then 8 %" in {row["rate"] for row in rows}
    assert "marginal(volume.before" in text


def test_finance_adds_an_adjustment_and_is_told_what_is_wrong(
    client: Client, story: Statement, maya: Payee, alice: Member
) -> None:
    client.force_login(alice.user)
    period = PayPeriod.objects.get(slug="2026-11")
    data = {"payee": maya.pk, "period": period.pk, "reason": "Referral"}

    wrong = client.post("/b/acme/adjustments/", data | {"amount": "1,5"})
    right = client.post("/b/acme/adjustments/", data | {"amount": "150.00"})
    world.catch_up()

    assert wrong.status_code == 422
    assert "is not a number" in wrong.content.decode()
    assert right.status_code == 302
    assert world.statement(maya, "2026-11").total == Decimal("5106.12")


def test_a_rep_questions_a_line_and_finance_answers(
    client: Client, story: Statement, maya: Payee, bob: Member, alice: Member
) -> None:
    line = Line.objects.get(entry_id=world.entry("delgado").pk, closed_run__isnull=True)
    client.force_login(bob.user)
    asked = client.post(
        address(story, f"lines/{line.pk}/"),
        {"reason": "amount", "claimed": "1044.00", "note": "The fee is 1,000."},
    )
    assert "Disputed" in words(page(client, address(story)))
    refused = client.post(
        asked["Location"], {"decision": "accept", "answer": "I agree with me"}
    )
    client.force_login(alice.user)
    queue = words(page(client, "/b/acme/disputes/"))
    client.post(asked["Location"], {"decision": "accept", "answer": "You are right."})
    world.catch_up()

    assert refused.status_code == 403
    assert "+22.80" in queue
    assert world.statement(maya, "2026-11").total == Decimal("4978.92")


def test_my_plan_is_in_words_and_says_where_i_am(
    client: Client, story: Statement, bob: Member
) -> None:
    client.force_login(bob.user)

    text = words(page(client, "/b/acme/me/plan/"))

    assert "Pay 40.00 for each maintenance plan." in text
    assert "82,926.50" in text
    assert "you are here" in text
    assert "On your latest deal" in text and "40 × 100 % = 40" in text
