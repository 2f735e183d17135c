"""A business's schema: cloned, complete, all or nothing, and refused while it is behind."""

import re
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django_tenants.utils import schema_exists

from tenants.accounts import cloning, errors, services, versions
from tenants.accounts.models import Business, Role
from tenants.jobs.models import Job
from tenants.jobs.services import run_all_jobs
from tenants.schema import in_public
from tenants.urls_for import business_url
from tests.databases import Copy
from tests.people import a_member, a_user

CATALOG = """
SELECT 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
       a.attnotnull::text, a.attidentity::text,
       coalesce(pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = %(s)s::regnamespace AND c.relkind IN ('r', 'p', 'v')
  AND NOT a.attisdropped
UNION ALL
SELECT 'index', tablename, indexname, indexdef, '', '', ''
FROM pg_indexes WHERE schemaname = %(s)s
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid),
       convalidated::text, '', ''
FROM pg_constraint WHERE connamespace = %(s)s::regnamespace AND contype <> 'n'
UNION ALL
SELECT 'trigger', t.tgrelid::regclass::text, t.tgname, pg_get_triggerdef(t.oid),
       t.tgenabled::text, '', ''
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = %(s)s::regnamespace AND NOT t.tgisinternal
UNION ALL
SELECT 'function', proname, pg_get_function_identity_arguments(oid), prosrc, '', '', ''
FROM pg_proc WHERE pronamespace = %(s)s::regnamespace
UNION ALL
SELECT 'sequence', sequencename, data_type::text, start_value::text,
       increment_by::text, cycle::text, ''
FROM pg_sequences WHERE schemaname = %(s)s
"""


def catalog_of(schema: str) -> set[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(CATALOG, {"s": schema})
        rows = cursor.fetchall()
    own = re.compile(rf'(?<![A-Za-z0-9_])"?{schema}"?\.')
    return {tuple(own.sub("", str(cell)).strip() for cell in row) for row in rows}


@pytest.fixture
def nothing_known_of_versions() -> Iterator[None]:
    versions.forget()
    yield
    versions.forget()


@pytest.fixture
def new_business(acme: Business) -> Business:
    with in_public():
        return services.create_business(group=acme.group, name="Initech")  # type: ignore[arg-type]


def test_a_clone_has_the_same_catalog_as_a_migrated_schema(acme: Business) -> None:
    with in_public():
        with connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA b999")
        call_command("migrate_schemas", schema_name="b999", verbosity=0)
        migrated, cloned = catalog_of("b999"), catalog_of(acme.schema_name)

    assert cloned - migrated == set()
    assert migrated - cloned == set()
    assert len(cloned) > 300


def test_a_new_business_is_made_by_a_job_and_is_empty(new_business: Business) -> None:
    assert new_business.state == Business.State.MAKING
    assert not schema_exists(new_business.schema_name)

    (job,) = run_all_jobs()

    new_business.refresh_from_db()
    assert job.state == Job.State.DONE
    assert new_business.state == Business.State.READY
    assert re.fullmatch("b[0-9]+", new_business.schema_name)
    assert schema_exists(new_business.schema_name)


def test_a_business_that_is_being_made_is_not_served(
    new_business: Business, client: Client
) -> None:
    owner = a_member(new_business, "Rita", Role.ADMIN)
    client.force_login(owner.user)

    answer = client.get(business_url(new_business, "accounts:start"))

    assert answer.status_code == 503
    assert "Initech is being made" in answer.content.decode()


def test_a_clone_that_dies_half_way_leaves_nothing_and_can_run_again(
    new_business: Business,
) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        cloning.clone_now(new_business)
        raise RuntimeError("the power goes")

    assert not schema_exists(new_business.schema_name)
    new_business.refresh_from_db()
    assert new_business.state == Business.State.MAKING

    cloning.clone_now(new_business)
    cloning.clone_now(new_business)

    assert new_business.state == Business.State.READY


def test_a_left_over_schema_of_an_unmade_business_is_replaced(
    new_business: Business,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {new_business.schema_name}")

    cloning.clone_now(new_business)

    assert versions.is_current(new_business.schema_name)


def test_a_template_that_is_behind_the_code_is_not_cloned(
    new_business: Business, nothing_known_of_versions: None
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM template.django_migrations WHERE app = 'ledger'")

    with pytest.raises(errors.TemplateBehind):
        cloning.clone_now(new_business)

    assert not schema_exists(new_business.schema_name)


def test_a_business_whose_schema_is_behind_the_code_is_refused_alone(
    acme: Business,
    globex: Business,
    client: Client,
    nothing_known_of_versions: None,
) -> None:
    user = a_user("Mona")
    for business in (acme, globex):
        a_member(business, "Mona", Role.ADMIN, user=user)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM b1.django_migrations WHERE app = 'ledger'")
    client.force_login(user)

    behind = client.get(business_url(acme, "accounts:settings"))
    other = client.get(business_url(globex, "accounts:settings"))

    assert behind.status_code == 503
    assert other.status_code == 200


def test_migrating_passes_over_a_business_without_a_schema(fresh_db: Copy) -> None:
    acme = Business.objects.get(slug="acme")
    assert acme.group is not None
    services.create_business(group=acme.group, name="Initech")

    call_command("migrate_schemas", tenant=True, verbosity=0)

    assert versions.is_current(acme.schema_name)
    assert cloning.make_template().state == Business.State.TEMPLATE


def test_the_template_is_served_to_nobody(acme: Business, client: Client) -> None:
    client.force_login(a_member(acme, "Mona", Role.ADMIN).user)

    assert client.get("/b/-template/").status_code == 404


def test_an_address_is_made_from_the_name_and_is_free(acme: Business) -> None:
    group = acme.group
    assert group is not None

    first = services.create_business(group=group, name="Brüder & Söhne")
    second = services.create_business(group=group, name="Brüder & Söhne")

    assert (first.slug, second.slug) == ("bruder-sohne", "bruder-sohne-2")


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"currency": "XXQ"}, errors.NoSuchCurrency),
        ({"time_zone": "Mars/Olympus"}, errors.NoSuchTimeZone),
        ({"slug": "acme"}, errors.SlugTaken),
    ],
)
def test_a_business_with_nonsense_in_it_is_not_made(
    acme: Business, values: dict[str, str], problem: type[Exception]
) -> None:
    with pytest.raises(problem):
        services.create_business(group=acme.group, name="Initech", **values)  # type: ignore[arg-type]

    assert not Job.objects.exists()
