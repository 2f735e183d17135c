"""`/healthz` and `/readyz` tell an operator what is up and what is not."""

import pytest
from django.core.cache import cache
from django.test import Client

from commissions_saas.celery import HEARTBEAT_KEY


@pytest.mark.django_db
def test_readyz_is_ready_when_a_worker_has_lately_given_word(client: Client) -> None:
    cache.set(HEARTBEAT_KEY, 1)

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ready",
        "database": "ok",
        "redis": "ok",
        "worker": "ok",
    }


@pytest.mark.django_db
def test_readyz_says_that_no_worker_answers(client: Client) -> None:
    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["worker"] == "down"


def test_healthz_asks_nothing_of_the_database(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "up"}


def test_pages_forbid_scripts_and_styles_inside_them(client: Client) -> None:
    policy = client.get("/healthz").headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
