"""Answer as Close does, from what the demo has put there, until interrupted."""

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from commissions_saas.demo import stand_in
from commissions_saas.demo.close_server.server import CloseServer
from commissions_saas.demo.close_server.store import Store


class Command(BaseCommand):
    """manage.py demo_close"""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        """Take a free port and tell the demo's connections which."""
        store = Store(stand_in.store_file())
        server = _listen(store)
        stand_in.point_connections_at(stand_in.address(server.server_port))
        stand_in.point_links_at(f"http://localhost:{server.server_port}")
        signal.signal(signal.SIGTERM, _stop)
        self.stdout.write(f"Close is at http://localhost:{server.server_port}/")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            server.server_close()
            store.close()


def _listen(store: Store) -> CloseServer:
    for port in range(stand_in.PORT, stand_in.PORT + 20):
        try:
            return CloseServer(store, host="127.0.0.1", port=port)
        except OSError:
            continue
    raise CommandError(f"No port from {stand_in.PORT} on is free.")


def _stop(*_: object) -> None:
    raise KeyboardInterrupt
