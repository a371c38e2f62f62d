"""What stores tell of many customers at once, put together from what they keep of each id. It asks no store."""

from collections.abc import Iterable, Mapping, Sequence

from tactful import Consents, Contact

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
