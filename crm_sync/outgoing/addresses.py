"""Which addresses may be asked at all; names are checked by what they resolve to."""

from __future__ import annotations

import re
import socket
from enum import IntEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from crm_sync.contract import ConfigurationProblem

Address = IPv4Address | IPv6Address
USUAL_PORTS = (443,)


class Reach(IntEnum):
    """How far a call may go; only the operator decides on more than the first."""

    PUBLIC = 0
    LOOPBACK = 1
    PRIVATE = 2  # loopback, and the networks of an office or a cluster


class ForbiddenAddress(Exception):
    """A name leads to where no source may be; nothing was sent."""


# Of IPv4 all is open but these: private, shared, documentation, relays, metadata.
_CLOSED_4 = [
    IPv4Network(text)
    for text in [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    ]
]
# Of IPv6 only this is open, without what is closed in it: the forms that carry an IPv4
# address (compatible, NAT64, 6to4, Teredo) and the site's own are all outside or below.
_OPEN_6 = IPv6Network("2000::/3")
_CLOSED_6 = [
    IPv6Network(text)
    for text in (
        ["2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"]
    )
]
_LOOPBACK = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
_PRIVATE = (
    IPv4Network("10.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
    IPv6Network("fc00::/7"),
)
# Metadata of a cloud is nobody's source, whatever the operator allows.
_NEVER = (IPv6Network("fd00:ec2::/32"),)


def may_reach(address: Address, reach: Reach, *, encrypted: bool) -> bool:
    """Tell whether a call may go to an address; in the open only with encryption."""
    plain = _without_mapping(address)
    if _is_local(plain, reach):
        return True
    return encrypted and _is_public(plain)


def checked_base(
    text: str, *, reach: Reach, ports: tuple[int, ...] = USUAL_PORTS, example: str = ""
) -> str:
    """Return a base address with a slash at its end; refuse what is unsafe as written.

    A name is looked up only when a call is made, and checked then.
    """
    hint = f"It looks like {example}" if example else "It begins with https://"
    try:
        url = urlsplit(text.strip())
        port = url.port
    except ValueError:
        raise ConfigurationProblem("This is not a web address.", hint) from None
    host = url.hostname or ""
    if url.scheme not in ("https", "http"):
        raise ConfigurationProblem("The address of a source begins with https://", hint)
    if not re.fullmatch(r"[A-Za-z0-9.:_-]{1,253}", host):
        raise ConfigurationProblem("The address names no server.", hint)
    if url.username is not None or "@" in url.netloc or url.query or url.fragment:
        raise ConfigurationProblem(
            "The address may have no name, password, ? or # in it.", hint
        )
    if not re.fullmatch(r"[\x21-\x7e]*", url.path) or "\\" in url.path:
        raise ConfigurationProblem("The address has signs in it that none has.", hint)
    literal = _literal(host)
    local = literal is not None and _is_local(_without_mapping(literal), reach)
    if literal is not None and not local and not _is_public(_without_mapping(literal)):
        raise private_network()
    may_be_local = reach > Reach.PUBLIC and (literal is None or local)
    if url.scheme == "http" and not may_be_local:
        raise ConfigurationProblem("The address of a source begins with https://", hint)
    if port not in (None, *ports) and not may_be_local:
        raise ConfigurationProblem("Only the usual port of https can be used.", hint)
    return f"{url.scheme}://{url.netloc}{url.path.rstrip('/')}/"


def same_origin(base: str, url: str) -> bool:
    """Tell whether an address is of the same scheme, server and port as the base."""
    return _origin(base) == _origin(url)


def private_network() -> ConfigurationProblem:
    """Say that an address leads inside, without saying what is there."""
    return ConfigurationProblem(
        "The address of the connection cannot be used.",
        hint="It leads to a private network. Use the public address, or ask the"
        " operator whether ALLOW_PRIVATE_SOURCES may be set.",
    )


def _origin(text: str) -> tuple[str, str, int]:
    url = urlsplit(text)
    usual = 443 if url.scheme == "https" else 80
    return url.scheme, (url.hostname or "").rstrip("."), url.port or usual


def _is_local(address: Address, reach: Reach) -> bool:
    if any(address in network for network in _NEVER):
        return False
    if reach >= Reach.LOOPBACK and any(address in network for network in _LOOPBACK):
        return True
    return reach >= Reach.PRIVATE and any(address in network for network in _PRIVATE)


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_4)
    if address.scope_id is not None or address not in _OPEN_6:
        return False
    return not any(address in network for network in _CLOSED_6)


def _without_mapping(address: Address) -> Address:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _literal(host: str) -> Address | None:
    """Return the address that a host is, in any spelling that a resolver takes."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        # 127.1, 0177.0.0.1, 0x7f000001 and 2130706433 are all one address.
        return IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None
