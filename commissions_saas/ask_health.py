"""Asks the web server of this container whether it is up; for Docker's health check."""

import http.client
import sys

from commissions_saas import env


def main() -> int:
    """Return 0 where it answers; the host must be one that the settings allow."""
    host = env.web_address("SITE_URL", "http://localhost").split("/")[2]
    asking = http.client.HTTPConnection("127.0.0.1", 8000, timeout=4)
    asking.request("GET", "/healthz", headers={"Host": host})
    return 0 if asking.getresponse().status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
