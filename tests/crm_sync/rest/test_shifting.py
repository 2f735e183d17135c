"""A row that is deleted while all are read the first time moves the others, and none of
them is lost by it."""

from typing import Any

import pytest

from tests.crm_sync.rest.stand_in import Ledger, Request, running
from tests.crm_sync.rest.test_declared import CHANGES, PAGES, Shop, declared


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("cursor", [CHANGES, None])
def test_a_row_that_is_deleted_between_two_pages_hides_no_other_row(
    kind: str, cursor: Any
) -> None:
    shop, ledger = Shop(), Ledger()
    shop.fill(40)

    with running(shop.answer) as server:

        def busy(request: Request) -> None:
            """Between the second page and the third, behind the look at the first."""
            if len([one for one in server.requests if one.path == "/deals"]) == 4:
                del shop.rows["1"]

        server.before = busy
        ledger.sync(server.provider(document=declared(kind, cursor=cursor)))

    assert "1" not in shop.rows
    assert ledger.live() == shop.truth()
