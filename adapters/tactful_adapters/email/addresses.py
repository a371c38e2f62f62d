"""Addresses: one mailbox out of a text, or none. Nothing in them can begin another header or name another mailbox.

Domains in other letters than English ones travel in their ASCII form (IDNA); a local part in such letters needs a
server that speaks SMTPUTF8 (RFC 6531). Local parts in quotes are refused: hardly anybody has one, and much can hide
in them.
"""

import re
from email.errors import MessageError
from email.headerregistry import Address
from typing import Final

import tactful

try:
    import idna
except ImportError as error:
    raise tactful.ExtraMissing("e-mail", "email") from error

#: A local part, in bytes of UTF-8 (RFC 5321, 4.5.3.1.1).
LOCAL_MAX_BYTES: Final = 64
_DOMAIN_MAX_CHARS: Final = 253
#: A dot-atom of RFC 5322, with the letters of RFC 6532.
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff-]+"
_NAMED: Final = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]+)>|(?P<alone>[^<>]+)")
_LOCAL: Final = re.compile(rf"{_ATOM}(\.{_ATOM})*")


def mailbox(text: object) -> Address | None:
    r"""
    Return the mailbox that a text names, and nothing else; None if it names none, or anything beside it.

    >>> mailbox("ann@bücher.example").addr_spec
    'ann@xn--bcher-kva.example'
    >>> [mailbox(text) for text in ("ann", "ann@a.example, bob@b.example", "ann@a.example\nBcc: bob@b.example")]
    [None, None, None]
    """
    if not isinstance(text, str):
        return None
    local, at, domain = text.strip(" ").rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or not local.isprintable():
        return None
    if len(local.encode()) > LOCAL_MAX_BYTES:
        return None
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return None
    if "." not in ascii_domain or len(ascii_domain) > _DOMAIN_MAX_CHARS:
        return None
    return Address(username=local, domain=ascii_domain)


def sender_of(text: str) -> Address:
    """
    Return who writes, of `Corner Shop <letters@shop.example>` or the address alone.

    Raises:
        UsageError: If it is neither.
    """
    named = _NAMED.fullmatch(text) if text.isprintable() else None
    found = mailbox(named["address"] or named["alone"]) if named else None
    if found is None:
        raise tactful.UsageError("sender: write one address, as 'Corner Shop <letters@shop.example>'")
    try:
        name = ((named and named["name"]) or "").strip().strip('"')
        return Address(display_name=name, username=found.username, domain=found.domain)
    except (MessageError, ValueError):
        raise tactful.UsageError("sender: the name cannot stand in a header") from None


def needs_utf8(address: Address) -> bool:
    """Return whether only a server that speaks SMTPUTF8 can carry mail to an address."""
    return not address.addr_spec.isascii()
