"""How much of a file that is sent is kept while it comes in."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler


class KeepLittle(FileUploadHandler):
    """Lets through as much of a file as shows that it is too large, and no more.

    Whoever sends it need not be logged in: the whole of it would fill the disk before
    any page could refuse it.
    """

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Pass a chunk on to what keeps it, or to nobody."""
        return raw_data if start <= settings.UPLOAD_LARGEST_FILE else None

    def file_complete(self, file_size: int) -> Any:
        """Leave the file to what keeps it."""
        return None
