"""What several rooms of sources test with."""

from collections.abc import Iterator

import pytest

from tenants.accounts.cloning import clone_now
from tenants.accounts.models import Business
from tenants.schema import in_public


@pytest.fixture
def twin(acme: Business) -> Iterator[Business]:
    """A second business in Acme's group."""
    with in_public():
        business = Business.objects.create(
            schema_name="b9001",
            slug="twin",
            name="Twin",
            group=acme.group,
            time_zone="America/Chicago",
        )
        clone_now(business)
    yield business
