"""Two demos stand beside each other: each has a Close at a port of its own."""

from pathlib import Path

import pytest

from commissions_saas.demo import stand_in
from commissions_saas.demo.close_server.server import CloseServer
from commissions_saas.demo.close_server.store import Store
from commissions_saas.demo.management.commands.demo_close import _listen


def test_a_port_that_is_taken_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "close.db")
    first = CloseServer(store, host="127.0.0.1", port=0)
    monkeypatch.setattr(stand_in, "PORT", first.server_port)

    second = _listen(store)

    assert 0 < second.server_port - first.server_port < 20
    for server in (first, second):
        server.server_close()
    store.close()
