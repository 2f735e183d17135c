"""The file that an upload page was sent, and its text while the page goes on with it."""

from dataclasses import dataclass

from commissions_saas.lib.errors import ProductError
from crm_sync.providers.files.table import is_workbook, note_of, text_of_file
from tenants.access import MemberRequest

LARGEST = 2_000_000


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file as text, that of a workbook as CSV, and whether it was a workbook."""

    text: str
    was_workbook: bool
    note: str = ""
    """What a person must know of how it was read."""

    @property
    def content(self) -> bytes:
        """Return the text as a file."""
        return self.text.encode()

    @property
    def form(self) -> str:
        """Return what the file was, as pages pass it on."""
        return "xlsx" if self.was_workbook else "csv"


def sent_file(request: MemberRequest) -> SentFile:
    """Return the file that was sent, or the text of the one that was looked at."""
    file = request.FILES.get("file")
    if file is None:
        return SentFile(request.POST.get("text", ""), request.POST.get("was") == "xlsx")
    content: bytes = file.read(LARGEST + 1)
    _require_small(len(content))
    text = text_of_file(content)
    _require_small(len(text))
    return SentFile(text, is_workbook(content), note_of(content))


def _require_small(size: int) -> None:
    if size > LARGEST:
        raise ProductError("The file is larger than 2 MB.", hint="Split it.")
