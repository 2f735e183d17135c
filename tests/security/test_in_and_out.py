"""What is sent in and what is written out: twice, with odd ids and odd digits."""

import io
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from crm_sync.contract import ConfigurationProblem, ConnectionSettings
from crm_sync.providers.rest.deliveries import read_events
from crm_sync.providers.rest.provider import RestProvider
from crm_sync.providers.rest.reading import InvalidDocument, read_document
from crm_sync.workbooks.writing import Sheet, workbook_of
from crm_sync.writeback.wanting import _listed
from tests.crm_sync.rest.stand_in import Reply, running


def _undated(**hook: Any) -> dict[str, Any]:
    return {
        "source": {"name": "Widget CRM", "base_url": "https://widgets.example/"},
        "streams": {"deals": {"path": "/deals", "records": "data"}},
        "webhook": {"verify": "standard", "takes": "body", "event_id": "event", **hook},
    }


def test_a_record_that_is_sent_twice_is_one_event_though_nothing_dates_it() -> None:
    document = read_document(_undated())
    body = b'{"event": "e1", "id": "7", "amount": "5"}'
    first, again = (
        read_events(document, body, datetime(2026, 11, day, tzinfo=UTC))[0]
        for day in (1, 2)
    )

    assert (first.id, first.version) == (again.id, again.version)


def test_a_body_that_may_be_sent_again_for_ever_must_be_dated() -> None:
    signed = {"kind": "hmac", "header": "X-Signature"}
    with pytest.raises(InvalidDocument) as refused:
        read_document(_undated(verify=signed))
    assert any("sent again looks new" in str(one) for one in refused.value.problems)

    read_document(_undated(verify=signed, at="sent_at"))


@pytest.mark.parametrize("id_", [".", ".."])
def test_an_id_of_dots_asks_for_and_writes_no_other_page_of_the_source(
    id_: str,
) -> None:
    document = _undated()
    document["streams"]["deals"] |= {
        "one": {"path": "/deals/{id}", "record": "data"},
        "write": {"path": "/deals/{id}", "body": {"{field}": "{value}"}},
    }
    with running(lambda request: Reply(b"{}", 200)) as source:
        options = {"document": document, "allow_loopback": True, "timeout": 5}
        provider = RestProvider(ConnectionSettings(source.url, "{}", options))
        assert provider.read_one("deal", id_) is None
        with pytest.raises(ConfigurationProblem, match="no more"):
            provider.write("deal", id_, "commission", Decimal("1"))

    assert source.requests == []


def test_ids_that_are_too_long_for_a_field_are_not_cut_into_other_ids() -> None:
    ids = [f"{letter * 200}" for letter in "abc"]

    assert _listed(ids[:2]).value == ", ".join(ids[:2])
    assert _listed(ids).value == "" and "3 ids" in _listed(ids).problem


def test_a_workbook_takes_no_foreign_digits_for_a_number() -> None:
    book = workbook_of([Sheet("Rows", [["rate"], ["1\u0663"]], {0})])
    sheet = zipfile.ZipFile(io.BytesIO(book)).read("xl/worksheets/sheet1.xml").decode()

    assert "<v>" not in sheet
