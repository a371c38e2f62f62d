"""What stores tell of many customers at once, put together from what they keep of each id. It asks no store."""

from collections.abc import Iterable, Mapping, Sequence

from tactful import Consents, Contact, IdentityRules

#: All ids of those customers who have several, by customer.
Merged = Mapping[str, tuple[str, ...]]


def ids_of(customers: Sequence[str], merged: Merged) -> list[str]:
    """Return all ids of customers, each once."""
    return list(dict.fromkeys(id_ for one in customers for id_ in merged.get(one, (one,))))


def contacts_together(
    customers: Sequence[str], merged: Merged, found: Iterable[tuple[str, Contact]]
) -> Mapping[str, Sequence[Contact]]:
    """Return the contacts of customers under all their ids, oldest first; without those who have none."""
    histories: dict[str, list[Contact]] = {}
    for id_, contact in found:
        histories.setdefault(id_, []).append(contact)
    together = {}
    for one in customers:
        theirs = [contact for id_ in merged.get(one, (one,)) for contact in histories.get(id_, ())]
        if theirs:
            together[one] = tuple(sorted(theirs, key=lambda contact: contact.at_us))
    return together


def ids_meant(rules: IdentityRules, customers: Sequence[str]) -> dict[str, str]:
    """Return the ids that customers' ids mean, in the form in which they are kept; an empty one means nobody."""
    cleaned = ((one, rules.clean({rules.customer: one})) for one in customers)
    return {one: pairs[0][1] for one, pairs in cleaned if pairs}


def names_of_households(rules: IdentityRules) -> list[str]:
    """Return the names of identifiers that stand for households."""
    return [name for name, kind in rules.kinds.items() if kind == "household"]


def households_together(customers: Iterable[str], merged: Merged, found: Iterable[tuple[str, str]]) -> dict[str, str]:
    """
    Return the households of customers; without those who are in none, or in several.

    Args:
        customers: Their ids.
        merged: All ids of those who have several.
        found: Ids with the households to which they are linked surely enough.
    """
    told: dict[str, set[str]] = {}
    for id_, name in found:
        told.setdefault(id_, set()).add(name)
    together = ((one, {name for id_ in merged.get(one, (one,)) for name in told.get(id_, ())}) for one in customers)
    return {one: next(iter(names)) for one, names in together if len(names) == 1}


def members_together(households: Sequence[str], of: Mapping[str, str], merged: Merged) -> dict[str, tuple[str, ...]]:
    """Return all ids of those who belong to each household, given the household of each customer."""
    members: dict[str, list[str]] = {one: [] for one in households}
    for customer, name in sorted(of.items()):
        if name in members:
            members[name] += merged.get(customer, (customer,))
    return {one: tuple(ids) for one, ids in members.items()}


def consents_together(
    customers: Sequence[str], together: Mapping[str, Consents | None], own: Mapping[str, Consents]
) -> Mapping[str, Consents]:
    """
    Return the consents of customers; without those who are not known.

    Args:
        customers: Their ids.
        together: What all ids of a customer say together, for those who have several.
        own: What each id says.
    """
    found = ((one, together[one] if one in together else own.get(one)) for one in customers)
    return {one: theirs for one, theirs in found if theirs is not None}
