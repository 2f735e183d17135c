"""People whom a file names and who are no payees here yet."""

from django.db import transaction

from crm_sync.connections.models import Upload
from crm_sync.connections.people_keys import payees_called
from crm_sync.connections.uploads import look_again, shown_preview
from crm_sync.ledger.changes import lock_changes
from crm_sync.ledger.models import Payee
from crm_sync.ledger.services import create_payee
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.schema import in_business


def payees_from_file(*, upload: Upload, business: Business, by: Member) -> list[Payee]:
    """Make a payee of everybody whom the file's refused rows name.

    Whoever is here twice stays refused: a third of them would settle nothing.
    """
    preview = shown_preview(upload=upload, business=business)
    strangers = preview.strangers if preview else []
    with in_business(business), transaction.atomic():
        lock_changes()  # pressed twice, the second one finds whom the first has made
        here = payees_called(strangers)
        made = [
            create_payee(
                name=name_of(who), email=who.lower() if "@" in who else "", by=by
            )
            for who in strangers
            if who not in here
        ]
    if made:
        look_again(upload=upload, business=business, by=by)
    return made


def name_of(who: str) -> str:
    """Return the name that an e-mail suggests: maya.okafor@… is Maya Okafor."""
    if "@" not in who:
        return " ".join(who.split())
    local = who.partition("@")[0]
    words = local.replace(".", " ").replace("_", " ").replace("-", " ").split()
    return " ".join(word[:1].upper() + word[1:] for word in words) or who
