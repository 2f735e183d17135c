"""A file that is far too large is refused in words, and never kept whole."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.test import Client, RequestFactory

from tenants.accounts.models import Business

MOST = 20_000_000


def sent(size: int, files: int = 1) -> list[int]:
    """Send files as somebody from outside may; return how much of each is kept."""
    content = b"x" * size
    data = {f"file{n}": SimpleUploadedFile("a.csv", content) for n in range(files)}
    request = RequestFactory().post("/account/login/", data)
    found = [one for one in request.FILES.values() if isinstance(one, UploadedFile)]
    return [len(one.read()) for one in found]


def test_no_more_of_a_file_is_kept_than_shows_that_it_is_too_large() -> None:
    (kept,) = sent(MOST + 5_000_000)

    assert MOST < kept <= MOST + 65_536


@pytest.mark.parametrize("size", [10, 3_000_000])
def test_other_files_come_whole(size: int) -> None:
    assert sent(size, files=2) == [size, size]


def test_a_page_says_that_a_file_is_too_large(acme: Business, boss: Client) -> None:
    file = SimpleUploadedFile("a.csv", b"id\n" + b"x" * MOST)

    answer = boss.post("/b/acme/connections/upload/", {"object": "deal", "file": file})

    assert answer.status_code == 422
    assert "The file is larger than 20 MB." in answer.content.decode()
    small = SimpleUploadedFile("a.csv", b"name\n" + b"x" * 2_000_000)
    answer = boss.post("/b/acme/products/upload/", {"file": small})
    assert "The file is larger than 2 MB." in answer.content.decode()
