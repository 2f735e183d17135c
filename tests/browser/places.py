"""Where things of the demo are: the addresses that tests open without clicking there."""

from collections.abc import Iterator
from contextlib import contextmanager

from commissions.statements.models import Line, PayPeriod
from crm_sync.ledger.models import Entry, Payee
from payouts.runs.models import PayoutRun
from tenants.accounts.models import Business
from tenants.schema import in_business


@contextmanager
def business(slug: str) -> Iterator[Business]:
    """Enter a business of the demo."""
    found = Business.objects.get(slug=slug)
    with in_business(found):
        yield found


def statement(slug: str, payee: str, period: str) -> str:
    with business(slug):
        return f"/b/{slug}/statements/{Payee.objects.get(name=payee).pk}/{period}/"


def line(slug: str, payee: str, period: str, deal: str) -> str:
    """Return where the explanation of a payee's line from a deal is."""
    with business(slug):
        person = Payee.objects.get(name=payee)
        found = Line.objects.get(
            payee_id=person.pk,
            period_id=PayPeriod.objects.get(slug=period).pk,
            entry_id__in=Entry.objects.filter(name__startswith=deal).values("pk"),
            component="system_replacement",
            closed_run__isnull=True,
        )
        return f"/b/{slug}/statements/{person.pk}/{period}/lines/{found.pk}/"


def deal(slug: str, name: str) -> str:
    with business(slug):
        return f"/b/{slug}/deals/{Entry.objects.get(name__startswith=name).pk}/"


def run(slug: str, period: str) -> str:
    """Return where the live payout run of a period is."""
    with business(slug):
        runs = PayoutRun.objects.filter(period__slug=period).exclude(state="void")
        return f"/b/{slug}/runs/{runs.get().number}/"
