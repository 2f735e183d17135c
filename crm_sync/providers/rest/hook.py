"""How a declared source says by itself that something has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

BODY, TIMESTAMP, METHOD, ADDRESS = "body", "timestamp", "method", "address"
PARTS = (METHOD, ADDRESS, BODY, TIMESTAMP)
WHOLE_SOURCE = "all"


@dataclass(frozen=True, slots=True)
class Verify:
    """By what a delivery is believed."""

    kind: str = "none"  # standard | basic | hmac | none
    header: str = ""
    algorithm: str = "sha256"
    encoding: str = "hex"  # hex | base64
    key: str = "text"  # how the secret is written: text | hex | base64
    prefix: str = ""  # what stands before the signature
    parts: tuple[str, ...] = (BODY,)
    """What is signed, in its order; any text that is none of `PARTS` is itself."""
    timestamp: str = ""  # the header with the moment of signing


@dataclass(frozen=True, slots=True)
class Hook:
    """What a delivery holds, and what is done with it."""

    verify: Verify
    secret: str = ""
    """The name of a credential; without one the secret is made here."""
    events: str = ""  # where the list of events is; "": the body is one, or is the list
    event_id: str = ""
    object_id: str = ""
    object: str = ""  # where the source's word for the object is
    names: Mapping[str, str] = field(default_factory=dict)
    """That word to our object; `all`: the whole source is read again."""
    of: str = ""  # our object, where all events are of one
    action: str = ""
    deleted: tuple[str, ...] = ()
    at: str = ""
    takes: str = "read"  # read | body
    record: str = ""

    @property
    def says(self) -> str:
        """Return how a delivery is believed, for people."""
        verify = self.verify
        if verify.kind == "standard":
            return "Standard Webhooks, for 5 minutes"
        if verify.kind == "basic":
            return "client id and secret, as HTTP Basic"
        if verify.kind == "none":
            return "none: each delivery only asks to read again"
        window = ", for 5 minutes" if verify.timestamp else ""
        return f"{verify.header}: HMAC {verify.algorithm}{window}"


CLOSE = Verify(
    kind="hmac",
    header="close-sig-hash",
    key="hex",
    parts=(TIMESTAMP, BODY),
    timestamp="close-sig-timestamp",
)
HUBSPOT = Verify(
    kind="hmac",
    header="x-hubspot-signature-v3",
    encoding="base64",
    parts=(METHOD, ADDRESS, BODY, TIMESTAMP),
    timestamp="x-hubspot-request-timestamp",
)
