"""What several rooms of sources test with."""

import pytest

from tenants.accounts.models import Business
from tests.databases import another_business


@pytest.fixture
def twin(acme: Business) -> Business:
    """A second business in Acme's group."""
    return another_business(acme, slug="twin", name="Twin", time_zone="America/Chicago")
