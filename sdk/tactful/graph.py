"""An identity graph in memory: links, merges, and whom identifiers stand for. It has no lock of its own."""

import uuid
from collections.abc import Iterable, Mapping, Sequence

from .errors import UsageError
from .identity import Identifier, IdentityRules, Link
from .merging import Merge, Merges
from .profile import Identity

_UNMERGED = Merges()


class MemoryGraph:
    """Who is linked to which identifiers, and which ids are one customer."""

    __slots__ = ("_linked", "_links", "_merges", "_rules")

    def __init__(self, rules: IdentityRules) -> None:
        self._rules = rules
        self._links: dict[Identifier, dict[str, Link]] = {}
        self._linked: dict[str, dict[Identifier, None]] = {}
        self._merges: dict[str, Merges] = {}

    def merges(self, customer: str) -> Merges:
        """Return the merges through which a customer has several ids; none for most."""
        return self._merges.get(customer, _UNMERGED)

    def identify(self, identifiers: Mapping[str, str]) -> Identity | None:
        """Return whom identifiers stand for; None if unknown, or if they contradict each other."""
        return self._rules.identity(identifiers, self._standing_for, self._households)

    def link(
        self, identifiers: Mapping[str, str], customer: str | None, kind: str, confidence: float, at_us: int
    ) -> str:
        """Keep that identifiers stand for a customer; return the id that stands for the customer."""
        cleaned = self._rules.clean(identifiers)
        root = None if customer is None else self._root(customer)
        target = self._rules.target(cleaned, root, self._standing_for)
        customer = customer or target or uuid.uuid4().hex
        for link in [
            Link(*one, customer, kind, confidence, at_us) for one in cleaned if one[0] != self._rules.customer
        ]:
            one = (link.name, link.value)
            known = self._links.setdefault(one, {})
            if customer not in known or known[customer].confidence < confidence:
                known[customer] = link
            self._linked.setdefault(customer, {})[one] = None
        return self._root(customer)

    def unlink(self, identifiers: Mapping[str, str]) -> int:
        """Forget whom identifiers stand for; return how many links went."""
        gone = [link for one in self._rules.clean(identifiers) for link in self._links.pop(one, {}).values()]
        for link in gone:
            del self._linked[link.customer][link.name, link.value]
        return len(gone)

    def household(self, household: str) -> tuple[str, ...]:
        """Return the ids that stand for those who belong to a household and to no other, sorted."""
        names = [name for name, kind in self._rules.kinds.items() if kind == "household"]
        linked = {self._root(one) for name in names for one in self._links.get((name, household), ())}
        return tuple(sorted(root for root in linked if self._households(root) == {household}))

    def links(self, customer: str) -> Sequence[Link]:
        """Return the links of a customer and all that is merged with it, oldest first."""
        members = self.merges(customer).members(customer)
        found = [self._links[one][member] for member in members for one in self._linked.get(member, ())]
        return tuple(sorted(found, key=lambda link: (link.at_us, link.name, link.value, link.customer)))

    def merge(self, customer: str, other: str, at_us: int) -> str:
        """Keep that two ids are one customer; return the id that stands for both, which is the first one's."""
        if customer == other:
            raise UsageError("a customer cannot be merged with itself")
        merges = self.merges(customer).plus(self.merges(other), Merge(customer, other, at_us))
        self._regroup(merges, merges.members(customer))
        return merges.root(customer)

    def split(self, customer: str) -> Sequence[str]:
        """Undo every merge in which an id was named; return the ids that stand for themselves again."""
        merges = self.merges(customer)
        members = merges.members(customer)
        self._regroup(merges.without(customer), members)
        return tuple(dict.fromkeys(map(self._root, members)))

    def erase(self, customers: Iterable[str]) -> Mapping[str, int]:
        """Forget customers' links and merges; return how many links and how many merged ids went."""
        merged = links = 0
        for customer in customers:
            merged += self._merges.pop(customer, None) is not None
            for one in self._linked.pop(customer, ()):
                links += self._links[one].pop(customer, None) is not None
                if not self._links[one]:  # the identifier itself would lead to the customer
                    del self._links[one]
        return {"links": links, "merges": merged}

    def _root(self, customer: str) -> str:
        return self.merges(customer).root(customer)

    def _regroup(self, merges: Merges, members: Iterable[str]) -> None:
        for member in members:
            if merges.members(member) == (member,):
                self._merges.pop(member, None)
            else:
                self._merges[member] = merges

    def _standing_for(self, one: Identifier) -> set[str]:
        if one[0] == self._rules.customer:
            return {self._root(one[1])}
        links = self._links.get(one, {}).values()
        return {self._root(link.customer) for link in links if link.confidence >= self._rules.confidence_min}

    def _households(self, customer: str) -> set[str]:
        return {link.value for link in self.links(customer) if self._rules.tells_household(link)}
