"""Sources for the tests of providers, which need neither Django nor a database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crm_sync.providers.close_source import Source, close_source


@pytest.fixture
def close(tmp_path: Path) -> Iterator[Source]:
    """A Close with one organisation and no deals."""
    with close_source(tmp_path / "close.db") as source:
        yield source
