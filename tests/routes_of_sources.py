"""The routes of sources, refused records, people, products and territories."""

from datetime import UTC, datetime

from crm_sync.accounting.models import Reference
from crm_sync.connections import services
from crm_sync.connections.inbound import create_inbound
from crm_sync.connections.models import (
    Connection,
    Delivery,
    Endpoint,
    Mapping,
    RouteTable,
    SourceUser,
    SyncRun,
    Upload,
)
from crm_sync.connections.upload_columns import file_connection
from crm_sync.ledger import dated
from crm_sync.ledger.models import Entry, RefusedRecord, SentSheet
from crm_sync.ledger.services import (
    create_customer,
    create_payee,
    create_product,
    create_service,
    create_territory,
)
from crm_sync.writeback.models import WriteBack
from tenants.accounts.models import Business, Role

Arguments = tuple[object, ...]
NOW = datetime(2026, 11, 24, 16, 42, tzinfo=UTC)
READS = frozenset({Role.FINANCE, Role.ADMIN, Role.AUDITOR})
RUNS = frozenset({Role.FINANCE, Role.ADMIN})
WRITES = frozenset({Role.ADMIN})


def _connection(business: Business, *, shared: bool = False) -> Connection:
    assert business.group is not None
    return services.create_connection(
        group=business.group,
        business=None if shared else business,
        kind="close",
        name="Close",
        secret="api_secret",
    )


def a_connection(business: Business) -> Arguments:
    return (_connection(business).pk,)


def a_write_back(business: Business) -> Arguments:
    connection = _connection(business)
    row = WriteBack.objects.create(
        connection_id=connection.pk,
        object="deal",
        path="custom.cf_1",
        label="Commission",
        kind=WriteBack.Kind.COMMISSION,
        turned_on_at=NOW,
    )
    return (connection.pk, row.pk)


def a_shared_connection(business: Business) -> Arguments:
    return (_connection(business, shared=True).pk,)


def a_route_table(business: Business) -> Arguments:
    connection = _connection(business, shared=True)
    row = RouteTable.objects.create(
        connection=connection,
        state=RouteTable.State.SAVED,
        version=1,
        path="custom.business",
        values={"Acme": business.pk},
        made_at=NOW,
    )
    return (connection.pk, row.pk)


def a_sync(business: Business) -> Arguments:
    connection = _connection(business)
    run = SyncRun.objects.create(connection=connection, kind="first", started_at=NOW)
    return (connection.pk, run.pk)


def an_inbound(business: Business) -> Arguments:
    assert business.group is not None
    made, _ = create_inbound(
        group=business.group, business=business, name="Webhook", by=None
    )
    return (made.pk,)


def a_delivery(business: Business) -> Arguments:
    (connection,) = an_inbound(business)
    row = Delivery.objects.create(
        endpoint=Endpoint.objects.get(connection_id=str(connection)),
        verified=True,
        kind="deal update",
        object="deal",
        external_id="A-1",
        received_at=NOW,
    )
    return (connection, row.pk)


def a_mapping(business: Business) -> Arguments:
    connection = _connection(business)
    row = Mapping.objects.create(
        connection=connection,
        business_id=business.pk,
        object="deal",
        version=1,
        document={"name": {"source": "lead_name", "type": "text"}},
    )
    return (connection.pk, row.pk)


def a_refused_record(business: Business) -> Arguments:
    row = RefusedRecord.objects.create(
        connection_id=1,
        object="deal",
        external_id="oppo_1",
        version="1",
        code="no_product",
        field="product",
        reason="Product is blank.",
        payload={"id": "oppo_1"},
        first_seen=NOW,
        last_seen=NOW,
    )
    return (row.pk,)


def a_user(business: Business) -> Arguments:
    connection = _connection(business)
    user = SourceUser.objects.create(
        connection=connection, external_id="user_1", name="Kenji Ito"
    )
    return (user.pk,)


def an_upload(business: Business) -> Arguments:
    row = Upload.objects.create(
        connection=file_connection(business, None),
        business_id=business.pk,
        object="deal",
        name="deals.csv",
        content=b"id,name\n1,Delgado\n",
        sha256="",
        made_at=NOW,
    )
    return (row.pk,)


def a_sheet(business: Business) -> Arguments:
    row = SentSheet.objects.create(
        kind="leave", title="Leave", made_by_id=0, made_at=NOW, columns=["name"]
    )
    return (row.pk,)


def a_payee(business: Business) -> Arguments:
    return (create_payee(name="Maya Okafor").pk,)


def a_product(business: Business) -> Arguments:
    return (create_product(name="System replacement").pk,)


def a_territory(business: Business) -> Arguments:
    return (create_territory(name="Austin North").pk,)


def a_service(business: Business) -> Arguments:
    return (create_service(name="Tune-up").pk,)


def a_customer(business: Business) -> Arguments:
    return (create_customer(name="Delgado residence").pk,)


def a_reference(business: Business) -> Arguments:
    entry = Entry.objects.create(
        connection_id=1,
        object="invoice",
        external_id="i1",
        name="INV-1",
        version="1",
        changed=1,
    )
    row = Reference.objects.create(entry=entry, kind=Reference.Kind.DEAL, named="d1")
    return (row.pk,)


def leave_file(business: Business) -> Arguments:
    return ("leave",)


def a_rate(business: Business) -> Arguments:
    made = dated.set_rate(
        currency="EUR",
        into="USD",
        rate="1.08",
        starts_on=NOW.date(),
        source="A bank",
    )
    assert made is not None
    return (made.pk,)


def a_payee_for_values(business: Business) -> Arguments:
    return ("payee", *a_payee(business))


def a_leave(business: Business) -> Arguments:
    payee = create_payee(name="Maya Away")
    made = dated.set_leave(payee=payee, starts_on=NOW.date(), ends_on=None)
    assert made is not None
    return (made.pk,)


def a_right(business: Business) -> Arguments:
    payee = create_payee(name="Maya Limited")
    create_product(name="Roof")
    made = dated.allow_selling(payee=payee, kind="product", name="Roof")
    assert made is not None
    return (made.pk,)


def deals(business: Business) -> Arguments:
    return ("deal",)
