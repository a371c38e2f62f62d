"""All that guardrails share, as bytes, so that it shows when one of them has changed it. It asks nobody.

It is made in pieces: to pickle is one call, in which no other thread can decide.
"""

import pickle
from typing import Final

import attrs

from .catalog import Entry
from .offers import Offer
from .pieces import in_pieces
from .policy import Policy

#: So many offers are in a piece: about a quarter of a millisecond.
_PIECE: Final = 16


@attrs.frozen(repr=False)
class Image:
    """
    A policy without its guardrails, and its catalog's entries; equal if they are.

    Attributes:
        rest: The policy without offers.
        pieces: Its offers in their order, each with its entries.
    """

    rest: bytes
    pieces: tuple[bytes, ...]

    def restored(self, policy: Policy) -> tuple[Policy, tuple[Entry, ...]]:
        """Return the policy and the entries as they were, with the guardrails of a policy."""
        found = [pair for piece in self.pieces for pair in pickle.loads(piece)]  # noqa: S301 - made in `image_of`
        rest = pickle.loads(self.rest)  # noqa: S301 - made in `image_of`
        entries = sorted((one for _, own in found for one in own), key=lambda entry: entry.index)
        offers = tuple(offer for offer, _ in found)
        return attrs.evolve(rest, offers=offers, guardrails=policy.guardrails), tuple(entries)


def image_of(policy: Policy, entries: tuple[Entry, ...]) -> Image:
    """Return what guardrails share; frozen things can be changed by those who mean to."""
    own: dict[int, list[Entry]] = {}
    for entry in in_pieces(entries):
        own.setdefault(id(entry.offer), []).append(entry)
    rest = attrs.evolve(policy, guardrails=(), offers=())
    starts = in_pieces(range(0, len(policy.offers), _PIECE))
    return Image(_bytes(rest), tuple(_piece(policy.offers[at : at + _PIECE], own) for at in starts))


def _piece(offers: tuple[Offer, ...], own: dict[int, list[Entry]]) -> bytes:
    return _bytes([(offer, own.pop(id(offer), [])) for offer in offers])


def _bytes(part: object) -> bytes:
    return pickle.dumps(part, pickle.HIGHEST_PROTOCOL)
