"""Readers of the environment that refuse what they do not understand.

`.env.example` lists every name that is read here; a test compares the two.
"""

import base64
import binascii
import os
import re
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

names_read: set[str] = set()

YES = {"yes", "true", "on", "1"}
NO = {"no", "false", "off", "0"}


def text(name: str, default: str | None = None) -> str:
    """Return the value; without a default the name must be set."""
    names_read.add(name)
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"Set {name}; .env.example says what it is for.")
    return default


def yes_no(name: str, default: bool) -> bool:
    """Return a yes or a no, however it is commonly written."""
    value = text(name, "yes" if default else "no").lower()
    if value in YES | NO:
        return value in YES
    raise ImproperlyConfigured(f"{name} is {value!r}; write yes or no.")


def whole_number(name: str, default: int, *, least: int = 0, most: int = 10**9) -> int:
    """Return a whole number within its bounds."""
    value = text(name, str(default))
    if not re.fullmatch(r"[0-9]{1,10}", value) or not least <= int(value) <= most:
        raise ImproperlyConfigured(
            f"{name} is {value!r}; write a whole number from {least} to {most}."
        )
    return int(value)


def one_of(name: str, choices: tuple[str, ...], default: str) -> str:
    """Return one of the choices."""
    value = text(name, default)
    if value not in choices:
        raise ImproperlyConfigured(
            f"{name} is {value!r}; write {' or '.join(choices)}."
        )
    return value


def words(name: str, default: str = "") -> list[str]:
    """Return what stands between commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def web_address(name: str, default: str) -> str:
    """Return an address such as https://pay.example.com, without a slash at its end."""
    value = text(name, default).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path:
        raise ImproperlyConfigured(
            f"{name} is {value!r}; write https:// and a host, without a path."
        )
    return value


def keys(name: str, default: str) -> list[bytes]:
    """Return keys of 32 bytes, written in base64 with commas between them."""
    found = []
    for word in words(name, default):
        try:
            key = base64.b64decode(word, validate=True)
        except binascii.Error:
            key = b""
        if len(key) != 32:
            # The text itself is a secret and stays out of the message.
            raise ImproperlyConfigured(
                f"{name} must be keys of 32 bytes in base64, with commas between them."
            )
        found.append(key)
    return found


def database(name: str) -> dict[str, Any]:
    """Return Django's form of postgresql://user:password@host:port/name?host=folder."""
    address = text(name)
    parts = urlsplit(address)
    options = dict(parse_qsl(parts.query))
    database_name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in ("postgresql", "postgres") or not database_name:
        raise ImproperlyConfigured(
            f"{name} must look like postgresql://user:password@host:5432/name."
        )
    host = options.pop("host", parts.hostname or "")
    unknown = set(options) - {"sslmode", "sslrootcert", "connect_timeout"}
    if unknown:
        raise ImproperlyConfigured(f"{name} has unknown options: {sorted(unknown)}.")
    return {
        "NAME": database_name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "OPTIONS": dict(options),
    }


def redis(name: str) -> str:
    """Return redis://host:6379/0, rediss://… or unix:///path/to/socket?db=0."""
    address = text(name)
    parts = urlsplit(address)
    if parts.scheme in ("redis", "rediss") and parts.hostname:
        return address
    if parts.scheme == "unix" and parts.path.startswith("/"):
        return address
    raise ImproperlyConfigured(
        f"{name} must look like redis://host:6379/0 or unix:///path/to/socket?db=0."
    )


def mail(name: str, default: str) -> dict[str, Any]:
    """Return Django's mail settings for smtp://, smtps://, file:// or console:."""
    parts = urlsplit(text(name, default))
    backend = "django.core.mail.backends."
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": f"{backend}console.EmailBackend"}
    if parts.scheme == "file" and parts.path.startswith("/"):
        return {
            "EMAIL_BACKEND": f"{backend}filebased.EmailBackend",
            "EMAIL_FILE_PATH": parts.path,
        }
    if parts.scheme in ("smtp", "smtps") and parts.hostname:
        return {
            "EMAIL_BACKEND": f"{backend}smtp.EmailBackend",
            "EMAIL_HOST": parts.hostname,
            "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 587),
            "EMAIL_HOST_USER": unquote(parts.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
            "EMAIL_USE_SSL": parts.scheme == "smtps",
            "EMAIL_USE_TLS": parts.scheme == "smtp",
            "EMAIL_TIMEOUT": 20,
        }
    raise ImproperlyConfigured(
        f"{name} must be smtp://user:password@host:587, smtps://…, file:///folder"
        " or console:"
    )
