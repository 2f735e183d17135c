"""Keys of other systems, sealed so that a dump of the database is worth nothing."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from crm_sync.connections.errors import CannotOpenSecret, NoEncryptionKey

_NONCE = 12


def seal(text: str, *, group_id: int, field: str = "secret") -> bytes:
    """Seal a text with the first encryption key, bound to its group and field."""
    keys: list[bytes] = settings.ENCRYPTION_KEYS
    if not keys:
        raise NoEncryptionKey
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(keys[0]).encrypt(
        nonce, text.encode(), _bound(group_id, field)
    )


def open_sealed(sealed: bytes, *, group_id: int, field: str = "secret") -> str:
    """Return the text; any of the keys may have sealed it, but for no other group."""
    data = bytes(sealed)
    if not data:
        return ""
    for key in settings.ENCRYPTION_KEYS:
        try:
            opened = AESGCM(key).decrypt(
                data[:_NONCE], data[_NONCE:], _bound(group_id, field)
            )
        except InvalidTag:
            continue
        return opened.decode()
    raise CannotOpenSecret


def _bound(group_id: int, field: str) -> bytes:
    return f"{group_id}|connections.Connection|{field}".encode()
