"""Several ids that are one customer: who stands for them, and what their records come to. It changes no record."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

import attrs

from .consent import FIRST_HAND, GIVEN, REFUSED, WEAKEST, Consent, Consents, ConsentState, How, speaks_over
from .profile import Snapshot

_EXPLICIT: Final = frozenset({How.EXPLICIT, How.DOUBLE_OPT_IN})
#: A purpose, and the one channel or None for all.
_Scope = tuple[str, str | None]


@attrs.frozen(repr=False)
class Merge:
    """A statement that two ids are one customer; the first one's stands for both from then on [us since 1970]."""

    customer: str
    other: str
    at_us: int

    def __repr__(self) -> str:  # ids are personal
        return f"<Merge at {self.at_us}>"


@attrs.frozen
class _Said:
    """What a scope's records come to so far; a firm no yields to an explicit yes alone."""

    record: Consent
    firm: bool = False

    def then(self, record: Consent) -> "_Said":
        if not speaks_over(record, self.record):
            return self
        explicit = record.state in GIVEN and record.how in _EXPLICIT
        if self.firm and not explicit and not record.refuses:
            return self
        return _Said(record, self.firm and not explicit)


class Merges:
    """
    Merges in the order of time, and what follows from them.

    >>> merges = Merges([Merge("ada", "a.lovelace", 1), Merge("ada", "countess", 2)])
    >>> merges.root("countess"), merges.members("countess")
    ('ada', ('ada', 'a.lovelace', 'countess'))
    >>> merges.without("ada").members("ada")
    ('ada',)
    """

    __slots__ = ("_members", "_merges", "_root")

    def __init__(self, merges: Iterable[Merge] = ()) -> None:
        self._merges = tuple(sorted(merges, key=lambda merge: merge.at_us))
        self._root: dict[str, str] = {}
        self._members: dict[str, list[str]] = {}
        for merge in self._merges:
            root, other = self.root(merge.customer), self.root(merge.other)
            if root != other:
                members = self._members.setdefault(root, [root])
                members += self._members.pop(other, [other])
                self._root.update(dict.fromkeys(members, root))

    def root(self, customer: str) -> str:
        """Return the id that stands for a customer."""
        return self._root.get(customer, customer)

    def members(self, customer: str) -> tuple[str, ...]:
        """Return all ids that are the same customer; the one that stands for them first."""
        root = self.root(customer)
        return tuple(self._members.get(root, (root,)))

    def __iter__(self) -> Iterator[Merge]:
        return iter(self._merges)

    def plus(self, other: "Merges", merge: Merge) -> "Merges":
        """Return the merges here and others with one that joins them; it is no older than any of them."""
        before = (*self, *other)
        at_us = max((merge.at_us, *(one.at_us for one in before)))
        return Merges(dict.fromkeys((*before, attrs.evolve(merge, at_us=at_us))))

    def without(self, customer: str) -> "Merges":
        """Return the merges in which an id is not named."""
        return Merges(merge for merge in self._merges if customer not in (merge.customer, merge.other))

    def snapshot(self, customer: str, kept: Mapping[str, Snapshot]) -> Snapshot | None:
        """
        Return the snapshots of all that is one customer as one: the newest observation of each attribute.

        It is as old as the oldest of them.

        Args:
            customer: Any of the ids.
            kept: Each id's own snapshot, as far as there is one.
        """
        members = self.members(customer)
        found = [kept[member] for member in members if member in kept]
        if len(members) == 1 or not found:
            return kept.get(customer)
        newest = dict(found[0].attributes)
        for snapshot in found[1:]:
            for name, observation in snapshot.attributes.items():
                if name not in newest or observation.at_us > newest[name].at_us:
                    newest[name] = observation
        at_us, epoch = min(one.at_us for one in found), max(one.epoch for one in found)
        return Snapshot(self.root(customer), at_us, newest, epoch)

    def consents(self, customer: str, kept: Mapping[str, Consents]) -> Consents | None:
        """
        Return the consents of all that is one customer as one: at each merge, the more careful of both.

        The records are replayed: each id's newest speaks until a merge; there any no wins, and stays until an
        explicit yes that is newer than the merge. They are as old as the oldest of them; where a host tells of some and
        others are first-hand, as the oldest that was told.

        Args:
            customer: Any of the ids.
            kept: Each id's own consents, as far as there are any.
        """
        members = self.members(customer)
        found = {member: kept[member] for member in members if member in kept}
        if len(members) == 1 or not found:
            return kept.get(customer)
        said = self._replay(members, found)
        records = sorted((one.record for one in said.values()), key=lambda r: (r.at_us, r.purpose, r.channel or ""))
        return Consents(tuple(records), *_known(found.values()))

    def _replay(self, members: tuple[str, ...], kept: Mapping[str, Consents]) -> dict[_Scope, _Said]:
        said: dict[str, dict[_Scope, _Said]] = {member: {} for member in members}
        records = [(record, member) for member, consents in kept.items() for record in consents.records]
        waiting = deque(sorted(records, key=lambda pair: pair[0].at_us))
        for merge in (one for one in self._merges if one.customer in said):
            while waiting and waiting[0][0].at_us <= merge.at_us:
                _say(said, *waiting.popleft())
            if said[merge.customer] is not said[merge.other]:
                together = _meet(said[merge.customer], said[merge.other])
                one, other = said[merge.customer], said[merge.other]
                said.update({member: together for member in members if said[member] is one or said[member] is other})
        while waiting:
            _say(said, *waiting.popleft())
        return said[members[0]]


def _known(consents: Collection[Consents]) -> tuple[int, int]:
    """Return when consents of several ids were all known to be true, and their epoch: one told makes all told."""
    told = [one for one in consents if not one.is_first_hand]
    if not told:
        return min(one.at_us for one in consents), FIRST_HAND
    # What is first-hand is true at any moment, unless a centre may know better, which has not heard of it.
    bounding = consents if any(one.is_from_centre for one in told) else told
    return min(one.at_us for one in bounding), min(max(one.epoch, 0) for one in consents)


def _say(said: Mapping[str, dict[_Scope, _Said]], record: Consent, member: str) -> None:
    scope = (record.purpose, record.channel)
    before = said[member].get(scope)
    said[member][scope] = _Said(record) if before is None else before.then(record)


def _meet(one: Mapping[_Scope, _Said], other: Mapping[_Scope, _Said]) -> dict[_Scope, _Said]:
    met = {**one, **other}
    for scope in one.keys() & other.keys():
        met[scope] = _Said(more_careful(one[scope].record, other[scope].record), one[scope].firm or other[scope].firm)
    return {scope: _Said(said.record, said.firm or said.record.refuses) for scope, said in met.items()}


def more_careful(one: Consent, other: Consent) -> Consent:
    """
    Return what two ids' records for the same scope come to: a no, else no yes, else the weaker yes, as the older ends.

    >>> yes = Consent("offers", ConsentState.GIVEN, How.EXPLICIT, at_us=9)
    >>> more_careful(yes, Consent("offers", ConsentState.WITHDRAWN, How.EXPLICIT, at_us=3)).state.name
    'WITHDRAWN'
    >>> more_careful(yes, Consent("offers", ConsentState.GIVEN, How.IMPLIED, at_us=3, until_us=5)).until_us
    5
    """
    first, second = sorted((one, other), key=lambda record: (_permits(record.state), -record.at_us))
    if first.state not in GIVEN or second.state not in GIVEN:
        return first
    weaker = min(one, other, key=lambda record: WEAKEST.index(record.how))
    return attrs.evolve(weaker, at_us=min(one.at_us, other.at_us), until_us=min(one.until_us, other.until_us))


def _permits(state: ConsentState) -> int:
    return 0 if state in REFUSED else 2 if state in GIVEN else 1
