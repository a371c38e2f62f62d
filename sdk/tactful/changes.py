"""What a centre tells an edge, line by line in the order of epochs, and what it answers to events. It sends nothing."""

from collections.abc import Mapping
from typing import Final, Literal

import attrs

from .consent import Consents
from .identity import Link
from .merging import Merge
from .profile import Snapshot

#: A line of changes with epochs of its own: what customers agreed to; or profiles, and who is who.
Line = Literal["consents", "profiles"]
LINES: Final[tuple[Line, ...]] = ("consents", "profiles")


@attrs.frozen(repr=False)
class Unlinked:
    """That an identifier stands for nobody any more: its name, and its value in clean form."""

    name: str
    value: str

    def __repr__(self) -> str:  # values are personal
        return f"<Unlinked {self.name}>"


@attrs.frozen
class Split:
    """That every merge in which a customer was named is undone."""


@attrs.frozen
class Erased:
    """That a customer was forgotten at the centre, with all that was known before a moment [us since 1970]."""

    at_us: int


#: What can change, by line. An erasure is told in both.
Told = Consents | Snapshot | Link | Unlinked | Merge | Split | Erased
TOLD_IN: Final[Mapping[Line, tuple[type, ...]]] = {
    "consents": (Consents, Erased),
    "profiles": (Snapshot, Link, Unlinked, Merge, Split, Erased),
}


@attrs.frozen(repr=False)
class Change:
    """
    One change at the centre; what it says is the whole truth of its kind, so that a second time changes nothing.

    Attributes:
        epoch: Its number in its line, 1 or more; no two changes of a line have the same.
        customer: Whom it concerns: the persistent customer id.
        told: What is so from now on.
    """

    epoch: int
    customer: str
    told: Told

    def __repr__(self) -> str:  # whom it concerns is personal
        return f"<Change {self.epoch} {type(self.told).__name__}>"


@attrs.frozen
class Changes:
    """
    A centre's answer: what has changed since an epoch.

    Attributes:
        changes: In rising epochs, all of them greater than the one that was asked after. Of changes that a later one
            has overtaken, the later one is enough.
        epoch: The newest epoch of the line; 0 before the first change.
        is_complete: Whether nothing newer was there when it answered.
        at_us: The centre's moment [us since 1970].
    """

    changes: tuple[Change, ...]
    epoch: int
    is_complete: bool
    at_us: int


@attrs.frozen(repr=False)
class Delivery:
    """
    A centre's answer to events; what it does not name is to be sent again.

    Attributes:
        accepted: The ids of those that are on record durably, now or since an earlier delivery.
        refused: The centre's code by the id of an event that it will never take.
    """

    accepted: frozenset[str]
    refused: Mapping[str, str] = attrs.field(factory=dict)

    def __repr__(self) -> str:  # ids can tell whom they concern
        return f"<Delivery {len(self.accepted)} accepted, {len(self.refused)} refused>"


@attrs.frozen
class Synced:
    """
    What one pass of an edge to its centre and back did.

    Attributes:
        consents: So many changes of consents came in.
        profiles: So many changes of profiles and identifiers came in.
        events: So many events arrived at the centre.
        errors: The codes of what failed, by part: "consents", "profiles", "events"; empty if all went well.
    """

    consents: int = 0
    profiles: int = 0
    events: int = 0
    errors: Mapping[str, str] = attrs.field(factory=dict)
