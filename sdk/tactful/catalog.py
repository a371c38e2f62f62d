"""All treatments of a policy in the order of worth, and sets of them. It knows no customer and no moment."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from heapq import merge
from typing import Final

import attrs

from .bitset import bits_of
from .errors import PluginError
from .labels import Labeller, Labels
from .limits import Scope
from .names import hint_for
from .offers import Intent, Offer, Treatment
from .pieces import in_pieces
from .policy import Policy
from .schema import Sensitivity
from .topics import TopicGraph

#: So many offers are sorted at once: a fraction of a millisecond.
_PIECE: Final = 250


@attrs.frozen
class Entry:
    """One treatment of one offer, with its index in the catalog and its labels."""

    index: int
    offer: Offer
    treatment: Treatment
    labels: Labels


class Catalog:
    """
    A policy's treatments, best offer first. It never changes.

    Help comes before the rest; then base worth decides, then the offer's id. Within an offer, the treatment
    with the greatest lift comes first, then the less familiar one, then the id.

    Attributes:
        policy: The policy.
        entries: The treatments; an entry's place is its index and its bit in a `Scope`.
        topics: The graph of topics.
        all: The scope of all treatments.
    """

    __slots__ = ("_labeller", "all", "entries", "policy", "topics")
    policy: Policy
    entries: tuple[Entry, ...]
    topics: TopicGraph
    all: Scope
    _labeller: Labeller

    def __init__(self, policy: Policy, entries: tuple[Entry, ...] | None = None) -> None:
        """
        Make a catalog.

        Args:
            policy: The policy.
            entries: Those of another catalog of the same policy, which need not be worked out anew.
        """
        labeller = Labeller(policy)
        made = _entries(policy, labeller) if entries is None else entries
        everything = Scope((1 << len(made)) - 1)
        parts = {"policy": policy, "entries": made, "topics": TopicGraph(policy.topics), "all": everything}
        for name, part in {**parts, "_labeller": labeller}.items():
            object.__setattr__(self, name, part)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a catalog does not change: {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a catalog does not change: {name}")

    def where(self, test: Callable[[Entry], bool]) -> Scope:
        """Return the scope of the treatments for which the test is true."""
        return Scope(bits_of(entry.index for entry in in_pieces(self.entries) if test(entry)))

    def topic(self, name: str) -> Scope:
        """
        Return the treatments whose offer is about a topic or one under it.

        Raises:
            PluginError: If the policy has no such topic: what limits nothing would look like a limit.
        """
        found = self.where(lambda entry: name in self.topics.above(entry.offer.topic))
        return found or _nothing_of("topic", name, [topic.name for topic in self.topics])

    def purpose(self, name: str) -> Scope:
        """
        Return the treatments whose offer has a purpose.

        Raises:
            PluginError: If the policy has no such purpose.
        """
        found = self.where(lambda entry: entry.offer.purpose == name)
        return found or _nothing_of("purpose", name, [purpose.name for purpose in self.policy.purposes])

    def intent(self, intent: Intent | str) -> Scope:
        """Return the treatments whose offer is for helping, informing or selling."""
        wanted = Intent(intent)
        return self.where(lambda entry: entry.offer.intent is wanted)

    def sensitivity(self, attribute: str) -> Sensitivity:
        """Return an attribute's sensitivity, with what it is derived from."""
        return self._labeller.sensitivity(attribute)

    def origins(self, attribute: str) -> frozenset[str]:
        """Return an attribute and all that it is derived from, however far round."""
        return self._labeller.origins(attribute)

    def reads(self, entry: Entry) -> frozenset[str]:
        """Return the variables that a treatment's rules and text read, through segments and derived attributes."""
        return self._labeller.reads(entry.offer, entry.treatment)

    @property
    def ranked_by(self) -> frozenset[str]:
        """The variables that rank every offer: the customer's affinities, and what these are derived from."""
        affinity = self.policy.ranking.affinity
        origins = frozenset[str]() if affinity is None else self._labeller.origins(affinity)
        return frozenset(f"profile.{name}" for name in origins)

    def by_offer(self) -> Mapping[str, Scope]:
        """Return the scope of each offer, by its id."""
        scopes: dict[str, Scope] = {}
        for entry in in_pieces(self.entries):
            scopes[entry.offer.id] = scopes.get(entry.offer.id, Scope()) | Scope(1 << entry.index)
        return scopes


def _nothing_of(what: str, name: str, declared: Sequence[str]) -> Scope:
    """Return an empty scope: of what the policy declares, and no offer has. A name that is not declared is refused."""
    if name not in declared:
        hint = hint_for(str(name), declared)
        raise PluginError(f"there is no {what} {name!r}" + (f"; {hint}" if hint else ""))
    return Scope()


def _in_order(offers: Sequence[Offer], key: Callable[[Offer], tuple[bool, float, str]]) -> Iterator[Offer]:
    """Yield offers in an order; sorted in pieces, as all at once is one long call in which no other thread runs."""
    starts = in_pieces(range(0, len(offers), _PIECE))
    return merge(*(sorted(offers[at : at + _PIECE], key=key) for at in starts), key=key)


def _entries(policy: Policy, labeller: Labeller) -> tuple[Entry, ...]:
    worth = policy.ranking.base_worth
    offers = _in_order(policy.offers, lambda o: (o.intent is not Intent.HELP, -worth(o), o.id))
    entries: list[Entry] = []
    shared: dict[Labels, Labels] = {}  # thousands of treatments have the same ones
    for offer in in_pieces(offers):
        found = [labeller.labels(offer, t) for t in offer.treatments]
        labelled = [(t, shared.setdefault(one, one)) for t, one in zip(offer.treatments, found, strict=True)]
        for treatment, labels in sorted(labelled, key=lambda tl: (-tl[0].lift, tl[1].tone, tl[0].id)):
            entries.append(Entry(len(entries), offer, treatment, labels))
    labeller.forget()
    return tuple(entries)
