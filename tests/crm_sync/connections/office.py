"""A Close with a record of each kind and one connection to all of it."""

from datetime import UTC, date, datetime
from typing import Any

from crm_sync.connections import services
from tenants.accounts.models import Business
from tenants.jobs.models import Job
from tenants.jobs.services import run_now
from tests.crm_sync.connections.scene import tick
from tests.crm_sync.providers.close_source import Source

STANDARD = (
    "deal lead contact meeting call email sms note task".split()  # noqa: SIM905
)
NOON = datetime(2026, 11, 12, 18, 0, tzinfo=UTC)


class Office:
    """An organisation with one record of each kind, and a connection to all of it."""

    def __init__(self, source: Source, business: Business) -> None:
        source.server.store._clock = tick
        self.business = business
        self.source, self.account = source, source.account
        self.theo = self.account.add_user(name="Theo Brandt", email="theo@acme.example")
        self.visit = self.account.add_activity_type("Site visit")
        self.miles = self.account.add_custom_field("Miles", "number", of=self.visit)
        self.policy = self.account.add_object_type("Policy")
        self.premium = self.account.add_custom_field(
            "Premium", "number", of=self.policy
        )
        self.tier = self.account.add_custom_field("Tier", of="lead")
        self.ids = self._fill()
        assert business.group is not None
        self.connection = services.create_connection(
            group=business.group,
            business=business,
            kind="close",
            name="Close",
            secret=source.key,
            base_url=source.server.url,
            objects=STANDARD,
            options={
                "allow_loopback": True,
                "page_size": 5,
                "retry_seconds": "0.01",
                "people": "payees",
                "webhooks": False,
            },
        )

    def _fill(self) -> dict[str, str]:
        account = self.account
        lead = account.add_lead("Whitcomb Dental", at=NOON)
        account.edit(lead, {f"custom.{self.tier}": "Gold"})
        at: dict[str, Any] = {"lead": lead, "user": self.theo, "created_at": NOON}
        add = account.add_record
        sent: dict[str, Any] = {"direction": "outgoing", "status": "sent"}
        return {
            "lead": lead,
            "deal": account.add_opportunity(
                lead=lead,
                user=self.theo,
                status=self.source.won,
                value=100,
                won_on=date(2026, 11, 12),
            ),
            "contact": add(
                "contact", name="Ann Lee", emails=[{"email": "ann@lee.example"}], **at
            ),
            "meeting": account.add_meeting(
                lead=lead, user=self.theo, title="Demo", starts_at=NOON
            ),
            "call": add("call", duration=340, direction="outbound", note="Talk", **at),
            "email": add(
                "email", subject="Offer", date_sent="2026-11-12T18:00:00+00:00",
                **sent, **at,
            ),
            "sms": add(
                "sms", text="Hi", date_sent="2026-11-12T18:00:00+00:00", **sent, **at
            ),
            "note": add("note", note="Roof is flat", **at),
            "task": add(
                "task", text="Call back", date="2026-11-12", is_complete=True, **at
            ),
            "site_visit": add(
                "custom", custom_activity_type_id=self.visit, status="published",
                custom={self.miles: 12}, **at,
            ),
            "policy": add(
                "custom_object", custom_object_type_id=self.policy, name="P-1",
                custom={self.premium: 950}, **at,
            ),
        }  # fmt: skip

    def sync(self) -> Job:
        job = run_now(services.start_sync(connection=self.connection))
        self.connection.refresh_from_db()
        return job
