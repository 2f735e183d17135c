"""What a hostile request must be answered by: a page below 500."""

from typing import Any

from django.test import Client


def check(client: Client, method: str, url: str, data: Any = None) -> int:
    answer = client.generic("GET", url) if method == "get" else client.post(url, data)
    assert answer.status_code < 500, (method, url[:200], str(data)[:200])
    if answer.status_code == 400:
        assert b"<h1" in answer.content, "a 400 says in a sentence what is wrong"
    return int(answer.status_code)
