"""How a declared source is shown its key."""

from __future__ import annotations

import pytest

from tests.crm_sync.rest.stand_in import Ledger, Reply, running


@pytest.mark.parametrize(
    ("prefix", "sent"),
    [
        ("", "key-of-the-test"),
        ("Token", "Token key-of-the-test"),
        ("Token token=", "Token token=key-of-the-test"),
        ("ApiKey maya:", "ApiKey maya:key-of-the-test"),
    ],
)
def test_what_stands_before_a_key_is_sent_as_it_is_declared(
    prefix: str, sent: str
) -> None:
    auth = {"kind": "api_key", "header": "Authorization", "prefix": prefix}
    document = {
        "source": {"name": "The shop", "auth": auth},
        "streams": {"deals": {"path": "/deals", "records": "data"}},
    }

    with running(lambda request: Reply({"data": []})) as source:
        Ledger().sync(source.provider(document=document))

        assert source.requests[0].headers["authorization"] == sent
